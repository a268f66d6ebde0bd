/**
 * One of the processes of shared-socket.ts: waits until it is started, then for connections on the listening socket that it
 * inherited. Answers each, and reports to its parent, one letter at a time.
 */
import fs from 'node:fs'
import net from 'node:net'
import * as libc from '#kernel/libc.ts'
import { type AcceptorJob, LISTENER_FD, READY, SERVED } from './shared-socket-messages.ts'

const { name, way, workMs }: AcceptorJob = JSON.parse(process.argv[2] ?? '')
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\nx-spillway-backend: ${name}\r\n\r\n`,
)

const tell = (letter: string): void => {
  fs.writeSync(1, letter)
}

const idle = new Int32Array(new SharedArrayBuffer(4))

/** Blocks without using the CPU. */
const work = (): void => {
  if (workMs > 0) Atomics.wait(idle, 0, 0, workMs)
}

/** As servers did before event loops: waits in epoll_wait() or in accept() itself, and serves one connection at a time. */
function acceptForever(events?: number): never {
  const epoll = events === undefined ? undefined : libc.epollFor(LISTENER_FD, events, 'Watching the listening socket')
  const request = Buffer.alloc(4096)
  tell(READY)
  for (;;) {
    if (epoll !== undefined) libc.epollWait(epoll, 'Waiting for a connection')
    const connection = libc.acceptIfAny(LISTENER_FD, 'Accepting a connection')
    if (connection === undefined) continue // woken for nothing: another process was quicker
    libc.recv(connection, request, 0, 'Reading a request')
    work()
    libc.send(connection, answer, 0, 'Answering')
    libc.close(connection)
    tell(SERVED)
  }
}

/** As every Node server does. */
function serveWithNode(): void {
  const server = net.createServer((socket) => {
    socket.once('data', () => {
      work()
      socket.end(answer, () => tell(SERVED))
    })
  })
  // An immediate runs after the loop has registered its sockets with the kernel.
  server.listen({ fd: LISTENER_FD }, () => setImmediate(tell, READY))
}

fs.readSync(0, Buffer.alloc(1)) // wait to be started
if (way === 'libuv') serveWithNode()
else if (way === 'blocking') acceptForever()
else acceptForever(way === 'epollExclusive' ? libc.EPOLLIN | libc.EPOLLEXCLUSIVE : libc.EPOLLIN)
