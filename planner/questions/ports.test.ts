/** Source ports are counted for each pair of addresses, and held in TIME_WAIT. */
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '../../test/support/properties.ts'
import { questions } from '../ask.ts'
import { situationWith } from '../testing/situation.ts'
import { type PortsPlan, usualPorts } from './ports.ts'

const asked = (ratePerSecond: number, ports: Partial<PortsPlan> = {}) => {
  const situation = situationWith({
    arrivals: { shape: 'poisson', ratePerSecond },
    forMs: 1000,
    backlog: 511,
    ports: { ...usualPorts, ...ports },
  })
  const { answer, settings, data } = questions.ports(situation)
  return { text: answer.join(' '), settings, data }
}

test('470 a second last with the usual ports, 471 do not, and it is told when they run out', () => {
  assert.match(asked(470).text, /^Yes: 28,200 of 28,232/)
  const { text, settings } = asked(500)
  assert.match(text, /^No: 30,000 would be in use .* 28,232\. After 56\.5 s connect\(\) fails with EADDRNOTAVAIL/)
  assert.match(text, /lasts? for is 470\/s/)
  assert.match(settings.map((one) => one.text).join('\n'), /tcp_tw_reuse=1.*\n.*ip_local_port_range="1024 65535"/)
})

test('a connection that stays open holds its port for as long besides', () => {
  assert.match(asked(100, { openMs: 240_000 }).text, /^No: 30,000/)
})

test('reuse, more own addresses and more destinations are room', () => {
  assert.equal(asked(5000, { reuse: 1 }).data.enough, true)
  assert.equal(asked(900, { sources: 2 }).data.enough, true)
  assert.equal(asked(900, { destinations: 2 }).data.enough, true)
  assert.equal(asked(900).data.enough, false)
})

test('what is said to be the most lasts, and a little more does not', () => {
  const plans = fc.record({
    ports: fc.integer({ min: 1, max: 64_000 }),
    sources: fc.integer({ min: 1, max: 20 }),
    destinations: fc.integer({ min: 1, max: 20 }),
    openMs: fc.integer({ min: 0, max: 100_000 }),
    reuse: fc.constantFrom(0, 1, 2) as fc.Arbitrary<0 | 1 | 2>,
  })
  fc.assert(
    fc.property(plans, (plan) => {
      const { mostPerSecond } = asked(1, plan).data as { mostPerSecond: number }
      assert.equal(asked(mostPerSecond * 0.999, plan).data.enough, true)
      const beyond = asked(mostPerSecond * 1.001, plan)
      assert.equal(beyond.data.enough, false)
      assert.doesNotMatch(beyond.text, /^Yes|NaN|Infinity/)
    }),
  )
})
