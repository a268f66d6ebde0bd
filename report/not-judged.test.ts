import assert from 'node:assert/strict'
import test from 'node:test'
import type { Verdict } from '#lab/experiment/verdict.ts'
import { reportHtml } from './report.ts'
import { recording, runOf } from './testing/runs.ts'

const reason = 'this machine was too busy: connections began up to 230 ms late in phase burst'
const because = 'this machine was too busy: connections began up to 230 ms late, and it bears 50 ms'

function busy(): ReturnType<typeof runOf> {
  const late = recording('lab', {
    lateness: [
      { what: 'timers', lateMs: 40, phase: 'stall' },
      { what: 'arrivals', lateMs: 230, phase: 'burst' },
      { what: 'timers', lateMs: 90, phase: 'burst' },
    ],
  })
  const { verdict } = runOf([late])
  const [first, ...others] = verdict.expectations
  const expectations = [{ ...first!, passed: false, seen: 7, notJudged: because }, ...others]
  const changes: Partial<Verdict> = { status: 'not judged', reason, lagMs: 230, expectations }
  return runOf([late], changes)
}

const textOf = (page: string): string =>
  page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')

test('a report says what is not judged and why, and calls it neither passed nor failed', () => {
  const text = textOf(reportHtml([busy()]))
  assert.match(
    text,
    /This machine was too busy: connections began up to 230 ms late in phase burst\. 1 of 2 expectations is not judged; the others hold\./,
  )
  assert.match(text, /– not judged the queue holds one more this machine was too busy: .* and it bears 50 ms/)
  assert.doesNotMatch(text, /✗/)
})

test('side by side, too', () => {
  const text = textOf(reportHtml([busy(), runOf([recording()])]))
  assert.match(text, /– not judged 7 .*and it bears 50 ms/)
  assert.match(text, /✓ pass 9/)
})

test('the section on the machine tells the worst of each kind of lateness, and where', () => {
  const text = textOf(reportHtml([busy()]))
  assert.match(
    text,
    /Lateness connections began up to 230 ms late in phase burst; timers of an idle process fired up to 90 ms late in phase burst/,
  )
})
