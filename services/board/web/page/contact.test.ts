import assert from 'node:assert/strict'
import test from 'node:test'
import { type Contact, type Notice, noticeOf } from './contact.ts'

const live: Contact = { connected: true, seen: true, sinceMs: 90, loss: undefined }
const gone = { problem: 'The lab has ended.', remedy: 'Start one: npm start' }
const notice = (changes: Partial<Contact>): Notice | undefined =>
  noticeOf({ ...live, ...changes }, { board: 'http://127.0.0.1:10510', startAgain: 'npm start' })

test('while samples come there is nothing to say', () => {
  assert.equal(notice({}), undefined)
  assert.equal(notice({ connected: false, seen: false, sinceMs: 0 }), undefined)
})

test('a sample that is late is called old, with its age', () => {
  const { state, badge, problem } = notice({ sinceMs: 3210 }) ?? assert.fail()
  assert.equal(state, 'old')
  assert.equal(badge, 'no sample for 3.2 s: the picture is old')
  assert.match(problem, /is old/)
})

test('a lab that has ended is told apart from one that is late, at once and also when its board is gone', () => {
  for (const connected of [true, false])
    for (const sinceMs of [0, 60_000])
      assert.deepEqual(notice({ connected, sinceMs, loss: gone }), {
        state: 'over',
        badge: 'the lab has ended',
        problem: 'The lab has ended.',
        remedy: 'Start one: npm start',
      })
})

test('a board that is gone is named with its address, and how to start one', () => {
  const { state, problem, remedy } = notice({ connected: false, sinceMs: 2000 }) ?? assert.fail()
  assert.equal(state, 'over')
  assert.match(problem, /lost its connection to the board at http:\/\/127\.0\.0\.1:10510\./)
  assert.match(remedy, /Start one: npm start$/)
})

test('before the first sample the page waits, and after a long time it says what to do', () => {
  assert.deepEqual(
    [notice({ seen: false, sinceMs: 5000 })?.state, notice({ seen: false, sinceMs: 5000 })?.remedy],
    ['waiting', ''],
  )
  assert.match(notice({ seen: false, sinceMs: 60_000 })?.remedy ?? '', /start one: npm start$/)
})
