/** Plays a scene in a lab, and gives what the kernel and the clients say of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import type { LoadReport, Story } from '#load/agent/api.ts'
import type { Backend } from '../../backend.ts'
import type { Driver } from '../../driver.ts'
import { Lab } from '../../lab.ts'
import type { Stall } from '../system.ts'
import type { LabScene } from './lab-scene.ts'
import { Watch } from './watch.ts'

/** Between the order and the first SYN: so long the load agent has to make its schedule. */
const LEAD_MS = 300
/** Connections that are served first: until its code is compiled a backend takes twice as long for each. */
const WARM_UP = { ratePerSecond: 500, durationMs: 2000 }
/** Connections that tell what an accept costs here, and the first of them that do not count. */
const CALIBRATION = 150
const SETTLING = 10

/** What a lab has shown. */
export interface LabRun {
  report: LoadReport
  /** In the order of their schedule; times count from the scene's zero. */
  stories: Story[]
  /** Counters of the server's namespace, gained. */
  counters: Record<string, number>
  shards: { peak: number; skDrops: number }[]
  synQueuePeak: number
  /** Every sampled length of the accept queues. */
  lengths: { atMs: number; shard: number; length: number }[]
  /** The troubles as they really were, by backend. */
  stalls: Stall[][]
  /** What an accept costs beyond its delay, as it was before the scene; NaN where none is delayed. */
  acceptOverheadMs: number
}

export async function playInLab(
  scene: LabScene,
  options: { driver?: Driver; signal?: AbortSignal } = {},
): Promise<LabRun> {
  await using lab = await Lab.start({
    ...options,
    mode: scene.mode,
    backends:
      scene.mode === 'shared'
        ? [{ backlog: scene.backends[0]!.backlog, workers: scene.backends.length }]
        : scene.backends.map(({ backlog }) => ({ backlog })),
    sysctls: scene.sysctls,
    sampleIntervalMs: 2,
    synIntervalMs: 20,
    connectionsIntervalMs: 1000,
    cpuShare: 0.1,
    peakWindowMs: 600_000,
  })
  const acceptOverheadMs = await acceptOverhead(lab, scene)
  for (const backend of lab.backends)
    await backend.set({ acceptDelayMs: scene.backends[backend.number - 1]!.acceptDelayMs })
  if (scene.dealing.by === 'random') await lab.backend(1).steer({ by: 'random', members: scene.backends.length })
  if (scene.dealing.by === 'cpu') await lab.backend(1).steer({ by: 'cpu' })
  if (scene.dealing.by === 'member') await lab.backend(1).steer({ by: 'member', member: scene.dealing.member })

  const before = await readingOf(lab)
  await using watch = new Watch(lab)
  const load = await lab.clients.start({
    kind: 'connections',
    arrivals: { shape: 'trace', atMs: Array.from(scene.arrivals, (atMs) => LEAD_MS + atMs) },
    timeoutMs: scene.clientTimeoutMs,
    stories: true,
  })
  // The agent begins its schedule before it answers, by less than its lead.
  const zeroMs = monotonicMs() + LEAD_MS
  const flood = halfOpenAt(lab, scene, zeroMs)
  const troubles =
    scene.mode === 'shared' ? [] : scene.backends.map((plan, i) => trouble(lab.backend(i + 1), plan, zeroMs))
  const happened = await Promise.all(troubles)
  await flood
  const report = await load.done()
  const after = await readingOf(lab)
  await watch.stop()
  const stories = (await load.stories()).toSorted((a, b) => a.scheduledMs - b.scheduledMs)
  // The schedule's own zero, exactly: that of its first connection.
  const origin = (stories[0]?.scheduledMs ?? zeroMs) - (scene.arrivals[0] ?? 0)
  return {
    report,
    stories: stories.map((story) => shifted(story, origin)),
    counters: Object.fromEntries(
      Object.entries(after.counters).map(([name, count]) => [name, count - (before.counters[name] ?? 0)]),
    ),
    shards: after.shards.map(({ drops, shard }, i) => ({
      peak: watch.peaks.get(shard) ?? 0,
      skDrops: drops - (before.shards[i]?.drops ?? 0),
    })),
    synQueuePeak: watch.synQueuePeak,
    lengths: watch.lengths.map((sample) => ({ ...sample, atMs: sample.atMs - origin })),
    stalls: happened.map((stalls) =>
      stalls.map(({ fromMs, toMs }) => ({ fromMs: fromMs - origin, toMs: toMs - origin })),
    ),
    acceptOverheadMs,
  }
}

/**
 * What an accept costs beyond its delay: lets a queue of connections be accepted one after the other and takes the time
 * between two accepts. NaN where no accept is delayed: the clients would be measured.
 */
async function acceptOverhead(lab: Lab, { mode, backends }: LabScene): Promise<number> {
  const slow = backends.findIndex(({ acceptDelayMs }) => acceptDelayMs > 0)
  if (slow === -1) return Number.NaN
  const { acceptDelayMs, backlog } = backends[slow]!
  const backend = lab.backend(slow + 1)
  await backend.relisten(CALIBRATION)
  if (mode === 'sharded') await lab.backend(1).steer({ by: 'member', member: slow })
  const warmUp = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'constant', ...WARM_UP } })
  await warmUp.done()
  await backend.stall()
  const load = await lab.clients.start({
    kind: 'connections',
    arrivals: { shape: 'burst', connections: CALIBRATION },
    stories: true,
  })
  await sleep(300)
  await backend.set({ acceptDelayMs })
  await backend.release()
  await load.done()
  if (mode === 'sharded') await lab.backend(1).steer({ by: 'hash' })
  await backend.relisten(backlog)
  // Of a shared socket several processes take their turns.
  const together = mode === 'shared' ? backends.length : 1
  return busyGapMs(await load.stories(), SETTLING) * together - acceptDelayMs
}

/** The mean time between two accepts of one backend, where the later one was waiting already. NaN if none was. */
export function busyGapMs(stories: readonly Story[], skip = 0): number {
  const byBackend = Map.groupBy(stories, ({ backend }) => backend)
  const gaps = [...byBackend].flatMap(([backend, own]) => {
    const accepted = own
      .flatMap(({ acceptedMs, acceptWaitMs = 0 }) =>
        acceptedMs === undefined ? [] : [{ acceptedMs, waited: acceptWaitMs }],
      )
      .toSorted((a, b) => a.acceptedMs - b.acceptedMs)
      .slice(skip)
    return backend === undefined
      ? []
      : accepted.slice(1).flatMap(({ acceptedMs, waited }, i) => {
          const gapMs = acceptedMs - accepted[i]!.acceptedMs
          return waited > gapMs ? [gapMs] : []
        })
  })
  return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
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

/** Stalls and absences of one backend, at their times; gives the stalls as they were. */
async function trouble(backend: Backend, plan: LabScene['backends'][number], zeroMs: number): Promise<Stall[]> {
  const happened: Stall[] = []
  const steps = [
    ...plan.stalls.flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, act: () => backend.stall(), is: 'begins' as const },
      { atMs: toMs, act: () => backend.release(), is: 'ends' as const },
    ]),
    ...plan.absences.flatMap(({ fromMs, toMs }) => [
      // While it stands still, so that it cannot accept a few more between the two.
      { atMs: fromMs - 0.001, act: () => backend.close(), is: 'other' as const },
      { atMs: toMs, act: () => backend.open(), is: 'other' as const },
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
  await until(zeroMs)
  const load = await lab.clients.start({
    kind: 'half-open',
    ratePerSecond: halfOpen.perSecond,
    durationMs: Math.ceil(halfOpen.forMs),
  })
  await load.done()
}

/** Timers are a millisecond coarse and late on a busy machine: the last bit is waited for awake. */
async function until(atMs: number): Promise<void> {
  const waitMs = atMs - monotonicMs() - 2
  if (waitMs > 0) await sleep(waitMs)
  while (monotonicMs() < atMs) await new Promise((resolve) => setImmediate(resolve))
}

function shifted(story: Story, origin: number): Story {
  const moments = ['scheduledMs', 'startedMs', 'connectedMs', 'acceptedMs', 'firstByteMs', 'closedMs'] as const
  const moved = { ...story }
  for (const name of moments) {
    const atMs = story[name]
    if (atMs !== undefined) moved[name] = atMs - origin
  }
  return moved
}
