import assert from 'node:assert/strict'
import test from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { deck, fact } from '#experiments/vocabulary/citation.ts'
import { runOf } from '#report/testing/runs.ts'
import { listInWords, verdictInWords } from './words.ts'

const sources = [deck('a backlog that is too small'), fact('accept-queue-limit'), 'an article <https://example.org/a>']

test('the list names the sources of each experiment, one a line, as they can be opened', () => {
  const [experiment] = experiments
  assert.deepEqual(
    listInWords([{ ...experiment!, name: 'mine', teaches: 'A queue.', sources: ['x', ...sources] }]).split('\n'),
    [
      'mine',
      '    A queue.',
      '    sources: x',
      '             the deck "Sockets, Connections and Queues": a backlog that is too small',
      '             docs/kernel-facts.md#accept-queue-limit',
      '             an article <https://example.org/a>',
    ],
  )
})

test('a verdict that contradicts says what its expectations rest on, and one that passed is a line', () => {
  const { verdict } = runOf([], { sources: [fact('accept-queue-limit'), ...sources.slice(2)] })
  assert.equal(verdictInWords(verdict, 'runs/small').split('\n').length, 1)
  const expectations = verdict.expectations.map((one) => ({ ...one, passed: false }))
  const lines = verdictInWords({ ...verdict, status: 'failed', expectations }, 'runs/small').split('\n')
  assert.deepEqual(lines.slice(-3), [
    '  sources: docs/kernel-facts.md#accept-queue-limit',
    '           an article <https://example.org/a>',
    '  at worst 3 ms late; see runs/small/report.html',
  ])
})
