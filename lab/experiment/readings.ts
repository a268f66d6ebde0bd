/** Turns a recording into what an experiment's `expect` reads. Pure. */

import type { Connections, ListenerReadings, Readings, Series, Tally } from '#experiments/vocabulary/readings.ts'
import { fullName, type QueueCounter, tcp, tcpExt } from '#kernel/queue-counters.ts'
import type { LoadReport, Outcomes } from '#load/agent/api.ts'
import type { Boundary, Recording, StoryRecord } from './recording.ts'
import { distributionOf } from './statistics.ts'

export function readingsOf(recording: Recording): Readings {
  const { phases, boundaries, stories } = recording

  const place = (phase: string): number => {
    const found = phases.findIndex(({ name }) => name === phase)
    if (found < 0) throw new RangeError(`There is no phase '${phase}'`)
    return found
  }

  /** Something that grows, at each boundary. */
  const tally = (read: (boundary: Boundary) => number): Tally<string> => {
    const between = (first: number, last: number): number => {
      const [before, after] = [boundaries[first], boundaries[last]]
      return before === undefined || after === undefined ? Number.NaN : read(after) - read(before)
    }
    return {
      get total() {
        return between(0, boundaries.length - 1)
      },
      during: (phase) => between(place(phase), place(phase) + 1),
    }
  }

  const series = (atMs: readonly number[], values: readonly number[]): Series<string> => ({
    ...{ max: largest(values), min: smallest(values), last: values.at(-1) ?? Number.NaN },
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    during(phase) {
      const [from, to] = [boundaries[place(phase)]?.atMs, boundaries[place(phase) + 1]?.atMs]
      if (from === undefined || to === undefined) return series([], [])
      // The reading that a boundary asks for belongs to both sides: it is the first that begins then. One that begins
      // later still may, on a busy machine, see what has happened after the boundary.
      const before = atMs.filter((ms) => ms < from).length
      const end = atMs.filter((ms) => ms < to).length + 1
      return series(atMs.slice(before, end), values.slice(before, end))
    },
  })

  const counters = (host: 'counters' | 'clientCounters'): Record<QueueCounter, Tally<string>> => {
    const read = (name: QueueCounter): Tally<string> => tally((boundary) => boundary[host][fullName(name)] ?? 0)
    const all = [...tcp, ...tcpExt].map((name) => [name, read(name)])
    return Object.fromEntries(all) as Record<QueueCounter, Tally<string>>
  }

  const listener = (shard: number): ListenerReadings<string> => {
    const { listeners } = recording
    const rows = listeners.shard.flatMap((candidate, row) => (candidate === shard ? [row] : []))
    const column = (name: 'atMs' | 'length' | 'limit' | 'drops'): number[] => rows.map((row) => listeners[name][row]!)
    const [atMs, lengths, limits] = [column('atMs'), column('length'), column('limit')]
    return {
      length: series(atMs, lengths),
      limit: series(atMs, limits),
      drops: dropsOf(recording, shard, tally),
      peak: largest(lengths),
      fullMs: atMs.reduce(
        (sum, ms, row) => (row > 0 && lengths[row]! > limits[row]! ? sum + ms - atMs[row - 1]! : sum),
        0,
      ),
    }
  }

  const { connections, synQueue } = recording
  const halfOpen = new Set(recording.loads.flatMap(({ id, order }) => (order.kind === 'half-open' ? [id] : [])))
  const sumOfLoads = (loads: readonly LoadReport[]): number =>
    loads.reduce((sum, { id, started }) => (halfOpen.has(id) ? sum + started : sum), 0)

  return {
    result: Object.fromEntries(phases.map(({ name, result }) => [name, result])),
    listener,
    port: {
      synQueue: series(synQueue.atMs, synQueue.length),
      oldestWaitMs: series(connections.atMs, connections.oldestWaitMs),
      established: series(connections.atMs, connections.established),
      receiveBytes: series(connections.atMs, connections.receiveBytes),
      sendBytes: series(connections.atMs, connections.sendBytes),
      zeroWindows: series(connections.atMs, connections.zeroWindows),
    },
    counters: counters('counters'),
    clientCounters: counters('clientCounters'),
    clients: {
      ...connectionsOf(stories),
      synsSent: tally(
        ({ clientCounters }) => (clientCounters.Tcp_ActiveOpens ?? 0) + (clientCounters.TcpExt_TCPSynRetrans ?? 0),
      ),
      halfOpenSyns: tally(({ loads }) => sumOfLoads(loads)),
      startedIn(phase) {
        place(phase)
        return connectionsOf(stories.filter((story) => story.phase === phase))
      },
    },
    backend(number) {
      const status = ({ backends }: Boundary) => backends[number - 1]
      const last = boundaries.at(-1)
      const [before, after] = [boundaries[0] && status(boundaries[0]), last && status(last)]
      return {
        accepts: tally((boundary) => status(boundary)?.accepts ?? 0),
        responses: tally((boundary) => status(boundary)?.responses ?? 0),
        acceptsByProcess: (after?.processes ?? []).map(
          ({ pid, accepts }) => accepts - (before?.processes.find((earlier) => earlier.pid === pid)?.accepts ?? 0),
        ),
        cpuMs: tally((boundary) =>
          (status(boundary)?.processes ?? []).reduce((sum, { cpuSeconds }) => sum + cpuSeconds * 1000, 0),
        ),
        backlog: after?.listener?.backlog ?? Number.NaN,
      }
    },
    durationMs(phase) {
      const { beganMs, endedMs } = phases[place(phase)]!
      return endedMs - beganMs
    },
    sysctl(name) {
      const value = recording.sysctls[name]
      if (value === undefined) throw new RangeError(`The sysctl ${name} is not recorded`)
      return value === null ? Number.NaN : Number(value)
    },
  }
}

/** Drops of whatever sockets listened as this shard: a socket that comes anew starts at 0. */
function dropsOf(
  { boundaries }: Recording,
  shard: number,
  tally: (read: (boundary: Boundary) => number) => Tally<string>,
): Tally<string> {
  const soFar = new Map<Boundary, number>()
  let sum = 0
  let last: { cookie: string; drops: number } | undefined
  for (const boundary of boundaries) {
    const listener = boundary.listeners.find((candidate) => candidate.shard === shard)
    if (listener !== undefined) {
      sum += listener.cookie === last?.cookie ? listener.drops - last.drops : listener.drops
      last = listener
    }
    soFar.set(boundary, sum)
  }
  return tally((boundary) => soFar.get(boundary) ?? Number.NaN)
}

function connectionsOf(stories: readonly StoryRecord[]): Connections {
  const outcomes: Outcomes = {
    ...{ ok: 0, refused: 0, reset: 0, timedOut: 0, noPortLeft: 0, closedEarly: 0, failed: 0, abandoned: 0 },
  }
  for (const { outcome } of stories) outcomes[isOutcome(outcome, outcomes) ? outcome : 'failed']++
  const times = (read: (story: StoryRecord) => number | undefined): number[] =>
    stories.flatMap((story) => read(story) ?? [])
  return {
    count: stories.length,
    connected: stories.filter(({ connectedMs }) => connectedMs !== undefined).length,
    outcomes,
    connectMs: distributionOf(times(({ startedMs, connectedMs }) => connectedMs && connectedMs - startedMs)),
    acceptWaitMs: distributionOf(times(({ acceptWaitMs }) => acceptWaitMs)),
    acceptedAfterMs: distributionOf(times(({ startedMs, acceptedMs }) => acceptedMs && acceptedMs - startedMs)),
    firstByteMs: distributionOf(times(({ scheduledMs, firstByteMs }) => firstByteMs && firstByteMs - scheduledMs)),
    totalMs: distributionOf(
      times(({ scheduledMs, closedMs, outcome }) =>
        outcome === 'ok' && closedMs ? closedMs - scheduledMs : undefined,
      ),
    ),
    synRetransmits: stories.reduce((sum, { synRetransmits = 0 }) => sum + synRetransmits, 0),
    answeredBy: (backend) => connectionsOf(stories.filter((story) => story.backend === `backend-${backend}`)),
  }
}

const isOutcome = (word: string, outcomes: Outcomes): word is keyof Outcomes => Object.hasOwn(outcomes, word)

const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most), Number.NaN)
const smallest = (values: readonly number[]): number =>
  values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least), Number.NaN)
