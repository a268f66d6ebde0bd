import { socketAddress } from '#kernel/address.ts'
import { cookieOf, type ExactListener, type ExactListeners } from '#kernel/bpf/listeners.ts'
import { KernelError } from '#kernel/errors.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue, deferAccept, socketCookie } from '#kernel/listener.ts'

const doing = 'Proving the exact readings on a listener of our own'
const BACKLOG = 5

/**
 * Holds a reader against two listeners of our own: one at which a client waits to be accepted, and one at which a handshake
 * is under way for good, since it defers accept(). Throws a KernelError if it does not see what is so. Takes a millisecond.
 */
export function proveExact(reader: ExactListeners): void {
  const sockets: number[] = []
  const rowsOf = (one: Listening, other: Listening): [ExactListener, ExactListener] => {
    const rows = new Map<bigint, ExactListener>()
    reader.read((row) => rows.set(cookieOf(row), { ...row }))
    const [ofOne, ofOther] = [rows.get(one.cookie), rows.get(other.cookie)]
    if (ofOne === undefined || ofOther === undefined) throw wrong('it does not show a listener that is there')
    return [ofOne, ofOther]
  }
  try {
    const [queue, requests] = [listen(sockets), listen(sockets)]
    deferAccept(requests.fd, 60)
    for (const { port } of rowsOf(queue, requests)) connect(port, sockets)
    const [ofQueue, ofRequests] = rowsOf(queue, requests)
    const truth = acceptQueue(queue.fd)
    if (ofQueue.length !== truth.length || ofQueue.limit !== truth.limit)
      throw wrong(`${ofQueue.length} of ${ofQueue.limit + 1} where ${truth.length} of ${truth.limit + 1} wait`)
    if (ofQueue.oldestWaitUs === undefined) throw wrong('it knows of no wait where a client waits')
    if (ofQueue.synQueue !== 0 || ofRequests.synQueue !== 1 || ofRequests.length !== 0)
      throw wrong(`${ofQueue.synQueue} and ${ofRequests.synQueue} half-open requests where there are 0 and 1`)
  } finally {
    for (const fd of sockets.reverse()) libc.close(fd)
  }
}

const wrong = (how: string): KernelError => new KernelError('bpf', 'EBADMSG', doing, `What it reads is wrong: ${how}`)

interface Listening {
  fd: number
  cookie: bigint
}

function listen(sockets: number[]): Listening {
  const fd = open(sockets)
  libc.bind(fd, socketAddress('127.0.0.1', 0), doing)
  libc.listen(fd, BACKLOG, doing)
  return { fd, cookie: socketCookie(fd) }
}

/** Over loopback the handshake is over before connect() returns, or never. */
function connect(port: number, sockets: number[]): void {
  const fd = open(sockets)
  try {
    libc.connect(fd, socketAddress('127.0.0.1', port), doing)
  } catch (error) {
    if (!(error instanceof KernelError && error.code === 'EINPROGRESS')) throw error
  }
}

function open(sockets: number[]): number {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC | libc.SOCK_NONBLOCK, 0, doing)
  sockets.push(fd)
  return fd
}
