import { bytes, number, percent, plural } from '#common/quantities.ts'
import { type Answer, answerOf, grantedWords } from '../answer.ts'
import { bytesOf, MEMORY_ERROR, memoryOfFullQueues } from '../memory.ts'
import { type Situation, socketsOf } from '../situation.ts'

/** Kernel memory that the queues hold when they are full. */
export function memoryQuestion(situation: Situation & { backlog: number }): Answer {
  const backlog = Math.min(situation.backlog, situation.somaxconn)
  const { sockets } = socketsOf(situation)
  const { acceptQueue, synQueue, tcpMemPages } = memoryOfFullQueues(backlog)
  const total = (acceptQueue + synQueue) * sockets
  return answerOf({
    question: `What do full queues cost with a backlog of ${number(situation.backlog)}?`,
    answer: [
      `${bytes(total)} of kernel memory, if the accept and SYN queues of ${plural(sockets, 'socket')} are all full.`,
      ...grantedWords(situation),
    ],
    table: {
      columns: ['', 'each', 'a socket', 'all sockets'],
      rows: [
        [
          'waiting, request has come',
          bytes(bytesOf.queuedWithRequest),
          bytes(acceptQueue),
          bytes(acceptQueue * sockets),
        ],
        [
          'waiting, silent',
          bytes(bytesOf.queuedSilent),
          bytes((backlog + 1) * bytesOf.queuedSilent),
          bytes((backlog + 1) * bytesOf.queuedSilent * sockets),
        ],
        ['half open', bytes(bytesOf.halfOpen), bytes(synQueue), bytes(synQueue * sockets)],
      ],
    },
    why: [
      `${sockets} × (N + 1 = ${number(backlog + 1)}) × (${bytesOf.queuedWithRequest} + ${bytesOf.halfOpen}) bytes.`,
      `A waiting connection with its request also counts one page against tcp_mem: ${number(tcpMemPages * sockets)} pages.`,
    ],
    howSure: [
      `Measured on Linux 6.18, x86-64: /proc/slabinfo before and after 4,000 connections that nobody accepts (TCP 2368 B, request_sock_TCP 320 B, skbuff_small_head 576 B and its head). Other kernels differ by up to ${percent(MEMORY_ERROR)}.`,
      'Requests longer than a packet add what the receive buffer takes (tcp_rmem), up to megabytes a connection.',
    ],
    data: {
      bytes: total,
      eachQueued: bytesOf.queuedWithRequest,
      eachHalfOpen: bytesOf.halfOpen,
      acceptQueue,
      synQueue,
      sockets,
    },
  })
}
