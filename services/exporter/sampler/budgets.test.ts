import assert from 'node:assert/strict'
import test from 'node:test'
import { help } from '../options.ts'
import { budgetsFor, ceilingsMs } from './budgets.ts'
import { defaultPace } from './pace.ts'

const paragraph = /--cpu-budget SHARE[\s\S]*?\n {2}--/.exec(help)?.[0] ?? ''

for (const [kind, words] of [
  ['counters', 'counters 1s'],
  ['syn_queue', 'half-open requests 5s'],
  ['connections', 'connections 15s'],
  ['outgoing', 'outgoing connections 60s'],
  ['unix', 'UNIX listeners 1s'],
  ['udp', 'UDP sockets 5s'],
  ['limits', 'settings and sockstat 15s'],
] as const)
  test(`however dear ${kind} are, they are read as often as the help of --cpu-budget says`, () => {
    const work = budgetsFor(defaultPace)[kind].work(1)
    work.observe(1e9)
    assert.equal(work.intervalMs(), ceilingsMs[kind])
    assert.ok(paragraph.includes(words), paragraph)
  })

test('the help of --cpu-budget names every kind that has a budget', () => {
  assert.equal(paragraph.match(/ \d+s\b/g)?.length, Object.keys(ceilingsMs).length)
})
