import { equals, experiment, fact, that } from 'spillway/vocabulary'

const CLIENTS = 4

export default experiment({
  name: 'solution-small-answers',
  teaches:
    "What fits into the client's receive queue leaves the server at once: for the server the answer is sent, whether or not the client reads it.",
  sources: ['docs/workshop/03-connection-queues.md', fact('receive-and-send-queues')],
  lab: {},
  phases: {
    ask: async ({ clients, backend, until, pass }) => {
      await clients.readSlowly({ connections: CLIENTS, bytesPerSecond: 0, responseBytes: 32_768 })
      await until('all have been accepted', (now) => now.waiting === 0)
      for (;;) {
        if ((await backend(1).status()).responses === CLIENTS) return
        await pass(20)
      }
    },
  },
  expect: ({ port, backend, clients }) => ({
    kernel: [
      that('nothing is left in the send queues', port.sendBytes.during('ask').last, equals(0, 'B')),
      that('no window is closed', port.zeroWindows.max, equals(0)),
    ],
    userspace: [
      that('the backend has sent every answer', backend(1).responses.during('ask'), equals(CLIENTS)),
      that('the clients have read nothing', clients.firstByteMs.count, equals(0)),
    ],
  }),
})
