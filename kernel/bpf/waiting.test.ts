import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { KernelError } from '../errors.ts'
import { Listener, pauseMs } from '../fixtures/sockets.ts'
import * as libc from '../libc.ts'
import { acceptQueue, connectionQueues, relisten, socketCookie } from '../listener.ts'
import { PreparedDump, SockDiag, states } from '../sock-diag.ts'
import { cookieOf, ExactListeners, whyNoBpf } from './listeners.ts'
import { MOST_WAITING, type WaitingLine, WaitingLines } from './waiting.ts'

// No tool that one could install: a host may refuse BPF to everybody.
const options = { skip: whyNoBpf() ?? false }
const lines = options.skip === false ? new WaitingLines() : undefined
const doing = 'Testing who waits'

function read({ fd }: Listener): WaitingLine | undefined {
  const cookie = socketCookie(fd)
  return lines?.read(Number(cookie >> 32n), Number(cookie & 0xffff_ffffn))
}

/** A client that hangs up with an RST: connect() to no address dissolves the connection. */
const reset = (fd: number): void => libc.connect(fd, Buffer.alloc(16), doing)

/** The ports that these sockets have, in their order. */
function portsOf(family: number, fds: readonly number[]): number[] {
  const ports = new Map<bigint, number>()
  using diag = new SockDiag()
  diag.dump(new PreparedDump({ family, states: states.connections }), ({ cookie, port }) => ports.set(cookie, port))
  return fds.map((fd) => ports.get(socketCookie(fd)) ?? 0)
}

test(
  'who waits is told in the order in which accept() takes them, each with its address, unread bytes and wait',
  options,
  () => {
    for (const [address, family] of [
      ['127.0.0.1', libc.AF_INET],
      ['::1', libc.AF_INET6],
    ] as const) {
      using listener = new Listener({ address })
      using other = new Listener({ address })
      using _elsewhere = other.connect()
      const begun = process.hrtime.bigint()
      using first = listener.connect()
      pauseMs(15)
      using second = listener.connect()
      using third = listener.connect()
      const connected = process.hrtime.bigint()
      second.send('x'.repeat(1234))
      const clients = [first, second, third]
      const asked = process.hrtime.bigint()
      const line = read(listener)!
      const answered = process.hrtime.bigint()
      const { length, limit } = acceptQueue(listener.fd)
      assert.deepEqual([line.length, line.limit], [length, limit])
      assert.deepEqual(
        line.first.map((one) => [one.address, one.port, one.unreadBytes, one.client]),
        portsOf(
          family,
          clients.map(({ fd }) => fd),
        ).map((port, index) => [address, port, index === 1 ? 1234 : 0, 'connected']),
      )
      const waits = line.first.map(({ waitMs }) => waitMs)
      assert.ok(waits[0]! - waits[1]! >= 14.9, waits.join())
      assert.ok(waits[1]! >= waits[2]! && waits[2]! >= Number(asked - connected) / 1e6 - 0.001, waits.join())
      assert.ok(waits[0]! <= Number(answered - begun) / 1e6 + 0.001, waits.join())
      // What accept() gives is the truth about the order and the bytes.
      for (const one of line.first) {
        const accepted = libc.acceptIfAny(listener.fd, doing)!
        assert.equal(connectionQueues(accepted).receiveBytes, one.unreadBytes)
        libc.close(accepted)
      }
      assert.equal(read(listener), undefined, 'nobody waits any more')
    }
  },
)

test(
  'who has hung up keeps its place, and is told from the living: with a FIN, with an RST, with both',
  options,
  async () => {
    using listener = new Listener()
    const finished = listener.connect()
    finished.send('abc')
    finished[Symbol.dispose]()
    using wasReset = listener.connect()
    reset(wasReset.fd)
    using living = listener.connect()
    const both = net.connect(listener.port, listener.address)
    await once(both, 'connect')
    both.end('12345')
    await once(both, 'finish')
    both.resetAndDestroy()
    const { first, length } = await eventually(
      'all has come',
      () => read(listener)!,
      (line) => line.first.at(-1)?.client === 'reset',
    )
    assert.ok(living.connected)
    assert.equal(length, 4)
    assert.deepEqual(
      first.map(({ client, unreadBytes }) => [client, unreadBytes]),
      [
        ['finished', 3],
        ['reset', 0],
        ['connected', 0],
        ['reset', 5],
      ],
    )
  },
)

test('the wait of the first is told also where it was reset', options, () => {
  using listener = new Listener()
  using client = listener.connect()
  reset(client.fd)
  pauseMs(5)
  using exact = new ExactListeners()
  let waitUs: number | undefined
  const cookie = socketCookie(listener.fd)
  exact.read((row) => {
    if (cookieOf(row) === cookie) waitUs = row.oldestWaitUs
  })
  assert.equal(acceptQueue(listener.fd).length, 1)
  assert.ok(waitUs !== undefined && waitUs >= 5000, `${waitUs}`)
  const wait = read(listener)!.first[0]!.waitMs
  assert.ok(wait * 1000 >= waitUs && wait < 60_000, `${wait}`)
})

test('of a long queue the first are told, and all are counted, in one namespace with many of them', options, () => {
  const listeners = Array.from({ length: 12 }, () => new Listener({ backlog: 200 }))
  const clients = listeners.flatMap((listener) => Array.from({ length: 101 }, () => listener.connect()))
  try {
    for (const listener of listeners) {
      const line = read(listener)!
      assert.deepEqual([line.length, line.limit, line.first.length], [101, 200, MOST_WAITING])
      assert.deepEqual(
        line.first.map(({ waitMs }) => waitMs),
        line.first.map(({ waitMs }) => waitMs).toSorted((a, b) => b - a),
      )
    }
    relisten(listeners[0]!.fd, 7)
    assert.equal(read(listeners[0]!)!.limit, 7)
  } finally {
    for (const open of [...clients, ...listeners]) open[Symbol.dispose]()
  }
})

test('a reader that is closed reads no more', options, () => {
  const reader = new WaitingLines()
  reader.close()
  assert.throws(() => reader.read(0, 0), KernelError)
})
