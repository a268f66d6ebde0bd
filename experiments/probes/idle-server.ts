/**
 * A server that stands still: `idle-server.ts ADDRESS PORT BACKLOG WAY`, where WAY is `uring` (the kernel accepts for it,
 * by io_uring's multishot accept) or `accept`. Prints `listening` and the id of a process that does nothing until it gets
 * a SIGHUP, and then serves everybody until it is ended; or `unavailable` and why.
 */
import { fork } from 'node:child_process'
import { AcceptRing } from '#kernel/accept-ring.ts'
import { socketAddress } from '#kernel/address.ts'
import { KernelError } from '#kernel/errors.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue } from '#kernel/listener.ts'

const doing = 'Serving in an experiment'
const EVERY_MS = 5

const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\nx-spillway-backend: backend-1\r\n\r\n',
)

function listen(address: string, port: number, backlog: number): number {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_REUSEADDR, 1, doing)
  libc.bind(fd, socketAddress(address, port), doing)
  libc.listen(fd, backlog, doing)
  return fd
}

function* acceptAll(listener: number): Iterable<number> {
  while (acceptQueue(listener).length > 0) {
    const fd = libc.acceptIfAny(listener, doing)
    if (fd !== undefined) yield fd
  }
}

function serve(connection: number): void {
  const request = Buffer.alloc(4096)
  try {
    libc.recv(connection, request, 0, doing)
    libc.send(connection, answer, 0, doing)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error // its client has left
  }
  libc.close(connection)
}

if (process.send === undefined) {
  // The caller waits for this process to end, so a separate process holds the socket.
  const keeper = fork(import.meta.filename, process.argv.slice(2), { detached: true, stdio: 'ignore' })
  keeper.once('message', (told) => {
    console.log(told)
    process.exit()
  })
  keeper.once('exit', () => process.exit(1))
} else {
  const [address = '', port = '', backlog = '', way = ''] = process.argv.slice(2)
  const listener = listen(address, Number(port), Number(backlog))
  try {
    const ring = way === 'uring' ? new AcceptRing(listener) : undefined
    process.once('SIGHUP', () => {
      setInterval(() => {
        for (const connection of ring === undefined ? acceptAll(listener) : ring.take()) serve(connection)
      }, EVERY_MS)
    })
    setInterval(() => {}, 60_000) // stays
    process.send(`listening ${process.pid}`, () => process.disconnect())
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    process.send(`unavailable ${error.message}`, () => process.exit())
  }
}
