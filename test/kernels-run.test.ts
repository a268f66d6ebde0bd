/** `npm run kernels`: another kernel is booted and asked, in an emulated machine. Only where somebody gives a program that boots one. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { answersOf } from '../scripts/kernels/machine.ts'
import type { Found, Line } from '../scripts/kernels/record.ts'
import { seriesOf } from '../scripts/kernels/record.ts'

const machine = process.env.SPILLWAY_KERNELS || undefined
const skip = machine === undefined && 'no program is given that boots another kernel (SPILLWAY_KERNELS)'
/** Older than the tracepoints by which arrivals and drops are told apart. */
const KERNEL = '6.1'
const TESTS = 'kernel/sock-diag/socket.test.ts'

test(`on Linux ${KERNEL} sock_diag is read as here, and each exact feature works or says what is missing`, {
  skip,
}, async ({ signal }) => {
  const lines: Line[] = []
  const words = ['exact', TESTS]
  const how = await answersOf({ kernel: KERNEL, machine, words, timeoutS: 900, signal }, (line) => {
    lines.push(line)
  })
  assert.equal(how, 'all')
  const found = new Map(lines.flatMap((line): [string, Found][] => (line.is === 'found' ? [[line.name, line]] : [])))
  const [kernel] = lines
  assert.ok(kernel?.is === 'kernel')
  assert.equal(seriesOf(kernel.release), KERNEL)
  assert.equal(found.get('shards')?.outcome, 'on')
  for (const [feature, missing] of [
    ['peaks', /no tracepoint sk_data_ready/],
    ['accept_waits', /no (tracepoint|function) \w+/],
    ['drops', /no (tracepoint|function|drop reason) \w+/],
  ] as const) {
    assert.equal(found.get(feature)?.outcome, 'off', feature)
    assert.match(found.get(feature)?.says[0] ?? '', missing)
  }
  const tests = found.get(TESTS)
  assert.deepEqual([tests?.outcome, tests?.says], ['passed', []])
  assert.ok((tests?.counts?.passed ?? 0) > 0)
})
