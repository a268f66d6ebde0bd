/**
 * `npm run kernels`: has kernels of other versions run the unit tests that touch them, the exact features and experiments, each in
 * an emulated machine; keeps what was found in scripts/kernels/records/, and writes docs/kernels.md from all that is kept. With
 * words, only those kernels; `this` is the one that this machine runs. With --check it runs nothing, and fails if the page is not
 * what follows from the records.
 */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { sayFaults } from '#common/entry.ts'
import { describeError } from '#common/errors.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { parseDurationMs } from '#common/parse.ts'
import { duration, plural } from '#common/quantities.ts'
import { generated } from './generated.ts'
import { EXPERIMENT_MS, roundsOf, TESTS_MS, testFiles, usualExperiments, wantedOf } from './kernels/cases.ts'
import { type Ask, answersOf, machineHelp } from './kernels/machine.ts'
import { page } from './kernels/page.ts'
import { type Found, type KernelName, type Line, series, seriesOf, THIS } from './kernels/record.ts'
import { keep, records } from './kernels/records.ts'

const PAGE = 'docs/kernels.md'
const root = path.resolve(import.meta.dirname, '..')
/** What decides what a record is worth: the sources that the records were made of. */
const SOURCES = ['common', 'experiments', 'kernel', 'lab', 'load', 'services']

const grammar = {
  command: 'npm run kernels --',
  options: {
    check: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    machine: { type: 'string', path: 'file' },
    only: { type: 'string' },
    within: { type: 'string' },
  },
  words: 'kernels',
  offers: { words: [...series, THIS] },
} as const satisfies Grammar

const help = `Usage: npm run kernels -- [OPTION…] [KERNEL…]

Runs the tests of kernel/ that touch the kernel, the exact features and experiments on other kernels, keeps what was found in
scripts/kernels/records/, and writes ${PAGE}. KERNEL is one of ${series.join(', ')} (default: all), or this: the
kernel that this machine runs, without any emulated one.

  --machine COMMAND  boots an emulated machine (or SPILLWAY_KERNELS)
  --only NAME,…      only these: tests, exact, experiments; a file such as ${testFiles[0]}; an experiment
                     (default: tests,exact,experiments, that is ${usualExperiments.join(', ')})
  --within TIME      for the tests of a kernel, and for each of its experiments, which has 10 min by the clock of the machine (default ${duration(TESTS_MS)} and ${duration(EXPERIMENT_MS)})
  --page             asks nothing, and writes ${PAGE} from the records as they are
  --check            only whether ${PAGE} follows from the records
  --help             this text

${machineHelp}

Exit status: 0 all was judged or could not be, 1 something failed or did not come to its end, 2 nothing could be run.
`

sayFaults('kernels')
const given = readCommandLine(grammar, process.argv.slice(2), ({ values, positionals }) => ({
  check: values.check,
  asks: !values.check && !values.page,
  kernels: positionals.map((word) => oneOf('The kernel', word, [...series, THIS])),
  wanted: wantedOf(values.only),
  machine: values.machine ?? (process.env.SPILLWAY_KERNELS || undefined),
  withinMs:
    values.within === undefined
      ? undefined
      : parseDurationMs('--within', values.within, { min: 1000, max: 86_400_000 }),
}))
if (given === undefined) process.stdout.write(help)
else {
  if (given.asks) await askAll(given)
  generated(PAGE, page(records()), { check: given.check, by: 'kernels' })
}

type Given = NonNullable<typeof given>

async function askAll({ kernels, wanted, machine, withinMs }: Given): Promise<void> {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error(signal)))
  for (const kernel of kernels.length > 0 ? kernels : series)
    for (const { words, timeoutMs } of roundsOf(kernel, wanted, withinMs)) {
      if (interrupt.signal.aborted) return
      const timeoutS = Math.ceil(timeoutMs / 1000)
      await askOnce({ kernel, machine, words, timeoutS, signal: interrupt.signal })
    }
}

/** Whatever is found is kept at once: the rest of a machine's work may never come. */
async function askOnce(ask: Ask): Promise<void> {
  const { kernel, words, timeoutS } = ask
  const say = (text: string): boolean => process.stderr.write(`${kernel}: ${text}\n`)
  const left = new Set(words)
  let name: KernelName | undefined
  const take = (line: Line): void => {
    if (line.is === 'kernel') {
      const { is: _, ...its } = line
      name = its
      say(`${name.release} has booted; ${plural(words.length, 'thing')} to find out`)
      return
    }
    const { is: _, ...found } = line
    left.delete(found.part === 'exact' ? 'exact' : found.name)
    say(`${found.name}: ${found.outcome}${found.says.length === 0 ? '' : ` (${found.says.join('; ')})`}`)
    if (found.outcome === 'failed') process.exitCode = 1
    if (name !== undefined) keepFound(name, kernel !== THIS, found)
  }
  try {
    const answered = await answersOf(ask, take)
    if (answered === 'all' && left.size === 0) return
    say(`${[...left].join(', ')}: not at its end within ${duration(timeoutS * 1000)}`)
    process.exitCode = 1
  } catch (error) {
    if (ask.signal.aborted) return
    say(describeError(error))
    process.exitCode = 2
  }
}

function keepFound(name: KernelName, emulated: boolean, found: Found): void {
  const date = new Date().toISOString().slice(0, 10)
  keep({ series: seriesOf(name.release), emulated, ...name, rows: [{ ...found, date, commit: commitOf() }] })
}

function commitOf(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', ...SOURCES) !== ''
  return `${git('log', '-1', '--format=%h', '--abbrev=10', '--', ...SOURCES)}${changed ? '+' : ''}`
}
