import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from '../test/support/properties.ts'
import { CounterFile, type Counters, parseCounters } from './counters.ts'
import { counterText, truth } from './fixtures/fixtures.ts'
import { mutationsOf } from './fixtures/mutations.ts'
import { Listener } from './fixtures/sockets.ts'

const MUTATIONS = 500
let folder = ''
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-counters-'))
})
after(() => fs.rmSync(folder, { recursive: true, force: true }))

const sorted = (counters: Counters): [string, number][] => [...counters].sort(([a], [b]) => (a < b ? -1 : 1))

test('the captured files give the counters that were provoked', () => {
  const counters = parseCounters(counterText('snmp'), parseCounters(counterText('netstat')))
  for (const [name, value] of Object.entries(truth.counters)) assert.equal(counters.get(name), value, name)
  assert.ok(counters.has('IpExt_InOctets') && counters.has('Tcp_PassiveOpens'))
})

for (const name of ['netstat', 'snmp'] as const) {
  test(`${name}: ${MUTATIONS} mutations give no count below zero or above 64 bits, however they are read`, () => {
    const original = Buffer.from(counterText(name), 'latin1')
    const file = path.join(folder, name)
    const property = fc.property(mutationsOf(original), (bytes) => {
      const parsed = parseCounters(bytes.toString('latin1'))
      assert.ok(parsed.size <= bytes.length / 4, 'more counters than the bytes can hold')
      for (const [counter, value] of parsed) {
        const least = counter === 'Tcp_MaxConn' ? -1 : 0
        assert.ok(Number.isInteger(value) && value >= least && value < 1e20, `${counter} ${value}`)
      }
      // As a file that is read once as captured, and then found to have changed.
      fs.writeFileSync(file, original)
      const reader = new CounterFile(file)
      reader.read(new Map())
      fs.writeFileSync(file, bytes)
      const read: Counters = new Map()
      reader.read(read)
      reader.close()
      assert.deepEqual(sorted(read), sorted(parsed))
    })
    fc.assert(property, { numRuns: MUTATIONS })
  })
}

test('names and values that do not belong together are left out', () => {
  assert.deepEqual([...parseCounters('A: x y\nB: 1 2\nTcp: MaxConn RtoMin\nTcp: -1 -1\n')], [['Tcp_MaxConn', -1]])
  assert.deepEqual([...parseCounters('A: x y z w v\nA: 1 0x2 3e1 4.5\n')], [['A_x', 1]])
  assert.deepEqual([...parseCounters('')], [])
})

test('a counter file that is open gives what the file says when it is read by name', () => {
  for (const name of ['netstat', 'snmp']) {
    const file = `/proc/thread-self/net/${name}`
    const reader = new CounterFile(file)
    const counters: Counters = new Map()
    for (let times = 0; times < 3; times++) {
      const lower = parseCounters(fs.readFileSync(file, 'utf8'))
      reader.read(counters)
      const upper = parseCounters(fs.readFileSync(file, 'utf8'))
      assert.deepEqual([...counters.keys()].sort(), [...lower.keys()].sort())
      // The host goes on counting between the readings. CurrEstab and its like go down as well.
      for (const counter of ['TcpExt_ListenDrops', 'TcpExt_TCPTimeouts', 'Tcp_PassiveOpens', 'IpExt_InOctets']) {
        const value = counters.get(counter)
        if (value === undefined) continue
        assert.ok(value >= lower.get(counter)! && value <= upper.get(counter)!, counter)
      }
    }
    reader.close()
  }
})

test('an overflow moves ListenOverflows and ListenDrops by at least what the listener holds against itself', () => {
  const reader = new CounterFile('/proc/thread-self/net/netstat')
  const earlier: Counters = new Map()
  const later: Counters = new Map()
  reader.read(earlier)
  using listener = new Listener({ backlog: 0 })
  const clients = Array.from({ length: 4 }, () => listener.connect())
  reader.read(later)
  for (const name of ['TcpExt_ListenOverflows', 'TcpExt_ListenDrops'])
    assert.ok(later.get(name)! - earlier.get(name)! >= 3, name)
  for (const client of clients) client[Symbol.dispose]()
  reader.close()
})
