/** Plays a scene in a lab, and gives what the kernel and the clients say of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import type { ConnectionRecord, LoadReport } from '#load/agent/api.ts'
import { SYN_SAMPLED_EVERY_MS } from '#planner/answer.ts'
import type { Stall } from '#planner/system.ts'
import { Unsettable } from '../driver.ts'
import { Lab } from '../lab.ts'
import { undisturbed } from '../undisturbed.ts'
import { acceptOverhead } from './calibrate.ts'
import type { LabScene } from './lab-scene.ts'
import { Watch } from './watch.ts'

/** Between the order and the first SYN: the time that the load agent has to make its schedule. */
const LEAD_MS = 300
/** As long as one load of half-open clients may take; a longer flood is several, one behind the other. */
const LONGEST_FLOOD_MS = 60_000

/** What a lab has shown. */
export interface LabRun {
  report: LoadReport
  /** In the order of their schedule; times count from the scene's zero. */
  records: ConnectionRecord[]
  /** Counters of the server's namespace, gained. */
  counters: Record<string, number>
  /** `number` is the lab's own, which `lengths` go by. */
  shards: { number: number; limit: number; peak: number; skDrops: number }[]
  synQueuePeak: number
  /** Every sampled length of the accept queues. */
  lengths: { atMs: number; shard: number; length: number }[]
  /** Whether clients were to leave requests half open. */
  flooded: boolean
  /** And of the SYN queue. */
  synLengths: { atMs: number; length: number }[]
  /** The stalls as they really were, by event loop. */
  stalls: Stall[][]
  /** What an accept costs beyond its delay, as it was before the scene. */
  acceptOverheadMs: number
  /** The same after the scene, where a server does not say itself what its accepts took. */
  acceptAfterMs?: number
  /** How long the processes of such a server waited for a CPU each time, on average; where the kernel tells. */
  heldUpMs?: number
}

/** Starts a lab for a scene, plays it, and takes the lab down. */
export async function playInLab(scene: LabScene): Promise<LabRun> {
  await using lab = await Lab.start({
    mode: scene.mode,
    backends:
      scene.mode === 'shared'
        ? [{ backlog: scene.backends[0]!.backlog, workers: scene.backends.length }]
        : scene.backends.map(({ backlog }) => ({ backlog })),
    sysctls: Object.fromEntries(Object.entries(scene.sysctls).filter(([name, value]) => atFirst[name] !== value)),
    sampleIntervalMs: scene.sampleEveryMs,
    synIntervalMs: SYN_SAMPLED_EVERY_MS,
    connectionsIntervalMs: 1000,
    cpuShare: 0.1,
    peakWindowMs: 600_000,
  })
  return await undisturbed(lab, new AbortController().signal, () => play(lab, scene))
}

/** What a lab has by default. Setting these may be impossible: some kernels hide them from ordinary users, or do not have them. */
const atFirst: Record<string, number> = { 'net.core.somaxconn': 4096, 'net.ipv4.tcp_migrate_req': 0 }

/** A kernel without linear timeouts behaves as if they were set to 0. */
async function setForClients(lab: Lab, name: string, value: number): Promise<void> {
  try {
    await lab.setSysctl(name, value, 'client')
  } catch (error) {
    if (!(error instanceof Unsettable) || name !== 'net.ipv4.tcp_syn_linear_timeouts' || value !== 0) throw error
  }
}

async function play(lab: Lab, scene: LabScene): Promise<LabRun> {
  const acceptOverheadMs = await acceptOverhead(lab, scene)
  const loops = scene.backends.map((_, i) => loopOf(lab, scene, i))
  for (const [i, loop] of loops.entries()) await loop.set({ acceptDelayMs: scene.backends[i]!.acceptDelayMs })
  await setForAllClients(lab, scene)
  if (scene.steering.by === 'random') await lab.backend(1).steer({ by: 'random', members: scene.backends.length })
  if (scene.steering.by === 'cpu') await lab.backend(1).steer({ by: 'cpu' })
  if (scene.steering.by === 'member') await lab.backend(1).steer({ by: 'member', member: scene.steering.member })
  return await perform(lab, scene, loops, acceptOverheadMs)
}

/** Sets what the clients' kernel is to do. */
export async function setForAllClients(lab: Lab, { clientSysctls }: LabScene): Promise<void> {
  for (const [name, value] of Object.entries(clientSysctls)) await setForClients(lab, name, value)
}

/** Plays the arrivals and troubles of a scene in a lab that is as the scene wants it. */
export async function perform(
  lab: Lab,
  scene: LabScene,
  loops: readonly LabLoop[],
  acceptOverheadMs: number,
): Promise<LabRun> {
  const before = await readingOf(lab)
  await using watch = new Watch(lab)
  const load = await lab.clients.start({
    kind: 'connections',
    arrivals: { shape: 'trace', atMs: Array.from(scene.arrivals, (atMs) => LEAD_MS + atMs) },
    timeoutMs: scene.clientTimeoutMs,
    records: true,
  })
  // The agent begins its schedule before it answers, by less than its lead.
  const zeroMs = monotonicMs() + LEAD_MS
  const flood = halfOpenAt(lab, scene, zeroMs)
  const troubles = loops.map((loop, i) => trouble(loop, scene.backends[i]!, zeroMs))
  const happened = await Promise.all(troubles)
  await flood
  const report = await load.done()
  const after = await readingOf(lab)
  await watch.stop()
  const records = (await load.records()).toSorted((a, b) => a.scheduledMs - b.scheduledMs)
  // The schedule's own zero, exactly: that of its first connection.
  const origin = (records[0]?.scheduledMs ?? zeroMs) - (scene.arrivals[0] ?? 0)
  return {
    report,
    records: records.map((record) => shifted(record, origin)),
    counters: Object.fromEntries(
      Object.entries(after.counters).map(([name, count]) => [name, count - (before.counters[name] ?? 0)]),
    ),
    shards: after.shards.map(({ drops, shard, limit }, i) => ({
      number: shard,
      limit,
      peak: watch.peaks.get(shard) ?? 0,
      skDrops: drops - (before.shards[i]?.drops ?? 0),
    })),
    synQueuePeak: watch.synQueuePeak,
    flooded: scene.halfOpen !== undefined,
    lengths: watch.lengths.map((sample) => ({ ...sample, atMs: sample.atMs - origin })),
    synLengths: watch.synLengths.map((sample) => ({ ...sample, atMs: sample.atMs - origin })),
    stalls: happened.map((stalls) =>
      stalls.map(({ fromMs, toMs }) => ({ fromMs: fromMs - origin, toMs: toMs - origin })),
    ),
    acceptOverheadMs,
  }
}

async function readingOf(lab: Lab) {
  const { namespaces } = await lab.look()
  const [namespace] = namespaces
  const own = (namespace?.listeners ?? []).filter(({ port }) => port === lab.plan.port)
  return {
    counters: namespace?.counters ?? {},
    shards: own.toSorted((a, b) => a.shard - b.shard),
  }
}

/** One event loop of a lab: a backend, or one of the processes that share a socket. */
export interface LabLoop {
  set(faults: { stalled: boolean } | { acceptDelayMs: number }): Promise<void>
  close(): Promise<void>
  open(): Promise<void>
}

function loopOf(lab: Lab, { mode }: LabScene, i: number): LabLoop {
  const backend = lab.backend(mode === 'shared' ? 1 : i + 1)
  return {
    set: (faults) => backend.set(faults, mode === 'shared' ? i : undefined),
    close: () => backend.close(),
    open: () => backend.open(),
  }
}

/** Stalls and absences of one loop, at their times; gives the stalls as they were. */
async function trouble(loop: LabLoop, plan: LabScene['backends'][number], zeroMs: number): Promise<Stall[]> {
  const happened: Stall[] = []
  const steps = [
    ...plan.stalls.flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, act: () => loop.set({ stalled: true }), is: 'begins' as const },
      { atMs: toMs, act: () => loop.set({ stalled: false }), is: 'ends' as const },
    ]),
    ...plan.absences.flatMap(({ fromMs, toMs }) => [
      // While it is stalled, so that it cannot accept a few more between the two.
      { atMs: fromMs - 0.001, act: () => loop.close(), is: 'other' as const },
      { atMs: toMs, act: () => loop.open(), is: 'other' as const },
    ]),
  ].sort((a, b) => a.atMs - b.atMs)
  for (const { atMs, act, is } of steps) {
    if (!Number.isFinite(atMs)) break
    await until(zeroMs + atMs)
    const askedMs = monotonicMs()
    await act()
    const momentMs = (askedMs + monotonicMs()) / 2
    if (is === 'begins') happened.push({ fromMs: momentMs, toMs: Number.POSITIVE_INFINITY })
    if (is === 'ends') happened.at(-1)!.toMs = momentMs
  }
  return happened
}

async function halfOpenAt(lab: Lab, { halfOpen }: LabScene, zeroMs: number): Promise<void> {
  if (halfOpen === undefined) return
  const { perSecond, forMs } = halfOpen
  for (let atMs = 0; atMs < forMs; atMs += LONGEST_FLOOD_MS) {
    await until(zeroMs + atMs)
    const durationMs = Math.ceil(Math.min(LONGEST_FLOOD_MS, forMs - atMs))
    const load = await lab.clients.start({ kind: 'half-open', ratePerSecond: perSecond, durationMs })
    await load.done()
  }
}

/** Timers are a millisecond coarse and late on a busy machine: the last bit is waited for awake. */
async function until(atMs: number): Promise<void> {
  const waitMs = atMs - monotonicMs() - 2
  if (waitMs > 0) await sleep(waitMs)
  while (monotonicMs() < atMs) await new Promise((resolve) => setImmediate(resolve))
}

function shifted(record: ConnectionRecord, origin: number): ConnectionRecord {
  const moments = ['scheduledMs', 'startedMs', 'connectedMs', 'acceptedMs', 'firstByteMs', 'closedMs'] as const
  const moved = { ...record }
  for (const name of moments) {
    const atMs = record[name]
    if (atMs !== undefined) moved[name] = atMs - origin
  }
  return moved
}
