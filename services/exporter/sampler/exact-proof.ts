import { socketAddress } from '#kernel/address.ts'
import type { EventKind, EventReader, ListenerCounts } from '#kernel/bpf/event-record.ts'
import { cookieOf, type ExactListener, type ExactListeners } from '#kernel/bpf/listeners.ts'
import type { WaitingLines } from '#kernel/bpf/waiting.ts'
import { KernelError } from '#kernel/errors.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue, deferAccept, relisten, socketCookie } from '#kernel/listener.ts'
import { newNamespaceIfAllowed } from '#kernel/netns.ts'
import { ANY_FAMILY, PreparedDump, SockDiag, states } from '#kernel/sock-diag.ts'

const doing = 'Proving the exact readings on a listener of our own'
const BACKLOG = 5

/** Where a proof is made. */
interface Ground {
  /** Closed when it is over. */
  readonly sockets: number[]
  /** Whether nobody else is there, and nobody reads what is counted there. */
  readonly isApart: boolean
}

/**
 * Makes a proof in a network namespace of its own: what it provokes is in no counter of the host. Where this process may not make one, in
 * the present one.
 */
function onGround<Result>(prove: (ground: Ground) => Result): Result {
  using made = newNamespaceIfAllowed()
  const sockets: number[] = []
  const work = (): Result => {
    try {
      return prove({ sockets, isApart: made !== undefined })
    } finally {
      for (const fd of sockets.reverse()) libc.close(fd)
    }
  }
  return made === undefined ? work() : made.run(work)
}

/**
 * Holds a reader against two listeners of our own: one at which a client waits to be accepted, and one at which a handshake
 * is under way for good, since it defers accept(). Throws a KernelError if it does not see what is so. Takes some milliseconds.
 */
export const proveExact = (reader: ExactListeners): void =>
  onGround(({ sockets, isApart }) => {
    const rowsOf = (one: Listening, other: Listening, count = 0): [ExactListener, ExactListener] => {
      const rows = new Map<bigint, ExactListener>()
      reader.read((row) => rows.set(cookieOf(row), { ...row }), count)
      const [ofOne, ofOther] = [rows.get(one.cookie), rows.get(other.cookie)]
      if (ofOne === undefined || ofOther === undefined) throw wrong('it does not show a listener that is there')
      return [ofOne, ofOther]
    }
    const [queue, requests] = [listen(sockets), listen(sockets)]
    deferAccept(requests.fd, 60)
    for (const { port } of rowsOf(queue, requests)) connect(port, sockets)
    soon(() => acceptQueue(queue.fd).length > 0 || undefined)
    // As it is read later, if these are all there are.
    const [ofQueue, ofRequests] = rowsOf(queue, requests, isApart ? 2 : 0)
    const truth = acceptQueue(queue.fd)
    if (ofQueue.length !== truth.length || ofQueue.limit !== truth.limit)
      throw wrong(`${ofQueue.length} of ${ofQueue.limit + 1} where ${truth.length} of ${truth.limit + 1} wait`)
    if (ofQueue.oldestWaitUs === undefined) throw wrong('it knows of no wait where a client waits')
    if (ofQueue.synQueue !== 0 || ofRequests.synQueue !== 1 || ofRequests.length !== 0)
      throw wrong(`${ofQueue.synQueue} and ${ofRequests.synQueue} half-open requests where there are 0 and 1`)
  })

/** What a proof holds for; what it does not hold for is closed, and why is thrown. */
export function proven<Reader extends { close(): void }>(reader: Reader, prove: (reader: Reader) => void): Reader {
  try {
    prove(reader)
    return reader
  } catch (error) {
    reader.close()
    throw error
  }
}

/** The same for what tells who waits: two clients, of which the second has sent a byte. Takes as long. */
export const proveWaiting = (reader: WaitingLines): void =>
  onGround(({ sockets }) => {
    const { fd, cookie } = listen(sockets)
    const port = portOf({ cookie })
    connect(port, sockets)
    libc.send(connect(port, sockets), Buffer.from('x'), 0, doing)
    const wanted = '127.0.0.1 0, 127.0.0.1 1'
    const told = (): string =>
      (reader.read(Number(cookie >> 32n), Number(cookie & 0xffff_ffffn))?.first ?? [])
        .map(({ address, unreadBytes }) => `${address} ${unreadBytes}`)
        .join(', ')
    if (soon(() => told() === wanted || undefined) !== true)
      throw wrong(`of two clients, the second with an unread byte, it shows ${told() || 'none'}`)
    if (acceptQueue(fd).length !== 2) throw wrong('it shows who does not wait')
  })

/**
 * What of the events does not happen as it should, and how, at two listeners of our own: one at which a client joins a queue that is
 * full with it, and is accepted; and one that defers two clients and then has room for one of them. That other one is in the counters of
 * its namespace, as every overflow is; so without a namespace of our own nobody overflows, and of what is dropped only what is set aside is
 * proven. Takes as long.
 */
export const unprovenEvents = (events: EventReader): Map<EventKind, string> =>
  onGround(({ sockets, isApart }) => {
    const unproven = new Map<EventKind, string>()
    const expect = (kind: EventKind, what: string, seen: number | undefined, wanted: number): void => {
      if (!events.missing.has(kind) && !unproven.has(kind) && seen !== wanted)
        unproven.set(kind, `${doing}: it attached, and counted ${seen ?? 0} of ${wanted} ${what}`)
    }
    const [queue, requests] = [listen(sockets, 0), listen(sockets)]
    deferAccept(requests.fd, 60)
    connect(portOf(queue), sockets)
    const port = portOf(requests)
    const deferred = [connect(port, sockets), connect(port, sockets)]
    if (isApart) {
      relisten(requests.fd, 0)
      for (const client of deferred) libc.send(client, Buffer.from('x'), 0, doing)
    }
    joinByIpv6(sockets)
    const accepted = soon(() => libc.acceptIfAny(queue.fd, doing))
    if (accepted !== undefined) sockets.push(accepted)
    // A deferred client's own ACK is set aside, and drops one; the overflow two more.
    const drops = deferred.length + (isApart ? 2 : 0)
    soon(() => acceptQueue(requests.fd).drops >= drops || undefined)
    const rows = new Map<bigint, ListenerCounts>()
    events.read((row) => rows.set(cookieOf(row), { ...row, waits: row.waits.slice() }))
    const [ofQueue, ofRequests] = [rows.get(queue.cookie), rows.get(requests.cookie)]
    expect('joins', 'connections that came', ofQueue?.joined, 1)
    expect('joins', 'in a queue', ofQueue?.peak, 1)
    expect('joins', 'full queues', ofQueue?.timesFull, 1)
    expect('accepts', 'accepted connections', ofQueue?.accepted, 1)
    expect(
      'accepts',
      'waits',
      ofQueue?.waits.reduce((sum, count) => sum + count, 0),
      1,
    )
    expect('accepts', 'full queues that were left', ofQueue?.fullSinceMs === undefined ? 1 : 0, 1)
    if (isApart) expect('drops', 'final ACKs that found no room', ofRequests?.finalAckDrops, 1)
    expect('drops', 'packets set aside', ofRequests?.discarded, acceptQueue(requests.fd).drops)
    return unproven
  })

/**
 * A client over IPv6, where there is that: what accept() frees of such clients is learned when one joins, and those who wait already are
 * then seen to be accepted.
 */
function joinByIpv6(sockets: number[]): void {
  try {
    connect(portOf(listen(sockets, BACKLOG, '::1')), sockets, '::1')
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}

function portOf({ cookie }: Pick<Listening, 'cookie'>): number {
  let port = 0
  using diag = new SockDiag()
  diag.dump(new PreparedDump({ family: ANY_FAMILY, states: states.listen }), (socket) => {
    if (socket.cookie === cookie) port = socket.port
  })
  return port
}

const wrong = (how: string): KernelError => new KernelError('bpf', 'EBADMSG', doing, `What it reads is wrong: ${how}`)

interface Listening {
  fd: number
  cookie: bigint
}

function listen(sockets: number[], backlog = BACKLOG, address = '127.0.0.1'): Listening {
  const fd = open(sockets, address)
  libc.bind(fd, socketAddress(address, 0), doing)
  libc.listen(fd, backlog, doing)
  return { fd, cookie: socketCookie(fd) }
}

/** Over loopback the handshake is over before connect() returns, unless the kernel has no time for it at once. */
function connect(port: number, sockets: number[], address = '127.0.0.1'): number {
  const fd = open(sockets, address)
  soon(() => {
    try {
      libc.connect(fd, socketAddress(address, port), doing)
      return true
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      if (error.code === 'EISCONN') return true
      if (error.code === 'EINPROGRESS' || error.code === 'EALREADY') return undefined
      throw error
    }
  })
  return fd
}

/** What a busy machine comes to a little later; undefined if it does not for half a second. */
function soon<Value>(look: () => Value | undefined): Value | undefined {
  for (let waitedMs = 0; waitedMs < 500; waitedMs++) {
    const value = look()
    if (value !== undefined) return value
    libc.sleepMs(1)
  }
  return undefined
}

function open(sockets: number[], address: string): number {
  const family = address.includes(':') ? libc.AF_INET6 : libc.AF_INET
  const fd = libc.socket(family, libc.SOCK_STREAM | libc.SOCK_CLOEXEC | libc.SOCK_NONBLOCK, 0, doing)
  sockets.push(fd)
  return fd
}
