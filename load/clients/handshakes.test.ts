import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Handshake } from '../agent/api.ts'
import type { LoadProgress } from '../progress.ts'
import { inNamespace } from '../testing/in-namespace.ts'

interface Run {
  report: LoadProgress
  all: Handshake[]
  /** What the server's sockets met. */
  errors: string[]
  closed: number
}

/**
 * What load/testing/handshakes.scenario.ts tells. After each run it waits until the server's kernel has nothing left of
 * it, no TIME_WAIT either; `before` are the states of the server's sockets before the load was stopped.
 */
interface Seen {
  answered: Run
  early: Run
  babbling: Run
  reset: Run
  stopped: Run & { before: string[] }
  refused: Handshake[]
  outside: { error: string; started: number }
}

let seen: Seen
before(async () => {
  seen = await inNamespace<Seen>(new URL('../testing/handshakes.scenario.ts', import.meta.url))
})

const outcomes = ({ all }: Run): string[] => all.map(({ outcome }) => outcome)

test('an answer of many segments is read to its end, and the server sees an orderly one and keeps nothing', () => {
  const { answered } = seen
  assert.deepEqual(outcomes(answered), ['ok', 'ok'])
  assert.ok(answered.report.bytesRead > 6_000_000)
  assert.deepEqual(answered.errors, [])
  assert.equal(answered.closed, 2)
  const [first, second] = answered.all
  assert.equal(first?.backend, 's')
  assert.ok(first.connectedMs! < first.requestedMs!, 'the ACK went ahead')
  assert.equal(second?.connectedMs, second?.requestedMs, 'the request was the ACK')
  assert.notEqual(first.address, second?.address)
  for (const { address } of answered.all) assert.match(address, /^198\.19\./)
})

test('a server that closes, babbles or resets is told apart', () => {
  assert.deepEqual(outcomes(seen.early), ['closedEarly'])
  assert.deepEqual(outcomes(seen.babbling), ['the response is not HTTP'])
  assert.deepEqual(outcomes(seen.reset), ['reset'])
})

test('a load that is stopped resets what the server holds, at whatever stage it is', () => {
  const { before, all, report } = seen.stopped
  assert.deepEqual(before.toSorted(), ['established', 'established', 'syn_recv'])
  assert.deepEqual(
    all.map(({ outcome }) => outcome),
    ['abandoned', 'ok', 'abandoned', 'abandoned'],
  )
  assert.deepEqual({ started: report.started, open: report.open }, { started: 4, open: 0 })
  assert.equal(report.outcomes.ok + report.outcomes.abandoned, 4)
})

test('where nobody listens every SYN is refused, and the load is over by itself', () => {
  assert.deepEqual(
    seen.refused.map(({ outcome }) => outcome),
    ['refused', 'refused', 'refused'],
  )
})

test('outside a lab it refuses and begins nothing', () => {
  assert.match(seen.outside.error, /only inside a lab: .* forwards packets/)
  assert.equal(seen.outside.started, 0)
})
