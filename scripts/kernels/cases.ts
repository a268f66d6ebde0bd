/** What is asked of each kernel. */
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { experiments } from '#experiments/catalogue.ts'
import { type Part, parts, THIS } from './record.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** Tests that ask no kernel anything: of bytes and words alone, or of files that they write themselves. */
const ofBytes = new Set([
  'kernel/address.test.ts',
  'kernel/cgroup-path.test.ts',
  'kernel/polled.test.ts',
  'kernel/sock-diag/mutation.test.ts',
  'kernel/sock-diag/parse.test.ts',
])

/** The unit tests of kernel/ that touch the kernel, by file. */
export const testFiles: readonly string[] = fs
  .globSync('kernel/**/*.test.ts', { cwd: root })
  .filter((file) => !ofBytes.has(file))
  .sort()

/**
 * Experiments that are run unless others are named: those whose outcome hangs on what kernels do differently, and that take no
 * longer than some minutes where a machine is emulated.
 */
export const usualExperiments: readonly string[] = [
  'small-backlog',
  'no-ack',
  'syn-queue-per-shard',
  'micro-burst',
  'final-ack-or-syn',
  'retry-staircase',
  'rolling-restart',
  'backlog-clamp',
]

/** What cannot be judged in an emulated machine, whatever kernel it has, and why. */
export const notEmulated: Readonly<Record<string, string>> = {
  'fork-shared':
    'who is woken depends on two CPUs at once, and the clock of the emulated machine is that of a single one',
  steering: 'clients are pinned to one of two CPUs, and the clock of the emulated machine is that of a single one',
}

/** One thing to find out. */
export interface Wanted {
  part: Part
  name: string
}

/**
 * What `--only` names: parts, files of tests, experiments. Without it all tests, the exact features and the usual experiments.
 * Throws a UsageError for what is none of them.
 */
export function wantedOf(only: string | undefined): Wanted[] {
  const words = only?.split(',').map((word) => word.trim()) ?? [...parts]
  const wanted = words.flatMap((word): Wanted[] => {
    if (word === 'exact') return [{ part: 'exact', name: 'exact' }]
    if (word === 'tests') return testFiles.map((name) => ({ part: 'tests', name }))
    if (word === 'experiments') return usualExperiments.map((name) => ({ part: 'experiments', name }))
    if (testFiles.includes(word)) return [{ part: 'tests', name: word }]
    if (experiments.some(({ name }) => name === word)) return [{ part: 'experiments', name: word }]
    const names = [...parts, ...testFiles, ...experiments.map(({ name }) => name)]
    throw new UsageError(
      `--only '${word}' is no part, no file of tests that touch the kernel and no experiment${orNearest(word, names)}`,
      `Name ${parts.join(', ')}, a file such as ${testFiles[0]}, or an experiment such as ${usualExperiments[0]}`,
    )
  })
  return [...new Map(wanted.map((one) => [`${one.part} ${one.name}`, one])).values()]
}

/** For all tests of a kernel, and for each of its experiments: an emulated machine takes so long beside other work. */
export const TESTS_MS = 30 * 60_000
export const EXPERIMENT_MS = 20 * 60_000

/** What is asked in one machine, and how long that may last. */
export interface Round {
  words: string[]
  timeoutMs: number
}

/**
 * The machines in which a kernel is asked: one for the tests and features, and one for all experiments, since what one of them has
 * compiled the next need not. `withinMs` is for the first, and for each experiment.
 */
export function roundsOf(kernel: string, wanted: readonly Wanted[], withinMs?: number): Round[] {
  const here = wanted.filter(({ name }) => kernel === THIS || !Object.hasOwn(notEmulated, name))
  const words = (played: boolean): string[] =>
    here.filter(({ part }) => (part === 'experiments') === played).map(({ name }) => name)
  const [others, experiments] = [words(false), words(true)]
  return [
    { words: others, timeoutMs: withinMs ?? TESTS_MS },
    { words: experiments, timeoutMs: (withinMs ?? EXPERIMENT_MS) * experiments.length },
  ].filter((round) => round.words.length > 0)
}
