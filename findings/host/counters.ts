/** What only the counters of a namespace know: cookies, SYNs that were dropped, listeners that are no more. */
import { counted, gained, type HostEvidence, type NamespaceEvidence, perDay } from './evidence.ts'
import type { HostFinding, HostFound } from './finding.ts'
import { sysctl, whereOf } from './mend.ts'
import { moreBacklog } from './queues.ts'
import { duration, nameOf, onADay, perSecond, plural, whole } from './words.ts'

/** What moves now is a warning; what has moved before is worth knowing if it comes again and again. */
interface Told {
  count: number
  perSecond: number
  /** `12 since boot, 3 a second now` */
  words: string
}

/** A counter or a sum of some, unless it is nothing or too rare to tell. */
function told(host: HostEvidence, count: number, rate: number): Told | undefined {
  if (count <= 0) return undefined
  const { uptimeMs } = host.machine
  if (rate === 0 && perDay(count, uptimeMs ?? 0) < 1) return undefined
  const now = rate > 0 ? `, ${perSecond(rate)} a second now` : ', none now'
  return {
    count,
    perSecond: rate,
    words: `${whole(count)} ${host.overMs === undefined ? 'since boot' : `in the last ${duration(host.overMs)}`}${onADay(count, uptimeMs)}${now}`,
  }
}

const severityOf = ({ perSecond: rate }: Told): HostFound['severity'] => (rate > 0 ? 'warning' : 'note')

const of = (host: HostEvidence, space: NamespaceEvidence, name: string): Told | undefined =>
  told(host, counted(space, name), gained(space, host, name))

/** The listener whose SYN queue is the fullest. */
function fullest({ queues }: NamespaceEvidence): NamespaceEvidence['queues'][number] | undefined {
  const fill = ({ synQueue }: NamespaceEvidence['queues'][number]): number =>
    synQueue === undefined ? 0 : synQueue.length / (synQueue.limit + 1)
  const most = queues.filter(({ synQueue }) => synQueue !== undefined).toSorted((a, b) => fill(b) - fill(a))[0]
  return most !== undefined && fill(most) >= 0.5 ? most : undefined
}

export const synQueues: HostFinding = function* synQueues(host) {
  for (const space of host.namespaces) {
    const cookies = space.settings['net.ipv4.tcp_syncookies']
    const sent = of(host, space, 'TcpExt_TCPReqQFullDoCookies')
    const where = whereOf(space)
    if (sent !== undefined && cookies === 2)
      yield {
        code: 'syn-cookies-always',
        severity: 'warning',
        sure: 'certain',
        about: space,
        words: `tcp_syncookies is 2: every SYN is answered with a cookie (${sent.words}), no half-open request is ever stored, and options that a cookie cannot carry are lost. It is meant for tests.`,
        evidence: { cookies: sent.count, tcp_syncookies: 2 },
        mends: [sysctl('net.ipv4.tcp_syncookies', 1, where)],
      }
    else if (sent !== undefined) {
      const queue = fullest(space)
      const at =
        queue?.synQueue === undefined
          ? ''
          : ` Fullest now: that of ${nameOf(queue)} at port ${queue.port}, ${whole(queue.synQueue.length)} of ${whole(queue.synQueue.limit + 1)}.`
      yield {
        code: 'syn-cookies-hide-overflow',
        severity: severityOf(sent),
        sure: 'certain',
        about: space,
        words: `A SYN queue was full and the kernel sent cookies instead: ${sent.words}. No counter named Listen… shows this.${at} A flood of SYNs does it, or a backlog that is small for the round-trip time of the clients.`,
        evidence: { cookies: sent.count, cookies_per_second: Math.round(sent.perSecond) },
        mends: queue === undefined ? [] : moreBacklog(host, queue),
      }
    }
    const dropped = of(host, space, 'TcpExt_TCPReqQFullDrop')
    if (dropped !== undefined)
      yield {
        code: 'syn-queue-overflows',
        severity: dropped.perSecond > 0 ? 'critical' : 'note',
        sure: 'certain',
        about: space,
        words: `SYNs met a full SYN queue while syncookies were off, and were dropped: ${dropped.words}.`,
        evidence: { dropped: dropped.count, dropped_per_second: Math.round(dropped.perSecond) },
        mends: cookies === 0 ? [sysctl('net.ipv4.tcp_syncookies', 1, where)] : [],
      }
    yield* others(host, space)
  }
}

/** ListenDrops that are no overflow of any queue. */
function* others(host: HostEvidence, space: NamespaceEvidence): Generator<HostFound> {
  const names = ['TcpExt_ListenOverflows', 'TcpExt_TCPReqQFullDrop']
  const count = counted(space, 'TcpExt_ListenDrops') - names.reduce((sum, name) => sum + counted(space, name), 0)
  const rate =
    gained(space, host, 'TcpExt_ListenDrops') - names.reduce((sum, name) => sum + gained(space, host, name), 0)
  // The two files are read one after the other: a difference of one is none.
  const dropped = count < 2 ? undefined : told(host, count, Math.max(0, rate))
  if (dropped === undefined) return
  const off = space.settings['net.ipv4.tcp_syncookies'] === 0
  const most = space.settings['net.ipv4.tcp_max_syn_backlog'] ?? 0
  yield off
    ? {
        code: 'syn-backlog-reserved',
        severity: dropped.perSecond > 0 ? 'critical' : 'note',
        sure: 'likely',
        about: space,
        words: `SYNs were dropped although no queue was full: ${dropped.words}. With syncookies off the kernel keeps the last quarter of tcp_max_syn_backlog (${whole(most)}) for clients that it knows.`,
        evidence: { dropped: dropped.count, tcp_max_syn_backlog: most },
        mends: [
          sysctl('net.ipv4.tcp_syncookies', 1, whereOf(space)),
          sysctl('net.ipv4.tcp_max_syn_backlog', Math.max(4096, most * 4), whereOf(space)),
        ],
      }
    : {
        code: 'syns-dropped-otherwise',
        severity: severityOf(dropped),
        sure: 'certain',
        about: space,
        words: `SYNs were dropped although no queue was full: ${dropped.words} (ListenDrops beyond ListenOverflows). There is no route back to these clients, a security module refuses them, or memory was short.`,
        evidence: { dropped: dropped.count },
        mends: [],
      }
}

/** Overflows that no listener of today has counted: those that dropped them are gone. */
export const overflowsOfOthers: HostFinding = function* overflowsOfOthers(host) {
  for (const space of host.namespaces) {
    const drops = space.queues.reduce((sum, queue) => sum + (queue.drops ?? 0), 0)
    const overflows = of(host, space, 'TcpExt_ListenOverflows')
    // A dropped final ACK counts twice there, so some of the drops may be of it; what exceeds all of them is of others.
    if (overflows === undefined || drops >= overflows.count) continue
    const gone = overflows.count - drops
    yield {
      code: 'accept-queue-overflows-briefly',
      severity: 'note',
      sure: 'certain',
      about: space,
      words: `Accept queues overflowed: ${overflows.words}, and at least ${plural(gone, 'time')} at listeners that are no longer there: a server that was restarted, or closed its socket.`,
      evidence: { listen_overflows: overflows.count, drops_of_listeners: drops },
      mends: [],
    }
  }
}

/** RSTs to clients that believe they are connected. */
export const abortsOnOverflow: HostFinding = function* abortsOnOverflow(host) {
  for (const space of host.namespaces) {
    if (space.settings['net.ipv4.tcp_abort_on_overflow'] !== 1) continue
    const rate = gained(space, host, 'TcpExt_ListenOverflows')
    yield {
      code: 'final-acks-reset',
      severity: rate > 0 ? 'critical' : 'note',
      sure: 'certain',
      about: space,
      words: `tcp_abort_on_overflow is 1: a client whose final ACK meets a full accept queue gets an RST instead of another try${rate > 0 ? `, and queues overflow ${perSecond(rate)} times a second now` : ''}.`,
      evidence: { tcp_abort_on_overflow: 1, overflows_per_second: Math.round(rate) },
      mends: [sysctl('net.ipv4.tcp_abort_on_overflow', 0, whereOf(space))],
    }
  }
}
