/** What bounds all listeners of a machine or a namespace: source ports, UDP buffers, packets per CPU, conntrack, memory. */

import { formatListen } from '#common/parse.ts'
import { bytes } from '#common/quantities.ts'
import { perDay } from './evidence.ts'
import type { HostFinding, HostFound } from './finding.ts'
import { sysctl, whereOf } from './mend.ts'
import { duration, onADay, perSecond, plural, whole } from './words.ts'

const NEARLY = 0.8
/** Of the ports in use: so many are only kept. */
const MOST_WAIT = 0.5

export const sourcePorts: HostFinding = function* sourcePorts(host) {
  for (const space of host.namespaces) {
    const all = space.sourcePorts
    const worst = space.destinations.toSorted((a, b) => b.ports - a.ports)[0]
    if (all === undefined || worst === undefined || worst.ports < NEARLY * all) continue
    const waits = worst.timeWait >= MOST_WAIT * worst.ports
    const out = worst.ports >= all
    yield {
      code: waits ? 'time-wait-holds-ports' : 'no-source-port-left',
      severity: out ? 'critical' : 'warning',
      sure: 'certain',
      about: space,
      words: `${whole(worst.ports)} of ${whole(all)} source ports lead to ${formatListen({ host: worst.address, port: worst.port })}${waits ? `, ${whole(worst.timeWait)} of them in TIME_WAIT` : ''}: ${out ? 'connect() fails there with EADDRNOTAVAIL' : 'when they are used up, connect() fails there with EADDRNOTAVAIL'}.${waits ? ' Connections that are kept open and used again would need few.' : ''}`,
      evidence: { ports: worst.ports, of: all, time_wait: worst.timeWait },
      mends: [
        ...(all < 60_000 ? [sysctl('net.ipv4.ip_local_port_range', '1024 65535', whereOf(space))] : []),
        ...(waits ? [sysctl('net.ipv4.tcp_tw_reuse', 1, whereOf(space))] : []),
      ],
    }
  }
}

const FULL_SHARE = 0.8
const OFTEN = 100

export const udpQueues: HostFinding = function* udpQueues(host) {
  for (const space of host.namespaces)
    for (const udp of space.udp) {
      const now = udp.dropsPerSecond ?? 0
      const fills = udp.bytes >= FULL_SHARE * udp.limitBytes && udp.limitBytes > 0
      if (now === 0 && !fills && udp.drops === 0) continue
      const often = perDay(udp.drops, host.machine.uptimeMs ?? 0) >= OFTEN
      const severity: HostFound['severity'] = now > 0 || fills ? 'critical' : often ? 'warning' : 'note'
      // A few over months are nothing that anybody has to act on.
      if (severity === 'note' && perDay(udp.drops, host.machine.uptimeMs ?? 0) < 1) continue
      yield {
        code: 'udp-queue-overflows',
        severity,
        sure: 'certain',
        about: udp,
        words: `${plural(udp.drops, 'datagram')} met a full receive buffer ${host.overMs === undefined ? 'since the socket was bound' : `in the last ${duration(host.overMs)}`}${now > 0 ? `, ${perSecond(now)} a second now` : ', none now'}; it holds ${bytes(udp.bytes)} of ${bytes(udp.limitBytes)}. The process reads too slowly, or bursts are larger than the buffer.`,
        evidence: { drops: udp.drops, bytes: udp.bytes, limit_bytes: udp.limitBytes },
        mends: [
          {
            line: `setsockopt(fd, SOL_SOCKET, SO_RCVBUF, ${Math.max(1_048_576, udp.limitBytes * 2)})`,
            where: 'in its program',
            after: 'restart it',
          },
          sysctl('net.core.rmem_max', Math.max(1_048_576, udp.limitBytes * 2), whereOf(space)),
        ],
      }
    }
}

const CONNTRACK = 0.9

/** Each network namespace has a connection table of its own, whose limit only the first may set. */
export const connectionTables: HostFinding = function* connectionTables(host) {
  for (const space of host.namespaces) {
    const { conntrack, own } = space
    if (conntrack === undefined || conntrack.count < CONNTRACK * conntrack.most) continue
    yield {
      code: 'conntrack-full',
      severity: conntrack.count >= conntrack.most ? 'critical' : 'warning',
      sure: 'certain',
      about: own ? undefined : space,
      words: `The connection table of the firewall holds ${whole(conntrack.count)} of ${whole(conntrack.most)}: when it is full, packets of new connections are dropped, and no counter of TCP shows it.`,
      evidence: { count: conntrack.count, max: conntrack.most },
      mends: [sysctl('net.netfilter.nf_conntrack_max', conntrack.most * 2)],
    }
  }
}

const TCP_MEMORY = 0.9
/** Of all packets since boot, beyond which drops that have stopped are worth a word: a burst of once leaves fewer. */
const SOFTNET_SHARE = 1e-4

/** What all share. */
export const machineWide: HostFinding = function* machineWide({ machine }) {
  const { softnet, backlogPackets, tcpMemory, uptimeMs } = machine
  if (softnet !== undefined && softnet.dropped > 0) {
    const rate = softnet.droppedPerSecond ?? 0
    if (rate > 0 || softnet.dropped >= SOFTNET_SHARE * softnet.processed)
      yield {
        code: 'softnet-drops',
        severity: rate > 0 ? 'warning' : 'note',
        sure: 'certain',
        about: undefined,
        words: `${plural(softnet.dropped, 'packet')} found the queue of a CPU full and ${softnet.dropped === 1 ? 'was' : 'were'} dropped before TCP saw ${softnet.dropped === 1 ? 'it' : 'them'} since boot${onADay(softnet.dropped, uptimeMs)}${rate > 0 ? `, ${perSecond(rate)} a second now` : ', none now'}.`,
        evidence: { dropped: softnet.dropped, dropped_per_second: Math.round(rate) },
        mends: backlogPackets === undefined ? [] : [sysctl('net.core.netdev_max_backlog', backlogPackets * 4)],
      }
  }
  const { pressure, usedPages, highPages } = tcpMemory ?? {}
  const nearly = usedPages !== undefined && highPages !== undefined && usedPages >= TCP_MEMORY * highPages
  if (pressure === true || nearly)
    yield {
      code: 'tcp-memory-short',
      severity: nearly ? 'critical' : 'warning',
      sure: 'certain',
      about: undefined,
      words: `TCP is short of memory${usedPages === undefined || highPages === undefined ? '' : `: it uses ${whole(usedPages)} of ${whole(highPages)} pages`}. Windows shrink, and packets of connections that wait are thrown away. Look for connections with much unread (ss -tm), before net.ipv4.tcp_mem is raised.`,
      evidence: {
        ...(usedPages === undefined ? {} : { used_pages: usedPages }),
        ...(highPages === undefined ? {} : { high_pages: highPages }),
      },
      mends: [],
    }
}
