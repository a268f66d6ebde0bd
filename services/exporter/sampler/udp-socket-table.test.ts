import assert from 'node:assert/strict'
import test from 'node:test'
import { addressBytes } from '#kernel/address.ts'
import { AF_INET } from '#kernel/libc.ts'
import { MOST_UDP_PORTS, type UdpRecord, UdpSocketTable, type UdpSource } from './udp-socket-table.ts'

interface Row {
  id: number
  port: number
  bytes?: number
  limit?: number
  drops?: number
}

const record = ({ id, port, bytes = 0, limit = 1000, drops = 0 }: Row): UdpRecord => ({
  family: AF_INET,
  address: '127.0.0.1',
  port,
  hasAddress: (other) => other.equals(addressBytes('127.0.0.1')),
  cookieHigh: 0,
  shortCookie: id,
  receiveQueue: bytes,
  receiveBufferBytes: limit,
  drops,
})

/** A kernel that answers the first of the two families with these sockets. */
function kernel(rows: readonly Row[]): UdpSource {
  let asked = 0
  return {
    dump(_request, visit) {
      if (asked++ === 0) for (const row of rows) visit(record(row))
    },
  }
}

const SECOND = 1000
const MINUTE = 60 * SECOND

/** The drops of a port after each of these readings, a second apart. */
function dropsAfter(...readings: Row[][]): number[] {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  table.sample(kernel([{ id: 1, port: 53 }]), 0)
  return readings.map((rows, at) => {
    const nowMs = (at + 1) * SECOND
    table.sample(kernel(rows), nowMs)
    return table.toRaw(nowMs)?.udpSockets[0]?.drops ?? Number.NaN
  })
}

test('before the kernel has answered nothing is known, not nothing at all', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  assert.equal(table.toRaw(0), undefined)
  table.sample(kernel([]), 0)
  assert.deepEqual(table.toRaw(0)?.udpSockets, [])
})

test('whoever looks once sees a socket at once, whatever its port', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE, udpSettlesMs: 0 })
  const rows = [53, 40_000].map((port, id) => ({ id, port, bytes: 900, drops: 3 }))
  table.sample(kernel(rows), 0)
  assert.deepEqual(
    table.toRaw(0)?.udpSockets.map(({ port, bytes, drops }) => [port, bytes, drops]),
    [
      [53, 900, 3],
      [40_000, 900, 3],
    ],
  )
})

test('drops go on counting when the 32 bits of the kernel wrap', () => {
  assert.deepEqual(
    dropsAfter(
      [{ id: 1, port: 53, drops: 2 ** 32 - 3 }],
      [{ id: 1, port: 53, drops: 2 }],
      [{ id: 1, port: 53, drops: 2 }],
    ),
    [2 ** 32 - 3, 2 ** 32 + 2, 2 ** 32 + 2],
  )
})

test('drops do not fall when one of two sockets closes, nor when all do and the port is bound again', () => {
  const [both, one, still, , , again] = dropsAfter(
    [
      { id: 1, port: 53, drops: 5 },
      { id: 2, port: 53, drops: 7 },
    ],
    [{ id: 2, port: 53, drops: 7 }],
    [{ id: 2, port: 53, drops: 8 }],
    [],
    [],
    [{ id: 3, port: 53, drops: 1 }],
  )
  assert.deepEqual([both, one, still, again], [12, 12, 13, 14])
})

test('of several sockets the fullest gives bytes, limit and peak, wherever it stands', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  const rows = [
    { id: 1, port: 53, bytes: 400, limit: 4000 },
    { id: 2, port: 53, bytes: 300, limit: 1000 },
    { id: 3, port: 53, bytes: 0, limit: 1000 },
  ]
  table.sample(kernel(rows), 0)
  table.sample(kernel(rows.toReversed()), SECOND)
  table.sample(kernel(rows.map((row) => ({ ...row, bytes: 0 }))), 2 * SECOND)
  const [seen] = table.toRaw(2 * SECOND)?.udpSockets ?? []
  assert.deepEqual([seen?.sockets, seen?.bytes, seen?.limitBytes, seen?.peakBytes], [3, 0, 1000, 300])
})

test('a socket is shown after a second, one on a port that the kernel hands out after ten, with all its drops', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  table.ephemeral = { first: 40_000, last: 50_000 }
  const shownAt = (nowMs: number): number[] => {
    table.sample(kernel([40_000, 39_999, 50_001].map((port) => ({ id: port, port, drops: 9 }))), nowMs)
    const sockets = table.toRaw(nowMs)?.udpSockets ?? []
    for (const { drops } of sockets) assert.equal(drops, 9)
    return sockets.map(({ port }) => port)
  }
  assert.deepEqual(shownAt(0), [])
  assert.deepEqual(shownAt(999), [])
  assert.deepEqual(shownAt(1000), [39_999, 50_001])
  assert.deepEqual(shownAt(10_000), [39_999, 40_000, 50_001])
})

test('clients that come and go leave nothing behind, and take no place from a server', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  let nowMs = 0
  for (let round = 0; round < 5; round++)
    for (let dumps = 0; dumps < 3; dumps++) {
      const clients = Array.from({ length: MOST_UDP_PORTS - 1 }, (_, at) => ({
        id: 1 + round * 10_000 + at,
        port: 1024 + round * 10_000 + at,
      }))
      table.sample(kernel(dumps === 0 ? [...clients, { id: 999_999, port: 53 }] : [{ id: 999_999, port: 53 }]), nowMs)
      nowMs += 500
    }
  const known = table.toRaw(nowMs)
  assert.deepEqual(
    known?.udpSockets.map(({ port }) => port),
    [53],
  )
  assert.equal(known?.udpSocketsLeftOut, 0)
})

test('more ports than can be shown are counted as left out', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  const many = Array.from({ length: MOST_UDP_PORTS + 7 }, (_, at) => ({ id: at + 1, port: at + 1 }))
  table.sample(kernel(many), 0)
  table.sample(kernel(many), SECOND)
  const known = table.toRaw(SECOND)
  assert.deepEqual([known?.udpSockets.length, known?.udpSocketsLeftOut], [MOST_UDP_PORTS, 7])
})

test('a socket that one dump misses is not gone', () => {
  const table = new UdpSocketTable({ peakWindowMs: MINUTE })
  table.sample(kernel([{ id: 1, port: 53, drops: 4 }]), 0)
  table.sample(kernel([]), SECOND)
  table.sample(kernel([{ id: 1, port: 53, drops: 4 }]), 2 * SECOND)
  assert.equal(table.toRaw(2 * SECOND)?.udpSockets[0]?.drops, 4, 'its drops are not counted twice')
})
