import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import test from 'node:test'
import { KernelError } from '../errors.ts'
import { type Client, Listener, pauseMs } from '../fixtures/sockets.ts'
import { acceptQueue, deferAccept, relisten, socketCookie } from '../listener.ts'
import { steer } from '../reuseport.ts'
import { cookieOf, type ExactListener, ExactListeners, whyNoBpf } from './listeners.ts'

// No tool that one could install: a host may refuse BPF to everybody.
const options = { skip: whyNoBpf() ?? false }
const exact = options.skip === false ? new ExactListeners() : undefined

/** What is read of these listeners now, in their order. */
function read(...listeners: Listener[]): ExactListener[] {
  assert.ok(exact)
  const byCookie = new Map<bigint, ExactListener>()
  exact.read((row) => byCookie.set(cookieOf(row), { ...row }))
  return listeners.map(({ fd }) => byCookie.get(socketCookie(fd))!)
}

test('lengths, limits and ports are those of the sockets themselves', options, () => {
  using one = new Listener({ backlog: 7 })
  using other = new Listener({ backlog: 3, address: '::1' })
  using clients = all([one.connect(), one.connect(), other.connect()])
  const [ofOne, ofOther] = read(one, other)
  assert.equal(clients.made.filter(({ connected }) => connected).length, 3)
  for (const [row, { fd, port }] of [[ofOne!, one] as const, [ofOther!, other] as const]) {
    const { length, limit } = acceptQueue(fd)
    assert.deepEqual([row.port, row.length, row.limit], [port, length, limit])
  }
  relisten(one.fd, 9)
  assert.equal(read(one)[0]!.limit, 9)
})

test('half-open requests are told apart by the socket, in one group too', options, () => {
  using first = new Listener({ reusePort: true, backlog: 60 })
  using second = new Listener({ reusePort: true, backlog: 60, port: first.port })
  using third = new Listener({ reusePort: true, backlog: 60, port: first.port })
  const group = [first, second, third]
  // Clients that have sent their final ACK and no data stay half open at a socket that defers accept().
  for (const { fd } of group) deferAccept(fd, 60)
  const made: Client[] = []
  using _ = all(made)
  for (const [member, clients] of [5, 40, 17].entries()) {
    steer(first.fd, { by: 'member', member })
    for (let client = 0; client < clients; client++) made.push(first.connect())
  }
  assert.deepEqual(
    read(...group).map(({ synQueue, young, length }) => [synQueue, young, length]),
    [5, 40, 17].map((requests) => [requests, requests, 0]),
  )
})

test('the wait of the first in each queue is told in microseconds, and nothing where nobody waits', options, () => {
  using early = new Listener()
  using late = new Listener()
  using empty = new Listener()
  const before = process.hrtime.bigint()
  using first = early.connect()
  const connected = process.hrtime.bigint()
  pauseMs(20)
  using second = late.connect()
  using third = early.connect()
  const asked = process.hrtime.bigint()
  const [ofEarly, ofLate, ofEmpty] = read(early, late, empty)
  const answered = process.hrtime.bigint()
  assert.ok(first.connected && second.connected && third.connected)
  const waitUs = ofEarly!.oldestWaitUs!
  assert.ok(
    waitUs >= Number(asked - connected) / 1000 - 1 && waitUs <= Number(answered - before) / 1000 + 1,
    `${waitUs}`,
  )
  assert.ok(ofLate!.oldestWaitUs! < waitUs)
  assert.equal(ofEmpty!.oldestWaitUs, undefined)
})

test('many listeners are all read, each once', options, () => {
  // Of one port: more than the kernel hands out in one read.
  const first = new Listener({ reusePort: true })
  const listeners = [first]
  while (listeners.length < 1500)
    listeners.push(new Listener({ reusePort: true, port: first.port, backlog: listeners.length }))
  try {
    const limits = read(...listeners).map(({ limit }) => limit)
    assert.deepEqual(limits, [16, ...listeners.keys()].toSpliced(1, 1))
  } finally {
    for (const listener of listeners) listener[Symbol.dispose]()
  }
})

test('a walk that ends at the last listener shows what one does that does not, whoever comes and goes meanwhile', {
  skip: process.getuid?.() === 0 ? options.skip : 'only root can make the namespaces for it',
}, () => {
  const script = new URL('../fixtures/walks-in-a-namespace.ts', import.meta.url).pathname
  execFileSync('unshare', ['--net', process.execPath, script])
})

/** Descriptors, and mappings of maps. */
const held = (): [number, number] => [
  fs.readdirSync('/proc/self/fd').length,
  fs.readFileSync('/proc/self/maps', 'utf8').match(/bpf-map/g)?.length ?? 0,
]

test('a reader that is closed reads no more, and leaves nothing open', options, () => {
  const before = held()
  const reader = new ExactListeners()
  assert.notDeepEqual(held(), before)
  reader.close()
  reader.close()
  assert.deepEqual(held(), before)
  assert.throws(() => reader.read(() => {}), KernelError)
})

/** Closes what was made, also what is made later. */
const all = (made: Client[]) => ({
  made,
  [Symbol.dispose]: () => {
    for (const client of made) client[Symbol.dispose]()
  },
})
