/**
 * What sampling three listeners costs, as CPU time: the whole exporter against a C loop that sleeps and makes the same dumps,
 * once a millisecond and every 10 ms. Runs inside a network namespace of its own; prints its rows as JSON.
 * Usage: node sampling.ts C-PROGRAM|none quick|full
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { median } from '#common/quantile.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { Exporter } from './exporter-process.ts'
import { Held } from './held.ts'
import { cpuSecondsOfThreads } from './process-cost.ts'
import { notMeasured, type Row } from './rows.ts'

const [program = 'none', speed] = process.argv.slice(2)
const [rounds, seconds] = speed === 'quick' ? [3, 3] : [5, 8]
/** An exporter runs for months: what the first ten thousand ticks cost to compile is none of its cost. */
const WARM_MS = 10_000
/** What the runtime and all that is kept of the samples may cost. */
const MOST_TIMES_C = 1.3
const run = promisify(execFile)

await using _listeners = await Held.script('./listeners.ts', '127.0.0.1', '8080', '3')
// Somebody waits all the time: queues that stay empty are asked less often after a minute.
const waiting = net.connect(8080, '127.0.0.1')
await once(waiting, 'connect')

/** A share of a core, ticks a second, and how many ticks there are to each of the other dumps that C makes as well. */
interface Round {
  share: number
  ticks: number
  ofC: string[]
}

/** The whole process is counted: the sampler thread, what stands around it, and nothing else, since this one waits. */
async function* exporterRounds(sampleIntervalMs: number): AsyncGenerator<Round> {
  await using exporter = await Exporter.start('--sample-interval', `${sampleIntervalMs}ms`)
  const dumps = async (): Promise<Snapshot['sampler']['dumps']> =>
    (JSON.parse(await exporter.get('/snapshot')) as Snapshot).sampler.dumps
  await sleep(WARM_MS)
  for (let round = 0; round < rounds; round++) {
    const before = await dumps()
    const cpuBefore = cpuSecondsOfThreads(exporter.pid)
    const begin = performance.now()
    await sleep(seconds * 1000)
    const elapsedMs = performance.now() - begin
    const cpuMs = (cpuSecondsOfThreads(exporter.pid) - cpuBefore) * 1000
    const after = await dumps()
    const made = (kind: keyof typeof after): number => (after[kind]?.count ?? 0) - (before[kind]?.count ?? 0)
    const every = (kind: keyof typeof after): string => String(Math.round(made('listeners') / made(kind)))
    yield {
      share: cpuMs / elapsedMs,
      ticks: (made('listeners') / elapsedMs) * 1000,
      ofC: [every('synQueue'), every('unix')],
    }
  }
}

const cShare = async (...words: string[]): Promise<number> => Number((await run(program, words)).stdout)

const percents = (shares: readonly number[]): number => median(shares) * 100
const rows: Row[] = []
for (const intervalMs of [1, 10]) {
  const ours: number[] = []
  const ticks: number[] = []
  const dumping: number[] = []
  const sleeping: number[] = []
  // In turn, round by round: whatever else the machine does slows both.
  for await (const round of exporterRounds(intervalMs)) {
    ours.push(round.share)
    ticks.push(round.ticks)
    if (program === 'none') continue
    dumping.push(await cShare(String(seconds), String(intervalMs), ...round.ofC))
    sleeping.push(await cShare(String(seconds), String(intervalMs)))
  }
  const ofUs = `${percents(ours).toPrecision(3)} % of a core, ${Math.round(median(ticks))} samples a second`
  const ratio = `exporter sampling every ${intervalMs} ms : C, same dumps`
  if (program === 'none') {
    rows.push(notMeasured(ratio, `cc is missing; ${ofUs}`))
    continue
  }
  const note = `${ofUs}; C ${percents(dumping).toPrecision(3)} %, of which ${percents(sleeping).toPrecision(3)} % for waking up`
  // For one tick: on a busy machine the exporter leaves out what it is late for, and C catches up.
  const times = median(ours.map((share, round) => share / ticks[round]! / ((dumping[round]! * intervalMs) / 1000)))
  rows.push({ what: ratio, value: times, unit: '×', target: { most: MOST_TIMES_C }, note })
}
console.log(JSON.stringify(rows))
waiting.destroy()
