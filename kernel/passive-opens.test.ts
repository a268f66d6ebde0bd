import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../test/support/properties.ts'
import { parseCounters } from './counters.ts'
import { counterText } from './fixtures/fixtures.ts'
import { mutationsOf } from './fixtures/mutations.ts'
import { Listener } from './fixtures/sockets.ts'
import { PassiveOpens, passiveOpensIn } from './passive-opens.ts'

const captured = Buffer.from(counterText('snmp'), 'latin1')

test('of a captured file it is the counter that the whole file gives', () => {
  const expected = parseCounters(captured.toString('latin1')).get('Tcp_PassiveOpens')
  assert.ok(expected !== undefined)
  assert.equal(passiveOpensIn(captured, captured.length), expected)
})

test('of a file that is not as expected it is nothing, or a number of connections', () => {
  const property = fc.property(mutationsOf(captured), (bytes) => {
    const opens = passiveOpensIn(bytes, bytes.length)
    assert.ok(opens === undefined || (Number.isInteger(opens) && opens >= 0), String(opens))
  })
  fc.assert(property, { numRuns: 500 })
  const names = captured.toString('latin1').replace('PassiveOpens', 'PassiveDoors')
  assert.equal(passiveOpensIn(Buffer.from(names, 'latin1'), names.length), undefined)
  assert.equal(passiveOpensIn(Buffer.alloc(0), 0), undefined)
})

test('connections that wait in an accept queue have been counted', () => {
  using clients = new DisposableStack()
  const listener = clients.use(new Listener({ backlog: 4 }))
  const opens = new PassiveOpens()
  try {
    const before = opens.read()
    assert.ok(before !== undefined)
    for (let client = 0; client < 3; client++) clients.use(listener.connect())
    const after = opens.read() ?? before
    assert.ok(after - before >= 3, `${after - before} are counted`)
  } finally {
    opens.close()
  }
})
