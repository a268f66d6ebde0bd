import assert from 'node:assert/strict'
import test from 'node:test'
import { Progress } from './progress.ts'

function storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

test('what was done and predicted is there again, chapter by chapter', () => {
  const browser = storage()
  const first = new Progress(browser, '01-handshake')
  first.predict('predict-full', 200)
  first.finish('run')
  first.finish('run')
  const again = new Progress(browser, '01-handshake')
  assert.equal(again.prediction('predict-full'), 200)
  assert.deepEqual([again.isDone('predict-full'), again.isDone('run'), again.isDone('look')], [true, true, false])
  assert.equal(new Progress(browser, '02-sockets').isDone('run'), false)
  assert.equal(new Progress(browser, '02-sockets').isDone('run', '01-handshake'), true)
})

test('two tabs do not undo each other', () => {
  const browser = storage()
  const [one, other] = [new Progress(browser, '01-handshake'), new Progress(browser, '02-sockets')]
  one.finish('run')
  other.finish('look')
  one.finish('explain')
  const all = new Progress(browser, '01-handshake')
  assert.deepEqual([all.isDone('run'), all.isDone('explain'), all.isDone('look', '02-sockets')], [true, true, true])
})

test('it is forgotten when asked, and what is no progress is taken for none', () => {
  const browser = storage()
  const progress = new Progress(browser, '01-handshake')
  progress.predict('predict-full', 1)
  progress.reset()
  assert.equal(new Progress(browser, '01-handshake').prediction('predict-full'), undefined)
  browser.setItem('spillway-workshop', '{ broken')
  assert.equal(new Progress(browser, '01-handshake').isDone('run'), false)
})
