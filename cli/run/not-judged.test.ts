import assert from 'node:assert/strict'
import test from 'node:test'
import { runOf } from '#report/testing/runs.ts'
import { verdictInWords } from './words.ts'

test('what is not judged is told with its reason, apart from what failed', () => {
  const { verdict } = runOf([])
  const [first, second] = verdict.expectations
  const because = 'this machine was too busy: a switch took up to 230 ms, and it bears 50 ms'
  const reason = 'this machine was too busy: a switch took up to 230 ms in phase burst'
  const expectations = [{ ...first!, passed: false, seen: 7, notJudged: because }, second!]
  const lines = verdictInWords({ ...verdict, status: 'not judged', reason, expectations }, 'runs/small').split('\n')
  assert.match(lines[0]!, /^– small .* not judged .*1 of 2 expectations/)
  assert.deepEqual(lines.slice(1), [
    `  ${reason}`,
    '  – the queue holds one more',
    `      not judged: ${because}`,
    '      expected 9',
    '      seen     7 (counted by kernel)',
  ])
  const failed = [
    { ...first!, passed: false },
    { ...second!, passed: false, notJudged: because },
  ]
  const both = verdictInWords({ ...verdict, status: 'failed', expectations: failed }, 'runs/small')
  assert.match(both, /^ {2}✗ the queue holds one more$/m)
  assert.match(both, /^ {2}– who is dropped waits$/m)
})
