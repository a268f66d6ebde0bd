/** Connections past accept(), those of the dead in the queue, and who shares the work. */
import { sawNobody, standsStill, whoWaits } from './cause.ts'
import type { QueueEvidence } from './evidence.ts'
import { listensForMs } from './evidence.ts'
import type { HostFinding } from './finding.ts'
import { poolOf } from './mend.ts'
import { groups } from './queues.ts'
import { doubtOf, duration, nameOf, ofThatFit, onADay, pidsOf, plural, since, whole } from './words.ts'

const UNSERVED = 3
const UNSERVED_MS = 1000

/** io_uring's multishot accept, thread pools and stuck workers hide here. */
export const acceptedAndNeverRead: HostFinding = function* acceptedAndNeverRead(host) {
  for (const { group } of groups(host)) {
    const queue = group[0]
    const { connections = 0, oldestMs = 0 } = queue?.unserved ?? {}
    if (queue === undefined || connections < UNSERVED || oldestMs < UNSERVED_MS) continue
    const waiting = group.reduce((sum, { length }) => sum + length, 0)
    const fits = group.reduce((sum, { limit }) => sum + limit + 1, 0)
    yield {
      code: 'accepted-and-never-read',
      severity: 'critical',
      sure: 'likely',
      about: queue,
      who: queue.who,
      words: `${whole(connections)} connections are accepted and not served: nobody has read what their clients sent, for up to ${duration(oldestMs)}, while the accept queue holds ${whole(waiting)} of ${whole(fits)}. ${nameOf(queue)} is stuck, or all its workers are busy; with io_uring the kernel goes on accepting for a loop that stands still. No backlog changes it.`,
      evidence: {
        unserved: connections,
        oldest_ms: Math.round(oldestMs),
        ...(queue.accepted === undefined ? {} : { accepted: queue.accepted }),
      },
      mends: poolOf(queue),
    }
  }
}

const FEW_DEAD = 5
const DEAD_SHARE = 0.1

export const deadInTheQueue: HostFinding = function* deadInTheQueue(host) {
  for (const { group } of groups(host)) {
    const queue = group.toSorted((a, b) => b.length - a.length)[0]
    const length = group.reduce((sum, one) => sum + one.length, 0)
    const dead = queue?.hungUp ?? 0
    if (queue === undefined || dead < FEW_DEAD || dead < DEAD_SHARE * length) continue
    yield {
      code: 'dead-in-the-accept-queue',
      severity: 'warning',
      sure: 'certain',
      about: queue,
      who: queue.who,
      words: `${whole(length)} wait for accept(), and ${whole(dead)} of them have hung up and keep their places: ${nameOf(queue)} will accept these before anybody who came after them.`,
      evidence: { length, hung_up: dead },
      mends: [],
    }
  }
}

/** A socket of a group at which nobody waits: its share of the clients hangs. */
export const forsakenShards: HostFinding = function* forsakenShards(host) {
  for (const { group } of groups(host)) {
    if (group.length < 2) continue
    const forsaken = group.filter((queue) => isForsaken(queue) && !standsStill(queue, host.apartMs))
    if (forsaken.length === 0 || forsaken.length === group.length) continue
    const [first] = forsaken
    if (first === undefined || !group.some(({ acceptors }) => (acceptors?.length ?? 0) > 0)) continue
    yield {
      code: 'nobody-accepts',
      severity: 'warning',
      sure: forsaken.every((queue) => whoWaits(queue) === 'nobody') ? 'likely' : 'possible',
      about: first,
      who: first.who,
      words: `${forsaken.length === 1 ? `Nobody waits for connections at shard ${first.shard} of ${group.length}` : `Nobody waits for connections at ${forsaken.length} of ${group.length} shards`} (held by ${pidsOf(first.processes)})${doubtOf(first)}, while others do at theirs: the kernel still sends ${forsaken.length === 1 ? `one client in ${group.length}` : `${forsaken.length} clients in ${group.length}`} there, and they wait in vain.`,
      evidence: { forsaken: forsaken.length, shards: group.length },
      mends: [
        {
          line: `kill ${first.processes.map(({ pid }) => pid).join(' ')}`,
          where: 'if that is a process that is left over',
          after: 'its socket leaves the group',
        },
      ],
    }
  }
}

/**
 * Of a process that uses no CPU time, and a client waits at both looks: one that is busy with a request, or waits for a
 * database, comes back, and with an empty queue it is no different from one that has forgotten its socket.
 */
const isForsaken = (queue: QueueEvidence): boolean =>
  sawNobody(queue) &&
  queue.length > 0 &&
  (queue.lengthBefore ?? 0) > 0 &&
  queue.processes.length > 0 &&
  queue.processes.every(({ cpuShare, state }) => state === 'sleeps' && cpuShare !== undefined && cpuShare < 0.05)

/** Two programs with SO_REUSEPORT at one place, by accident: each gets clients of the other. */
export const strangers: HostFinding = function* strangers(host) {
  for (const { group } of groups(host)) {
    const names = new Map<string, QueueEvidence>()
    for (const queue of group) if (queue.who !== undefined && !names.has(queue.who)) names.set(queue.who, queue)
    const [first, ...others] = names.values()
    if (first === undefined || others.length === 0) continue
    // One that hands its socket on, or has started the other, is no stranger to it.
    const own = new Set(first.processes.map(({ pid }) => pid))
    const strange = others.filter(({ processes }) => !processes.some(({ pid }) => own.has(pid)))
    if (strange.length === 0) continue
    const all = [first, ...strange]
    const shares = all.map((queue) => {
      const sockets = group.filter(({ who }) => who === queue.who).length
      return `${nameOf(queue)} (${pidsOf(queue.processes)}) has ${plural(sockets, 'socket')}`
    })
    yield {
      code: 'stranger-on-the-port',
      severity: 'warning',
      sure: 'likely',
      about: first,
      who: undefined,
      words: `Different programs listen here with SO_REUSEPORT: ${shares.join(', ')}. The kernel spreads the clients over all of them, whichever program they mean.`,
      evidence: { programs: all.length, sockets: group.length },
      mends: [
        {
          line: `kill ${strange.flatMap(({ processes }) => processes.map(({ pid }) => pid)).join(' ')}`,
          where: 'if that is the one that does not belong here',
          after: 'its socket leaves the group',
        },
      ],
    }
  }
}

const ENOUGH_DROPS = 20
const MOST_OF_THEM = 0.8

/** One shard has dropped most of what all have. */
export const unevenShards: HostFinding = function* unevenShards(host) {
  for (const { group, space } of groups(host)) {
    if (group.length < 2 || group.some((queue) => standsStill(queue, host.apartMs))) continue
    if ((space.counters.TcpExt_ListenOverflows ?? 0) === 0) continue
    const drops = group.reduce((sum, queue) => sum + (queue.drops ?? 0), 0)
    const worst = group.toSorted((a, b) => (b.drops ?? 0) - (a.drops ?? 0))[0]
    if (worst?.drops === undefined || drops < ENOUGH_DROPS || worst.drops < MOST_OF_THEM * drops) continue
    const share = Math.round((worst.drops / drops) * 100)
    yield {
      code: 'shards-uneven',
      severity: 'warning',
      sure: 'certain',
      about: worst,
      who: worst.who,
      words: `Shard ${worst.shard} of ${group.length} has dropped ${plural(worst.drops, 'packet')} of the ${whole(drops)} that all have (${share} %) ${since(worst)}${onADay(worst.drops, listensForMs(worst))}; it holds ${ofThatFit(worst)} now. The kernel spreads clients evenly, so its process accepts more slowly than the others (${pidsOf(worst.processes)}).`,
      evidence: { shard_drops: worst.drops, drops, shards: group.length },
      mends: [],
    }
  }
}
