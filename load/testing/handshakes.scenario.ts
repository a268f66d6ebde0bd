/** In a lab's network of its own: handshakes by hand against servers that behave in several ways. Writes what it saw as JSON. */
import { once } from 'node:events'
import net from 'node:net'
import { eventually } from '#common/waiting.ts'
import { AF_INET } from '#kernel/libc.ts'
import { PreparedDump, SockDiag, states, tcpStates } from '#kernel/sock-diag.ts'
import { writeSysctl } from '#kernel/sysctl.ts'
import type { HandshakeStep } from '../agent/api.ts'
import { Handshakes } from '../clients/handshakes.ts'
import { Progress } from '../progress.ts'
import { makeLabNetwork, SERVER_ADDRESS } from './lab-network.ts'
import { rawListener } from './raw-listener.ts'

const { server } = makeLabNetwork()
const diagnosis = server.run(() => new SockDiag())

/** What the server's kernel has of this port, half-open requests and TIME_WAIT included. */
function statesAt(port: number): string[] {
  const seen: string[] = []
  diagnosis.dump(new PreparedDump({ family: AF_INET, states: states.connections | states.synRecv, port }), (socket) =>
    seen.push(tcpStates[socket.state] ?? `${socket.state}`),
  )
  return seen
}

/** Does some handshakes with a server that serves like this, and tells how they and the server's sockets ended. */
async function against(serve: (socket: net.Socket) => void, connections: number, steps: [number, HandshakeStep][]) {
  const listener = server.run(() => rawListener(SERVER_ADDRESS, 16))
  const errors: string[] = []
  let closed = 0
  const service = net.createServer((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message))
    socket.on('close', () => closed++)
    serve(socket)
    socket.resume() // so that it hears of the end
  })
  service.listen({ fd: listener.fd })
  await once(service, 'listening')
  const progress = new Progress()
  const stop = new AbortController()
  const target = { host: SERVER_ADDRESS, port: listener.port }
  const handshakes = new Handshakes({ kind: 'handshake', target, connections }, progress)
  const over = handshakes.run(stop.signal)
  for (const [connection, send] of steps) await handshakes.step(connection, send)
  const asked = new Set(steps.flatMap(([connection, send]) => (send === 'ack' ? [] : [connection])))
  return {
    handshakes,
    port: listener.port,
    /** Waits until those that asked for something have ended, or until the server's sockets satisfy `ready`; then stops. */
    async end(ready?: (seen: string[]) => boolean) {
      await eventually('the time has come', () =>
        ready === undefined
          ? handshakes.report().every(({ connection, state }) => !asked.has(connection) || state === 'over')
          : ready(statesAt(listener.port)),
      )
      const before = statesAt(listener.port)
      stop.abort()
      await over
      // Half a minute at most: TIME_WAIT, which would last a minute, is no end.
      await eventually('the server has nothing left', () => statesAt(listener.port).length === 0)
      service.close()
      await once(service, 'close')
      return { report: progress.report(), all: handshakes.report(), before, errors, closed }
    },
  }
}

const BODY_BYTES = 3_000_000
const large = Buffer.alloc(BODY_BYTES, 'x')
const answered = await against(
  (socket) =>
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nX-Spillway-Backend: s\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`)
      socket.end(large)
    }),
  2,
  [
    [2, 'request'],
    [1, 'ack'],
    [1, 'request'],
    [1, 'request'],
  ],
).then((run) => run.end())

const early = await against((socket) => socket.end(), 1, [[1, 'request']]).then((run) => run.end())
const babbling = await against((socket) => socket.write('SSH-2.0\r\n\r\n'), 1, [[1, 'request']]).then((run) =>
  run.end(),
)
const reset = await against((socket) => socket.resetAndDestroy(), 1, [[1, 'request']]).then((run) => run.end())

const stopped = await against(() => {}, 4, [
  [2, 'ack'],
  [3, 'request'],
  [4, 'reset'],
]).then((run) => run.end((seen) => seen.filter((state) => state === 'established').length === 2))

const refusing = new Handshakes(
  { kind: 'handshake', target: { host: SERVER_ADDRESS, port: 9 }, connections: 3 },
  new Progress(),
)
await refusing.run(new AbortController().signal)

writeSysctl('net.ipv4.ip_forward', 1)
const outside = new Progress()
const error = await new Handshakes(
  { kind: 'handshake', target: { host: SERVER_ADDRESS, port: 9 }, connections: 1 },
  outside,
)
  .run(new AbortController().signal)
  .then(
    () => 'none',
    (reason: unknown) => String(reason),
  )

console.log(
  JSON.stringify({
    answered,
    early,
    babbling,
    reset,
    stopped,
    refused: refusing.report(),
    outside: { error, started: outside.started },
  }),
)
