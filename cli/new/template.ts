/** What a new experiment says before it is changed: short, true, and it passes. */

/** `reference` is the line that leads an editor to the types; empty where it finds them itself. */
export const template = (
  name: string,
  reference: string,
): string => `${reference}import { atLeast, equals, experiment, that } from 'spillway/vocabulary'

export default experiment({
  name: '${name}',
  teaches: 'A queue with backlog 4 holds 5 connections; the SYN of the next one is dropped and sent again a second later.',
  sources: ['tcp_conn_request() in the kernel, net/ipv4/tcp_input.c'],
  // The lab: one backend. Others are \`backends: 3\`, \`mode: 'shared'\`, \`sysctls: { 'net.ipv4.tcp_syncookies': 0 }\`.
  lab: { backends: [{ backlog: 4 }] },
  // What happens, in this order. Each phase ends when its function does.
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    burst: ({ clients }) => clients.burst({ connections: 20 }),
    release: ({ backend }) => backend(1).release(),
  },
  // What must then be true: a sentence, what was seen, and what it must be.
  expect: ({ listener, counters, clients }) => ({
    kernel: [that('the queue holds one more than its backlog', listener(1).peak, equals(5))],
    userspace: [
      that('every client is served in the end', clients.outcomes.ok, equals(20)),
      that('the other fifteen wait for their next SYN', clients.connectMs.number({ above: 900 }), atLeast(15)),
    ],
    both: [
      that('each SYN beyond the fifth is dropped', counters.ListenDrops.during('burst'), atLeast(clients.count - 5)),
    ],
  }),
})
`
