import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { socketAddress } from '../address.ts'
import { type Fields, fieldsOf, walk } from '../fixtures/fixtures.ts'
import { udpDumpBytes, unixTruth } from '../fixtures/unix-fixtures.ts'
import * as libc from '../libc.ts'
import { PreparedDump, SockDiag, states, wants } from '../sock-diag.ts'

const doing = 'Making a UDP socket for a test'
const DATAGRAM = Buffer.alloc(100)

function dump(family: number): (Fields & { limit: number | undefined })[] {
  using diag = new SockDiag()
  const rows: (Fields & { limit: number | undefined })[] = []
  const query = { family, protocol: libc.IPPROTO_UDP, states: states.unconnected, wants: wants.skmeminfo }
  diag.dump(new PreparedDump(query), (socket) => rows.push({ ...fieldsOf(socket), limit: socket.receiveBufferBytes }))
  return rows
}

function receiver(receiveBuffer: number): { fd: number; port: number } {
  const fd = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, doing)
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_RCVBUF, receiveBuffer, doing)
  libc.bind(fd, socketAddress('127.0.0.1', 0), doing)
  const cookie = Buffer.alloc(8)
  libc.getsockopt(fd, libc.SOL_SOCKET, libc.SO_COOKIE, cookie, doing)
  return { fd, port: dump(libc.AF_INET).find((row) => row.cookie === cookie.readBigUInt64LE())!.port }
}

test('captured sockets show address, port, limit and drops as user space knows them', () => {
  const sockets = [...walk(udpDumpBytes('udp-v4')).sockets, ...walk(udpDumpBytes('udp-v6')).sockets]
  assert.equal(sockets.length, unixTruth.udp.length, 'the connected client is not among them')
  for (const { address, port, drops, waiting, inode } of unixTruth.udp) {
    const found = sockets.find((socket) => socket.port === port)
    assert.deepEqual([found?.address, found?.drops, found?.inode], [address, drops, inode])
    assert.equal(found!.receiveQueue > 0, waiting > 0)
  }
})

test('a full receive queue is within one datagram of its limit, and its drops are what was sent and never arrives', () => {
  const { fd, port } = receiver(8192)
  const client = libc.socket(libc.AF_INET, libc.SOCK_DGRAM | libc.SOCK_CLOEXEC, 0, doing)
  try {
    libc.connect(client, socketAddress('127.0.0.1', port), doing)
    const sent = 200
    const sizes = Array.from({ length: sent }, () => {
      libc.send(client, DATAGRAM, 0, doing)
      return dump(libc.AF_INET).find((row) => row.port === port)!.receiveQueue
    })
    const row = dump(libc.AF_INET).find((each) => each.port === port)!
    assert.equal(row.limit, 16_384, 'twice what SO_RCVBUF was given')
    const [one = 0] = sizes
    assert.ok(one > DATAGRAM.length, 'a datagram takes more memory than its bytes')
    // Linux 6.1 and 6.12 take the datagram that crosses the limit, 6.18 does not.
    assert.ok(Math.abs(row.receiveQueue - row.limit!) < one, `${row.receiveQueue} of ${row.limit}, one takes ${one}`)
    const ss = execFileSync('ss', ['-uanmH', `sport = :${port}`], { encoding: 'utf8' })
    assert.match(ss, new RegExp(`^UNCONN ${row.receiveQueue} `))
    assert.match(ss, new RegExp(`rb${row.limit},.*d${row.drops}\\)`))
    let received = 0
    while (libc.recvIfAny(fd, Buffer.alloc(200), doing) !== undefined) received++
    assert.equal(row.drops, sent - received)
  } finally {
    libc.close(fd)
    libc.close(client)
  }
})

test('a socket that is connected to a peer is not shown, and one over IPv6 is', async () => {
  const connected = dgram.createSocket('udp4')
  const v6 = dgram.createSocket('udp6')
  try {
    connected.connect(9, '127.0.0.1')
    await once(connected, 'connect')
    v6.bind(0, '::1')
    await once(v6, 'listening')
    assert.ok(!dump(libc.AF_INET).some(({ port }) => port === connected.address().port))
    assert.ok(dump(libc.AF_INET6).some(({ port, address }) => port === v6.address().port && address === '::1'))
  } finally {
    connected.close()
    v6.close()
  }
})
