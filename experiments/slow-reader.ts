import { atLeast, deck, equals, experiment, fact, that } from './vocabulary.ts'

const CLIENTS = 4
const BODY_BYTES = 16_000_000

export default experiment({
  name: 'slow-reader',
  teaches:
    'A backend that does not read loses nothing: its receive queue fills, its kernel closes the window, and what the client continues to write stays in its own send queue until that is full and the client stalls. When the backend resumes reading, everything else resumes too.',
  sources: [
    deck('a send queue and a receive queue for each connection'),
    fact('receive-and-send-queues'),
    fact('a-reader-that-stops'),
    fact('window-counters'),
    'tcp_select_window(), tcp_send_probe0()',
  ],
  needs: { server: ['never read'], programs: ['ss'] },
  lab: { backends: 1 },
  phases: {
    deaf: ({ backend }) => backend(1).set({ neverRead: true }),
    fill: async ({ clients, until, pass }) => {
      const load = await clients.write({ connections: CLIENTS, bodyBytes: BODY_BYTES })
      await until('every window is closed', ({ counter }) => counter('TCPToZeroWindowAdv') >= CLIENTS)
      await pass(500)
      return load
    },
    stand: async ({ load, run, pass }) => {
      const before = await load('fill').report()
      await pass(1000)
      const after = await load('fill').report()
      const clientsQueues = await run(['ss', '-Htn', 'state', 'established', 'dport = :8080'], 'client')
      return {
        writtenBefore: before.bytesWritten,
        writtenAfter: after.bytesWritten,
        inSendQueues: sumOfSendQueues(clientsQueues),
      }
    },
    read: async ({ backend, load }) => {
      await backend(1).set({ neverRead: false })
      await load('fill').done()
    },
  },
  expect: ({ result, port, counters, clientCounters, backend, clients }) => {
    const { writtenBefore, writtenAfter, inSendQueues } = result.stand
    const unread = port.receiveBytes.during('stand')
    return {
      kernel: [
        that('the receive queues fill', unread.max, atLeast(CLIENTS * 50_000, 'B')),
        that('the receive queues stay full', unread.min, equals(unread.max, 'B')),
        that('each connection closes its window once', counters.TCPToZeroWindowAdv.during('fill'), equals(CLIENTS)),
        that('no received data is dropped', counters.TCPRcvQDrop.total, equals(0), { bears: 'any lateness' }),
        that(
          "the clients' kernel keeps probing the closed windows",
          clientCounters.TCPWinProbe.total,
          atLeast(2 * CLIENTS),
        ),
        that(
          'each window opens again when the backend reads',
          counters.TCPFromZeroWindowAdv.during('read'),
          atLeast(CLIENTS),
        ),
        that('in the end the receive queues are empty', port.receiveBytes.last, equals(0, 'B')),
      ],
      userspace: [
        that('the backend has accepted every connection', backend(1).accepts.during('fill'), equals(CLIENTS)),
        that('the backend answers no client', backend(1).responses.during('stand'), equals(0), {
          bears: 'any lateness',
        }),
        that('the clients have stopped writing', writtenAfter, equals(writtenBefore, 'B')),
        that('the clients still have more to write', CLIENTS * BODY_BYTES - writtenAfter, atLeast(1, 'B')),
        that('every client is answered in the end', clients.firstByteMs.count, equals(CLIENTS)),
      ],
      both: [
        that(
          "every byte that the clients wrote is in their send queues or in the backend's receive queues",
          inSendQueues + unread.last,
          equals(writtenAfter, 'B'),
        ),
      ],
    }
  },
})

/** Each line of ss begins with the receive queue and the send queue. */
function sumOfSendQueues(lines: string): number {
  const queues = lines.split('\n').filter((line) => line !== '')
  return queues.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[1]), 0)
}
