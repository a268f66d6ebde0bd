/** Accept queues that are full, stand still or fill, and why. */
import { causeOf, filesMend, filesWords, firstFor, standsStill, usedUp } from './cause.ts'
import {
  type HostEvidence,
  isFull,
  listensForMs,
  type NamespaceEvidence,
  perDay,
  type QueueEvidence,
} from './evidence.ts'
import type { HostFinding, HostFound, Mend } from './finding.ts'
import { backlogOf, largerBacklog, poolOf, somaxconnFor } from './mend.ts'
import { duration, nameOf, ofThatFit, onADay, perSecond, plural, since, whole, whySo } from './words.ts'

const SMALL = 128

/** The queues of a namespace that share an address and a port, or a path. */
interface Group {
  group: readonly QueueEvidence[]
  space: NamespaceEvidence
}

export function groups(host: HostEvidence): readonly Group[] {
  const known = grouped.get(host)
  if (known !== undefined) return known
  const all = host.namespaces.flatMap((space) =>
    Array.from(
      Map.groupBy(space.queues, ({ path, address, port }) => path ?? `${address} ${port}`).values(),
      (group): Group => ({ group, space }),
    ),
  )
  grouped.set(host, all)
  return all
}
/** Every finding asks for them. */
const grouped = new WeakMap<HostEvidence, readonly Group[]>()

const numbers = (queue: QueueEvidence): HostFound['evidence'] => ({
  length: queue.length,
  limit: queue.limit,
  ...(queue.oldestWaitMs === undefined ? {} : { oldest_wait_ms: Math.round(queue.oldestWaitMs) }),
  ...(queue.drops === undefined ? {} : { drops: queue.drops }),
  ...(queue.dropsPerSecond === undefined ? {} : { drops_per_second: Math.round(queue.dropsPerSecond) }),
})

/** What a full queue does to clients, where it spills now. */
const harm = (queue: QueueEvidence): string => {
  if (!isFull(queue)) return ''
  if (queue.path !== undefined) return ', and connect() fails (EAGAIN) or blocks'
  const { dropsPerSecond = 0 } = queue
  return dropsPerSecond > 0
    ? `, and ${perSecond(dropsPerSecond)} packets a second are dropped`
    : ', and the next SYN is dropped'
}

/** Queues that nobody empties although somebody waits. */
export const stalls: HostFinding = function* stalls(host) {
  for (const { group } of groups(host)) {
    const still = group.filter((queue) => standsStill(queue, host.apartMs))
    const worst = still.toSorted((a, b) => b.length - a.length)[0]
    if (worst === undefined) continue
    const cause = causeOf(worst)
    const all = still.length === group.length
    const which =
      group.length === 1
        ? ''
        : all
          ? `All ${whole(group.length)} shards stand still. In shard ${worst.shard} `
          : `Shard ${worst.shard} of ${group.length} stands still while the others accept. In it `
    const code =
      worst.path !== undefined && isFull(worst)
        ? 'unix-socket-full'
        : cause.code === 'stalled'
          ? all
            ? 'all-shards-stalled'
            : 'one-shard-stalled'
          : cause.code === 'unknown'
            ? isFull(worst)
              ? 'accept-queue-overflows'
              : 'nobody-accepts'
            : cause.code
    yield {
      code,
      severity: 'critical',
      sure: cause.sure,
      about: worst,
      who: worst.who,
      words: `${which}${ofThatFit(worst)} wait${firstFor(worst)}${harm(worst)}: ${cause.words}.`,
      evidence: numbers(worst),
      mends: [...cause.mends, ...(worst.limit < SMALL && isFull(worst) ? moreBacklog(host, worst) : [])],
    }
  }
}

/** Full, or spilling, while somebody accepts. */
export const overflows: HostFinding = function* overflows(host) {
  for (const { group, space } of groups(host)) {
    const full = group.filter((queue) => isFull(queue) && !standsStill(queue, host.apartMs))
    const worst = full.toSorted((a, b) => (b.dropsPerSecond ?? 0) - (a.dropsPerSecond ?? 0))[0]
    if (worst === undefined) continue
    const small = worst.limit < SMALL
    const name = nameOf(worst)
    const which = group.length === 1 ? '' : `Shard ${worst.shard} of ${group.length} is full: `
    const seen = worst.processes.length > 0 || worst.host !== undefined ? '' : ' (this user may not see which process)'
    yield {
      code: worst.path === undefined ? 'accept-queue-overflows' : 'unix-socket-full',
      severity: 'critical',
      sure: 'certain',
      about: worst,
      who: worst.who,
      words: `${which}${ofThatFit(worst)} wait${firstFor(worst)}${harm(worst)}: clients arrive faster than ${name}${seen} accepts. The limit is ${whole(worst.limit)} because ${whySo(worst.setBy, worst.server?.name)}.`,
      evidence: numbers(worst),
      mends: small ? [...moreBacklog(host, worst), ...poolOf(worst)] : [...poolOf(worst), ...cutBack(space, worst)],
    }
  }
}

const settingsOf = (host: HostEvidence, queue: QueueEvidence): Readonly<Record<string, number>> =>
  host.namespaces.find(({ netns }) => netns === queue.netns)?.settings ?? {}

/** A larger backlog in the words of the server, and somaxconn first where that would cut it. */
export function moreBacklog(host: HostEvidence, queue: QueueEvidence): Mend[] {
  const wanted = largerBacklog(queue)
  return [...somaxconnFor(queue, wanted, settingsOf(host, queue)['net.core.somaxconn']), ...backlogOf(queue, wanted)]
}

/** Where somaxconn cut what was asked for, that much can be had at once. */
function cutBack({ settings }: NamespaceEvidence, queue: QueueEvidence): Mend[] {
  const { setBy } = queue
  if (setBy.by !== 'somaxconn') return backlogOf(queue, largerBacklog(queue))
  const wanted = setBy.asked ?? largerBacklog(queue)
  const raise = somaxconnFor(queue, wanted, settings['net.core.somaxconn'])
  return raise.length > 0 ? raise : backlogOf(queue, wanted)
}

/** Filling, or held up for long, without being full. */
const FILLS = 0.8
const LEAST_WAITING = 4
const NOTICED_MS = 500

export const filling: HostFinding = function* filling(host) {
  for (const { group } of groups(host)) {
    for (const queue of group) {
      if (isFull(queue) || standsStill(queue, host.apartMs) || queue.length < LEAST_WAITING) continue
      const nearly = queue.length >= FILLS * (queue.limit + 1)
      const long = (queue.oldestWaitMs ?? 0) >= NOTICED_MS && (queue.oldestWaitBeforeMs ?? 0) >= NOTICED_MS
      if (!nearly && !long) continue
      yield {
        code: nearly ? 'accept-queue-fills' : 'long-accept-wait',
        severity: 'warning',
        sure: 'certain',
        about: queue,
        who: queue.who,
        words: nearly
          ? `${ofThatFit(queue)} wait${firstFor(queue)}: a little more, and clients are turned away. ${nameOf(queue)} accepts more slowly than they come.`
          : `${ofThatFit(queue)} wait, the first for ${duration(queue.oldestWaitMs ?? 0)}: the clients believe they are connected, and ${nameOf(queue)} has not accepted them yet.`,
        evidence: numbers(queue),
        mends: [...poolOf(queue), ...(queue.limit < SMALL ? moreBacklog(host, queue) : [])],
      }
    }
  }
}

/** What a listener has dropped before, and is not dropping because it is full now. */
export const droppedBefore: HostFinding = function* droppedBefore(host) {
  for (const { group, space } of groups(host)) {
    // Without overflows in its namespace, a listener's drops are something else: RSTs, repeated SYNs, deferred accepts.
    const overflows = space.counters.TcpExt_ListenOverflows ?? 0
    if (overflows === 0) continue
    const dropped = group.filter(({ drops = 0 }) => drops > 0)
    const worst = dropped.toSorted((a, b) => (b.drops ?? 0) - (a.drops ?? 0))[0]
    if (worst === undefined || group.some((queue) => isFull(queue) || standsStill(queue, host.apartMs))) continue
    const drops = dropped.reduce((sum, queue) => sum + (queue.drops ?? 0), 0)
    const nowPerSecond = dropped.reduce((sum, { dropsPerSecond = 0 }) => sum + dropsPerSecond, 0)
    const forMs = listensForMs(worst)
    const often = nowPerSecond > 0 || perDay(drops, forMs ?? 0) >= 1
    const small = worst.limit < SMALL
    const now = nowPerSecond > 0 ? `, ${perSecond(nowPerSecond)} a second now` : ''
    yield {
      code: nowPerSecond === 0 && small ? 'backlog-small' : 'accept-queue-overflows-briefly',
      severity: nowPerSecond > 0 ? 'critical' : often ? 'warning' : 'note',
      // Other things move this counter too, and the namespace's does not say of which listener.
      sure: 'likely',
      about: worst,
      who: worst.who,
      words: `${plural(drops, 'packet')} of clients that connect ${drops === 1 ? 'was' : 'were'} dropped here ${since(worst)}${onADay(drops, forMs)}${now}: the queue was full for moments, and holds only ${whole(worst.limit + 1)} because ${whySo(worst.setBy, worst.server?.name)}. Each client that was dropped waited a second or longer.`,
      evidence: { ...numbers(worst), drops, listen_overflows_of_namespace: overflows },
      mends: moreBacklog(host, worst),
    }
  }
}

/** Descriptors of a process that accepts, before they are used up. */
const NEARLY_ALL = 0.9
export const descriptors: HostFinding = function* descriptors(host) {
  const said = new Set<number>()
  for (const { group } of groups(host))
    for (const queue of group)
      for (const one of queue.processes) {
        const { files, pid } = one
        if (said.has(pid) || files?.limit === undefined || files.open < NEARLY_ALL * files.limit) continue
        if (standsStill(queue, host.apartMs) && usedUp(one)) continue // it is the cause that is said there
        said.add(pid)
        yield {
          code: 'file-descriptors-used-up',
          severity: usedUp(one) ? 'critical' : 'warning',
          sure: 'certain',
          about: queue,
          who: queue.who,
          words:
            queue.server?.files?.counts === true && queue.server.pool?.fills === 'refuses'
              ? `${nameOf(queue)} (${pid}) has ${whole(files.open)} of ${whole(files.limit)} files open, which is as many as it has set itself for its clients: it accepts whoever comes beyond that, and closes at once. No queue shows it.`
              : usedUp(one)
                ? `${filesWords(nameOf(queue), one)}.`
                : `${nameOf(queue)} (${pid}) has ${whole(files.open)} of ${whole(files.limit)} files open: when they are used up, accept() fails and its queue fills.`,
          evidence: { open: files.open, limit: files.limit, pid },
          mends: filesMend(queue, one),
        }
      }
}
