import assert from 'node:assert/strict'
import test from 'node:test'
import { addressBytes, formatAddress } from '#kernel/address.ts'
import { AF_INET, AF_INET6 } from '#kernel/libc.ts'
import { type TcpState, tcpStates } from '#kernel/sock-diag.ts'
import { OutgoingConnections, type OutgoingRecord } from './outgoing.ts'

const ports = { first: 40_000, last: 49_999, count: 10_000 }

function record(
  to: string,
  peerPort: number,
  port: number,
  state: TcpState = 'established',
  from = '10.0.0.1',
): OutgoingRecord {
  const [own, peer] = [addressBytes(from), addressBytes(to)]
  const family = peer.length === 4 ? AF_INET : AF_INET6
  return {
    family,
    state: tcpStates.indexOf(state),
    port,
    peerPort,
    peerAddress: formatAddress(family, peer),
    addressWord: (word) => own.readUInt32BE(word * 4),
    peerAddressWord: (word) => peer.readUInt32BE(word * 4),
  }
}

function sampleOf(records: OutgoingRecord[], most = 10) {
  const found = new OutgoingConnections(ports)
  for (const one of records) found.add(one)
  return found.toSample(most)
}

test('the largest destinations are named, and the rest is summed up', () => {
  const records: OutgoingRecord[] = []
  for (let destination = 1; destination <= 200; destination++)
    for (let i = 0; i < destination; i++) records.push(record(`10.1.0.${destination}`, 80, 40_000 + i))
  const { destinations, others } = sampleOf(records, 3)
  assert.deepEqual(
    destinations.map(({ address, connections }) => [address, connections.established]),
    [
      ['10.1.0.200', 200],
      ['10.1.0.199', 199],
      ['10.1.0.198', 198],
    ],
  )
  assert.deepEqual(others, { destinations: 197, connections: { established: (197 * 198) / 2 } })
})

test('the destination that takes most ports is named although others have more connections', () => {
  const spread = Array.from({ length: 30 }, (_, i) => record('10.1.0.1', 80, 40_000, 'established', `10.0.1.${i}`))
  const narrow = Array.from({ length: 20 }, (_, i) => record('10.1.0.2', 80, 40_000 + i, 'time_wait'))
  const { destinations } = sampleOf([...spread, ...narrow], 1)
  assert.deepEqual(
    destinations.map(({ address, ports: used }) => [address, used]),
    [
      ['10.1.0.1', 1],
      ['10.1.0.2', 20],
    ],
  )
})

test('a port that was not chosen by the kernel takes none of those that it chooses from', () => {
  assert.equal(sampleOf([record('10.1.0.1', 2049, 700)]).destinations[0]?.ports, 0)
})

test('what a closed listener leaves behind is not outgoing, and a SYN always is', () => {
  assert.deepEqual(sampleOf([record('10.1.0.1', 41_000, 8080)]).destinations, [])
  assert.equal(sampleOf([record('10.1.0.1', 41_000, 8080, 'syn_sent')]).destinations.length, 1)
})

test('IPv4 through an IPv6 socket is the same destination', () => {
  const { destinations } = sampleOf([
    record('10.1.0.1', 80, 40_000),
    record('::ffff:10.1.0.1', 80, 40_001, 'established', '::ffff:10.0.0.1'),
    record('2001:db8::1', 80, 40_000, 'established', '2001:db8::2'),
  ])
  assert.deepEqual(
    destinations.map(({ address, ports: used }) => [address, used]),
    [
      ['10.1.0.1', 2],
      ['2001:db8::1', 1],
    ],
  )
})

test('without a range of ports connections are counted, and ports are not', () => {
  const found = new OutgoingConnections(undefined)
  found.add(record('10.1.0.1', 80, 40_000))
  const { destinations, portsLimit } = found.toSample(10)
  assert.deepEqual(
    [destinations[0]?.connections, destinations[0]?.ports, portsLimit],
    [{ established: 1 }, undefined, undefined],
  )
})
