/**
 * What sampling three listeners costs, as CPU time: the whole exporter against a C loop that sleeps and asks the kernel the same
 * questions as often, once a millisecond and every 10 ms. C does nothing with the answers, looks for no owners, keeps nothing and
 * serves nobody. Runs inside a network namespace of its own; prints its rows as JSON.
 * Usage: node sampling.ts C-PROGRAM|none quick|full
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { median } from '#common/quantile.ts'
import { states, wants } from '#kernel/sock-diag.ts'
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

type Kind = keyof Snapshot['sampler']['dumps']

/** The drops of listeners are read every so many ticks. */
const DROPS_EVERY = 10
const net4 = (name: string): string => `/proc/sys/net/ipv4/${name}`
const ofThread = (...names: string[]): string[] => names.map((name) => `/proc/thread-self/net/${name}`)
/**
 * What the exporter asks the kernel for each of the other kinds, in the words of sampler.c. Half-open requests are not dumped while
 * no segment has come. Connections are: the one that waits here gets older.
 */
const questions: Record<Exclude<Kind, 'listeners'>, string[]> = {
  synQueue: ofThread('snmp'),
  connections: [...ofThread('snmp'), `${states.connections}:${wants.info}`],
  counters: ofThread('netstat', 'snmp'),
  outgoing: [
    ...ofThread('snmp'),
    ...['ip_local_port_range', 'ip_local_reserved_ports', 'tcp_tw_reuse'].map(net4),
    `${states.connections}:0`,
  ],
  unix: ['unix'],
  udp: ofThread('sockstat', 'sockstat6'),
  limits: [
    '/proc/sys/net/core/somaxconn',
    ...['tcp_syncookies', 'tcp_max_syn_backlog', 'ip_local_port_range', 'tcp_mem'].map(net4),
    ...ofThread('sockstat', 'sockstat6', 'snmp6', 'protocols'),
  ],
}

/** A share of a core, ticks a second, and what C is to do in them. */
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
    const made = (kind: Kind): number => (after[kind]?.count ?? 0) - (before[kind]?.count ?? 0)
    const ofC = Object.entries(questions).flatMap(([kind, asked]) => {
      const every = Math.round(made('listeners') / made(kind as Kind))
      const there = asked.filter((what) => !what.startsWith('/') || fs.existsSync(what))
      return Number.isFinite(every) ? there.map((what) => `${what}=${Math.max(1, every)}`) : []
    })
    yield { share: cpuMs / elapsedMs, ticks: (made('listeners') / elapsedMs) * 1000, ofC }
  }
}

const cShare = async (...words: string[]): Promise<number> => Number((await run(program, words)).stdout)

const percents = (shares: readonly number[]): number => median(shares) * 100
const rows: Row[] = []
for (const intervalMs of [1, 10]) {
  const ours: Round[] = []
  const dumping: number[] = []
  const looking: number[] = []
  const sleeping: number[] = []
  const time = [String(seconds), String(intervalMs)]
  const drops = String(DROPS_EVERY)
  // In turn, round by round: whatever else the machine does slows both.
  for await (const round of exporterRounds(intervalMs)) {
    ours.push(round)
    if (program === 'none') continue
    dumping.push(await cShare(...time, 'dump', drops, ...round.ofC))
    looking.push(await cShare(...time, 'look', drops, ...round.ofC))
    sleeping.push(await cShare(...time))
  }
  const ofUs = `${percents(ours.map(({ share }) => share)).toPrecision(3)} % of a core, ${Math.round(median(ours.map(({ ticks }) => ticks)))} samples a second`
  const what = `exporter sampling every ${intervalMs} ms : C`
  if (program === 'none') {
    rows.push(notMeasured(what, `cc is missing; ${ofUs}`))
    continue
  }
  // For one tick: on a busy machine the exporter leaves out what it is late for, and C catches up.
  const timesC = (shares: readonly number[]): number =>
    median(ours.map(({ share, ticks }, round) => share / ticks / ((shares[round]! * intervalMs) / 1000)))
  rows.push({
    ...{ what: `${what}, a dump at each tick`, value: timesC(dumping), unit: '×', target: { most: MOST_TIMES_C } },
    note: `${ofUs}; C ${percents(dumping).toPrecision(3)} %, of which ${percents(sleeping).toPrecision(3)} % for waking up; the other kinds likewise in both`,
  })
  rows.push({
    ...{ what: `${what}, the same questions`, value: timesC(looking), unit: '×' },
    note: `C ${percents(looking).toPrecision(3)} %: nine ticks of ten ask for the known listeners alone`,
  })
}
console.log(JSON.stringify(rows))
waiting.destroy()
