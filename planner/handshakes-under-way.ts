/** Handshakes of honest clients take places in the SYN queue too: said in every answer in which they do not fit. */

import { duration, number, rate } from '#common/quantities.ts'
import { busiest } from './busiest.ts'
import { roomForRequests } from './closed/half-open.ts'
import { ratePerSecond, type Situation, socketsOf } from './situation.ts'

/** Nothing where those who are on their way between their SYN and their final ACK fit this backlog. */
export function underWayInWords(situation: Situation, backlog: number): string[] {
  const { arrivals, client, kernel, somaxconn } = situation
  if (kernel.syncookies === 2 || client.rttMs === 0) return []
  const { sockets } = socketsOf(situation)
  const most =
    arrivals.shape === 'recorded'
      ? busiest(arrivals.atMs, client.rttMs).count
      : (arrivals.ratePerSecond * client.rttMs) / 1000
  const room = roomForRequests({ backlog: Math.min(backlog, somaxconn), ...kernel })
  if (most / sockets <= room) return []
  const product =
    arrivals.shape === 'recorded'
      ? `${number(most)} SYNs come within one round trip of ${duration(client.rttMs)}`
      : `${rate(ratePerSecond(situation))} × ${duration(client.rttMs)} = ${number(most)} handshakes are under way`
  return [
    `${product}${sockets > 1 ? `, ${number(most / sockets)} at each socket` : ''}, and a SYN queue holds ${number(room)}: ${
      kernel.syncookies === 1
        ? 'the kernel answers the others with SYN cookies, and nobody loses a SYN by it. TCPReqQFullDoCookies rises without any attack.'
        : 'without cookies (tcp_syncookies=0) the kernel drops the SYNs of the others.'
    }`,
  ]
}
