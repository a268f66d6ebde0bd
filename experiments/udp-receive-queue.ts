import { fileURLToPath } from 'node:url'
import { atLeast, atMost, between, deck, equals, experiment, fact, that } from './vocabulary.ts'

const PORT = 5300
const DATAGRAMS = 300
const DATAGRAM_BYTES = 100
const ASKED_BYTES = 8192

const idle = fileURLToPath(new URL('./probes/idle-socket.ts', import.meta.url))
const send = fileURLToPath(new URL('./probes/send-datagrams.ts', import.meta.url))

export default experiment({
  name: 'udp-receive-queue',
  teaches:
    'A UDP socket has one queue and no flow control: what arrives while it is full is dropped, and nobody is told. The kernel counts it, for the socket and for its namespace. The limit is one of memory, and a small datagram takes several times its own size: a buffer of 16 KiB holds about twenty of 100 bytes.',
  sources: [
    deck('a send queue and a receive queue for each connection'),
    fact('udp-sockets'),
    '__udp_enqueue_schedule_skb()',
  ],
  needs: { server: ['sockets of its own'], namespaces: 'another server listens beside the backends' },
  lab: { backends: [] },
  phases: {
    bind: async ({ run, until, sharedPort }) => {
      await run(['node', idle, 'udp', sharedPort.address, String(PORT), String(ASKED_BYTES)])
      const now = await until('the socket is open', (now) => now.udpSocket(PORT).limitBytes > 0)
      return { limitBytes: now.udpSocket(PORT).limitBytes, errors: await receiveErrors(run) }
    },
    flood: async ({ run, sharedPort }) => {
      const { address } = sharedPort
      return Number(
        await run(['node', send, address, String(PORT), String(DATAGRAMS), String(DATAGRAM_BYTES)], 'client'),
      )
    },
    look: async ({ run, now }) => ({ ...(await now()).udpSocket(PORT), errors: await receiveErrors(run) }),
    read: async ({ run, now }) => {
      const received = Number(await run(['node', idle, 'take', String(PORT)]))
      return { received, ...(await now()).udpSocket(PORT) }
    },
  },
  expect: ({ result }) => {
    const { bind, flood: sent, look, read } = result
    return {
      kernel: [
        that('the limit is twice what the program asked for', bind.limitBytes, equals(2 * ASKED_BYTES, 'B'), {
          bears: 'any lateness',
        }),
        // Before Linux 6.18 the datagram that crosses the limit is still taken.
        that(
          'the queue is full to within one datagram',
          Math.abs(look.limitBytes - look.bytes),
          atMost(look.bytes / read.received, 'B'),
          { bears: 'any lateness' },
        ),
        that(
          'a datagram takes more memory than its bytes',
          look.bytes,
          atLeast(2 * DATAGRAM_BYTES * read.received, 'B'),
          { bears: 'any lateness' },
        ),
        that('reading empties the queue', read.bytes, equals(0, 'B'), { bears: 'any lateness' }),
        that('reading drops nothing more', read.drops, equals(look.drops), { bears: 'any lateness' }),
      ],
      userspace: [
        that('the sender is told of no error', sent, equals(DATAGRAMS), { bears: 'any lateness' }),
        that('the server receives only what found room', read.received, between(10, 40), { bears: 'any lateness' }),
      ],
      both: [
        that('the drops of the socket are what was sent and never received', look.drops, equals(sent - read.received), {
          bears: 'any lateness',
        }),
        that('the namespace counts the same', look.errors - bind.errors, equals(look.drops), { bears: 'any lateness' }),
      ],
    }
  },
})

/** RcvbufErrors of the server's namespace, which /proc/net/snmp names in one line and counts in the next. */
async function receiveErrors(run: (command: readonly string[]) => Promise<string>): Promise<number> {
  const [names = [], counts = []] = (await run(['cat', '/proc/net/snmp']))
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' '))
  return Number(counts[names.indexOf('RcvbufErrors')])
}
