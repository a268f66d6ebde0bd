import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBytes } from '../address.ts'
import { type Fields, fieldsOf } from '../fixtures/fixtures.ts'
import {
  Client,
  inodeOf,
  Listener,
  nextConnection,
  openDescriptorOf,
  pauseMs,
  startServer,
} from '../fixtures/sockets.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { acceptQueue, acceptWaitMs, socketCookie } from '../listener.ts'
import { ANY_FAMILY, ESTABLISHED, states, wants } from './layout.ts'
import type { DumpQuery, ListenerName } from './request.ts'
import { PreparedDump, PreparedLook, SockDiag } from './socket.ts'

function dump(query: DumpQuery): Fields[] {
  using diag = new SockDiag()
  const sockets: Fields[] = []
  diag.dump(new PreparedDump(query), (socket) => sockets.push(fieldsOf(socket)))
  return sockets
}

for (const [address, family] of [
  ['127.0.0.1', AF_INET],
  ['::1', AF_INET6],
] as const) {
  test(`a full listener on ${address} shows the length, limit and drops that the socket itself tells`, () => {
    using listener = new Listener({ address, backlog: 2 })
    const clients = Array.from({ length: 5 }, () => listener.connect())
    try {
      assert.equal(clients.filter((client) => client.connected).length, 3)
      // A dropped SYN is sent again after a second, so the two readings are taken until no SYN came between them.
      for (;;) {
        const before = acceptQueue(listener.fd)
        const rows = dump({ family, states: states.listen, wants: wants.skmeminfo, port: listener.port })
        const after = acceptQueue(listener.fd)
        if (before.drops !== after.drops) continue
        assert.equal(rows.length, 1)
        const { receiveQueue: length, sendQueue: limit, drops, cookie, inode } = rows[0]!
        assert.deepEqual({ length, limit, drops }, before)
        assert.deepEqual({ length, limit }, { length: 3, limit: 2 })
        assert.ok(before.drops >= 2)
        assert.equal(cookie, socketCookie(listener.fd))
        assert.equal(inode, inodeOf(listener.fd))
        break
      }
    } finally {
      for (const client of clients) client[Symbol.dispose]()
    }
  })
}

test('the wait in the accept queue is the same in a dump, by the socket after accept(), and by the clock', async () => {
  const jiffyMs = 10 // the longest a kernel is built with (HZ=100)
  const { server, port } = await startServer()
  const beforeConnect = performance.now()
  using client = new Client('127.0.0.1', port)
  const afterConnect = performance.now()
  pauseMs(120) // nothing is accepted while the loop stands still
  const beforeDump = performance.now()
  const rows = dump({ family: AF_INET, states: states.connections, wants: wants.info, port })
  const afterDump = performance.now()
  assert.ok(client.connected)
  assert.deepEqual(
    rows.map(({ state, inode }) => ({ state, inode })),
    [{ state: ESTABLISHED, inode: 0 }],
  )
  const dumped = rows[0]!.lastDataSentMs!
  assert.ok(dumped >= beforeDump - afterConnect - jiffyMs && dumped <= afterDump - beforeConnect + jiffyMs, `${dumped}`)

  const socket = await nextConnection(server)
  const accepted = acceptWaitMs(openDescriptorOf(socket))
  const afterAccept = performance.now()
  const least = dumped - jiffyMs
  const most = dumped + (afterAccept - beforeDump) + jiffyMs
  assert.ok(accepted >= least && accepted <= most, `${accepted} lies within ${least} and ${most}`)
  socket.destroy()
  server.close()
})

test('after a dump that was left in the middle the next one is whole', () => {
  const listeners = Array.from({ length: 200 }, () => new Listener()) // more than two chunks hold
  const leave = (): void => {
    throw new RangeError('enough')
  }
  try {
    using diag = new SockDiag()
    const request = new PreparedDump({ family: AF_INET, states: states.listen, wants: wants.info })
    for (let times = 0; times < 3; times++) assert.throws(() => diag.dump(request, leave), RangeError)
    const seen = new Set<number>()
    diag.dump(request, (socket) => seen.add(socket.inode))
    for (const listener of listeners) assert.ok(seen.has(inodeOf(listener.fd)))
  } finally {
    for (const listener of listeners) listener[Symbol.dispose]()
  }
})

test('a dump of hundreds of sockets over many chunks shows each of ours once', () => {
  using listener = new Listener({ backlog: 1000 })
  const clients = Array.from({ length: 600 }, () => listener.connect())
  try {
    const rows = dump({ family: AF_INET, states: states.connections, wants: wants.info | wants.skmeminfo })
    const ours = rows.filter((row) => row.port === listener.port)
    assert.equal(ours.length, 600)
    assert.equal(new Set(ours.map((row) => row.cookie)).size, 600)
    const inodes = new Set(rows.map((row) => row.inode))
    for (const client of clients) assert.ok(inodes.has(inodeOf(client.fd)))
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
})

test('one walk for any family shows what a walk for each shows', () => {
  using v4 = new Listener({ backlog: 3 })
  using v6 = new Listener({ address: '::1', backlog: 4 })
  using v4client = v4.connect()
  using v6client = v6.connect()
  assert.ok(v4client.connected && v6client.connected)
  const ports = new Set([v4.port, v6.port])
  for (const mask of [states.listen, states.connections]) {
    const walk = (family: number): string[] =>
      dump({ family, states: mask, wants: wants.skmeminfo })
        .filter((socket) => ports.has(socket.port) || ports.has(socket.peerPort))
        .map((socket) => JSON.stringify(socket, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
        .sort()
    const any = walk(ANY_FAMILY)
    assert.equal(any.length, mask === states.listen ? 2 : 4)
    assert.deepEqual(any, [...walk(AF_INET), ...walk(AF_INET6)].sort())
  }
})

const nameOf = ({ address, port, fd }: Listener): ListenerName => ({
  ...{ addressBytes: addressBytes(address), port },
  ...{ interfaceIndex: 0, cookie: socketCookie(fd) },
})

/** What a look at these listeners shows; undefined if one of them is not found. */
function look(diag: SockDiag, listeners: readonly Listener[]): Fields[] | undefined {
  const sockets: Fields[] = []
  const found = diag.look(new PreparedLook(listeners.map(nameOf)), (socket) => sockets.push(fieldsOf(socket)))
  return found ? sockets : undefined
}

test('listeners that are asked for by name are shown as a dump shows them', () => {
  using stack = new DisposableStack()
  const listeners = ['127.0.0.1', '0.0.0.0', '::1', '::'].map((address, index) =>
    stack.use(new Listener({ address, backlog: 3 + index })),
  )
  for (const { port, address } of listeners) stack.use(new Client(address.includes(':') ? '::1' : '127.0.0.1', port))
  using diag = new SockDiag()
  const bare = ({ drops: _, ...rest }: Fields) => rest
  const shown = look(diag, listeners)?.map(bare)
  const dumped = dump({ family: ANY_FAMILY, states: states.listen }).map(bare)
  assert.deepEqual(
    shown,
    listeners.map(({ fd }) => dumped.find(({ cookie }) => cookie === socketCookie(fd))),
  )
  assert.deepEqual(
    shown?.map(({ receiveQueue, sendQueue }) => [receiveQueue, sendQueue]),
    listeners.map((_, index) => [1, 3 + index]),
  )
})

test('a listener that has closed, or that another stands for, is not found, and the next answer is whole', () => {
  using diag = new SockDiag()
  using first = new Listener()
  using last = new Listener()
  const closed = new Listener()
  const name = nameOf(closed)
  closed[Symbol.dispose]()
  const shown: number[] = []
  const request = new PreparedLook([nameOf(first), name, nameOf(last)])
  assert.equal(
    diag.look(request, ({ port }) => shown.push(port)),
    false,
  )
  assert.deepEqual(
    look(diag, [last, first])?.map(({ port }) => port),
    [last.port, first.port],
  )
  using shard = new Listener({ reusePort: true })
  using sibling = new Listener({ reusePort: true, port: shard.port })
  assert.equal(look(diag, [shard, sibling]), undefined, 'the kernel shows the same one for both')
})

test('a wrong address family is refused with what the kernel says', () => {
  assert.throws(() => dump({ family: 99, states: states.listen }), { name: 'KernelError', call: 'sock_diag' })
})

test('closing twice closes once', () => {
  const diag = new SockDiag()
  diag.close()
  using next = new Listener() // likely takes the same descriptor
  diag.close()
  assert.equal(acceptQueue(next.fd).length, 0)
})
