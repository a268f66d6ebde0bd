/** Why a queue stands still or is full: what those who should accept are doing. */

import { percent } from '#common/quantities.ts'
import type { Server } from '../servers/server.ts'
import { isFull, type ProcessEvidence, type QueueEvidence } from './evidence.ts'
import type { HostFound, Mend } from './finding.ts'
import { poolOf, whereOf } from './mend.ts'
import { doubtOf, duration, nameOf, pidsOf, plural, whole } from './words.ts'

/** The same head of the queue at both looks, allowing for what separates the readings: its wait has grown by this share of the time. */
export const SAME_HEAD = 0.7
/** A wait that no healthy moment explains; of a full queue, that nobody was accepted between the looks is enough. */
const LONG_WAIT_MS = 1000
/** Of one core. */
const BUSY = 0.7

/**
 * Whether nobody has accepted between the looks although somebody waits: the first in line has got older by as long. The
 * kernel tells no waits of UNIX sockets, and shards share one number.
 */
export function standsStill(queue: QueueEvidence, apartMs: number): boolean {
  const { length, lengthBefore = 0, oldestWaitMs, oldestWaitBeforeMs, path } = queue
  if (length === 0 || lengthBefore === 0 || length < lengthBefore) return false
  if (path !== undefined) return length === lengthBefore && mayStandStill(queue)
  if (oldestWaitMs === undefined || oldestWaitBeforeMs === undefined) return false
  // Whoever has sent an RST keeps the place, and is in no list of connections.
  if (oldestWaitMs === 0) return oldestWaitBeforeMs === 0 && length === lengthBefore && mayStandStill(queue)
  const long = isFull(queue) ? Math.min(LONG_WAIT_MS, apartMs) : LONG_WAIT_MS
  return oldestWaitMs >= long && oldestWaitMs - oldestWaitBeforeMs >= SAME_HEAD * apartMs
}

/** `nobody seen`: nobody who could be looked into waits for connections; somebody who may hold the socket too could not be. */
export function whoWaits({
  acceptors,
  unseen,
}: Pick<QueueEvidence, 'acceptors' | 'unseen'>): 'somebody' | 'nobody' | 'nobody seen' | 'not known' {
  if (acceptors === undefined) return unseen === undefined ? 'not known' : 'nobody seen'
  return acceptors.length === 0 ? 'nobody' : 'somebody'
}

/** Whether nobody was seen to wait, whoever could not be looked into. */
export const sawNobody = (queue: QueueEvidence): boolean => ['nobody', 'nobody seen'].includes(whoWaits(queue))

const mayStandStill = (queue: QueueEvidence): boolean => {
  const { processes, host } = queue
  if (sawNobody(queue) || isFull(queue)) return true
  // Of another host it is not told what processes do: one client that waits all the time is no sign of anything.
  return accepting(queue).some(({ state }) => state === 'stopped') || (processes.length === 0 && host === undefined)
}

export interface Cause {
  code: 'stalled' | 'workers-exhausted' | 'nobody-accepts' | 'file-descriptors-used-up' | 'unknown'
  sure: HostFound['sure']
  /** A clause that goes on after a colon. */
  words: string
  mends: Mend[]
}

/** Those that wait for connections; where nobody does, or that cannot be known, all that hold the socket. */
function accepting({ acceptors, processes }: QueueEvidence): readonly ProcessEvidence[] {
  const waiting = processes.filter(({ pid }) => acceptors?.includes(pid) === true)
  return waiting.length > 0 ? waiting : processes
}

/** What keeps a queue that stands still from being emptied, as far as the processes tell. */
export function causeOf(queue: QueueEvidence): Cause {
  const { acceptors, processes, server } = queue
  const name = nameOf(queue)
  const nobodyWaits = whoWaits(queue) === 'nobody'
  const should = accepting(queue)
  const out = should.find(usedUp)
  const unseen = processes.every(({ state }) => state === undefined)
  // One that is stopped was waiting for connections, and still stands among those that do.
  if (out === undefined && unseen && nobodyWaits && server !== undefined) {
    const busy = allBusy(queue, server)
    if (busy !== undefined) return busy
  }
  if (out === undefined && unseen)
    return {
      code: nobodyWaits ? 'nobody-accepts' : 'unknown',
      sure: nobodyWaits ? sureThatNobody(queue) : 'certain',
      words:
        queue.host === undefined
          ? 'who should accept cannot be seen by this user: as root, the process would be named'
          : `${nobodyWaits ? `no process waits for connections at it${doubtOf(queue)}` : queue.path === undefined ? `${name} does not come back to accept()` : `${name} accepts too slowly, or nobody at all`}; spillway check on that host tells more`,
      mends: [],
    }
  const stopped = should.filter(({ state }) => state === 'stopped')
  if (stopped.length > 0 && (stopped.length === should.length || nobodyWaits || acceptors === undefined))
    return {
      code: 'stalled',
      sure: 'certain',
      words: `${name} (${plural(stopped.length, 'process', 'processes')}: ${pidsOf(stopped)}) is stopped by a signal, and accepts nothing until it is continued`,
      mends: [
        {
          line: `kill -CONT ${stopped.map(({ pid }) => pid).join(' ')}`,
          where: whereOf(queue),
          after: 'it goes on at once',
        },
      ],
    }
  if (out !== undefined)
    return {
      code: 'file-descriptors-used-up',
      sure: 'certain',
      words: filesWords(name, out),
      mends: filesMend(queue, out),
    }
  if (processes.every(({ command }) => command === 'systemd' || command === 'init'))
    return {
      code: 'nobody-accepts',
      sure: 'certain',
      words: 'systemd holds the socket, and the service that should accept does not run',
      mends: [
        { line: 'systemctl --failed; journalctl -e -u THE-SERVICE', where: whereOf(queue), after: 'start the service' },
      ],
    }
  const busiest = should.toSorted((a, b) => (b.cpuShare ?? 0) - (a.cpuShare ?? 0))[0]
  const busy = busiest !== undefined && computes(busiest) ? percent(busiest.cpuShare ?? 0) : undefined
  const exhausted =
    server !== undefined && (nobodyWaits || server.pool?.fills === 'requests')
      ? allBusy(queue, server, busy)
      : undefined
  if (exhausted !== undefined) return exhausted
  // Of a server that stops to wait when it has enough, whether it still does would tell the two apart.
  if (whoWaits(queue) === 'nobody seen' && server?.pool?.fills === 'connections' && busy === undefined)
    return {
      code: 'workers-exhausted',
      sure: 'possible',
      words: `${name} (${pidsOf(should)}) takes hardly any CPU time and was not seen to wait for connections: it has as many open as it may have, or something blocks it. Not known: whether anybody else waits${doubtOf(queue)}`,
      mends: poolOf(queue),
    }
  if (busiest?.state === 'runs' && (busiest.cpuShare ?? 0) < BUSY)
    return {
      code: 'stalled',
      sure: 'possible',
      words: `${name} (${pidsOf([busiest])}) wants to run and got ${busy ?? 'nothing'} of a core: it computes and does not come back to accept(), or this machine has no CPU time to spare`,
      mends: [],
    }
  if (busy !== undefined)
    return {
      code: 'stalled',
      sure: 'likely',
      words: `${name} (${pidsOf(should)}) computes (${busy} of a core) and does not come back to accept(): its loop is blocked. A larger backlog would only make clients wait longer`,
      mends: [],
    }
  if (nobodyWaits)
    return {
      code: 'nobody-accepts',
      sure: sureThatNobody(queue),
      words: `${name} holds the socket (${pidsOf(processes)}), and nobody waits for connections at it${doubtOf(queue)}: what should accept is busy with something else, or has ended`,
      mends: [],
    }
  if (whoWaits(queue) === 'nobody seen')
    return {
      code: 'nobody-accepts',
      sure: 'likely',
      words: `${name} holds the socket (${pidsOf(processes)}) and was not seen to wait for connections at it: what should accept is busy with something else, or has ended. Not known: whether anybody else waits${doubtOf(queue)}`,
      mends: [],
    }
  const device = should.some(({ state }) => state === 'waits for a device')
  return {
    code: 'stalled',
    sure: 'likely',
    words: `${name} (${pidsOf(should)}) ${device ? 'waits for a disk or another device' : 'takes hardly any CPU time'} and does not come back to accept(): ${device ? '' : 'something that it calls blocks its loop. '}A larger backlog would only make clients wait longer`,
    mends: [],
  }
}

/** The kernel says so of all who could be looked into. */
const sureThatNobody = ({ unseen }: QueueEvidence): HostFound['sure'] => (unseen === undefined ? 'certain' : 'likely')

/** A share of a core that says so; on a machine with no CPU to spare it gets less, and is found running all the same. */
const computes = ({ cpuShare = 0, state }: ProcessEvidence): boolean =>
  cpuShare >= BUSY || (state === 'runs' && cpuShare > 0)

/** Of a server that stops accepting while it has enough to do. `busy` is what share of a core one of its workers takes. */
function allBusy(queue: QueueEvidence, { name, pool }: Server, busy?: string): Cause | undefined {
  const { processes, accepted } = queue
  if (pool === undefined || pool.fills === 'refuses' || pool.fills === 'threads') return undefined
  // Masters hold the socket too, and serve nobody.
  const workers =
    processes.length === 0 ? '' : ` (${plural(Math.max(1, processes.length - 1), 'process', 'processes')})`
  return {
    code: 'workers-exhausted',
    sure: 'likely',
    words:
      pool.fills === 'requests'
        ? `all workers of ${name}${workers} are busy with requests that do not end, so nobody accepts${busy === undefined ? '' : `; one takes ${busy} of a core`}`
        : `${name} does not wait for connections at present${doubtOf(queue)}: it has as many open${accepted === undefined ? '' : ` (${whole(accepted)} here)`} as it may have`,
    mends: poolOf(queue),
  }
}

/** Without a free descriptor accept() fails, and what waits stays where it is. */
export const usedUp = ({ files }: ProcessEvidence): boolean =>
  files?.limit !== undefined && files.open >= files.limit - 1

export function filesWords(name: string, { pid, files }: ProcessEvidence): string {
  return `${name} (${pid}) has ${whole(files?.open ?? 0)} of ${whole(files?.limit ?? 0)} files open: accept() fails for want of a descriptor`
}

export function filesMend(queue: QueueEvidence, { pid, files }: ProcessEvidence): Mend[] {
  const more = Math.max(65_536, 4 * (files?.limit ?? 0))
  const own = queue.server?.files
  if (own?.counts === true) return [own.setting(more)]
  const now: Mend = { line: `prlimit --pid ${pid} --nofile=${more}`, where: whereOf(queue), after: 'in force at once' }
  if (own !== undefined) return [now, own.setting(more)]
  return queue.unit === ''
    ? [now]
    : [
        now,
        {
          line: `[Service] LimitNOFILE=${more}`,
          where: `by systemctl edit ${queue.unit}`,
          after: `systemctl restart ${queue.unit}`,
        },
      ]
}

/** `, the first for 12 s` */
export const firstFor = ({ oldestWaitMs }: QueueEvidence): string =>
  oldestWaitMs === undefined || oldestWaitMs === 0 ? '' : `, the first for ${duration(oldestWaitMs)}`
