import assert from 'node:assert/strict'
import test from 'node:test'
import { NamespaceLog } from './namespace-log.ts'

function logged(): { log: NamespaceLog; lines: string[] } {
  const lines: string[] = []
  return { log: new NamespaceLog((line) => lines.push(line)), lines }
}

test('a namespace that comes or goes now and then has a line of its own', () => {
  const { log, lines } = logged()
  log.came('web (inode 1)', 0)
  log.went('web (inode 1)', 100_000)
  log.sumUp(200_000, 1)
  assert.deepEqual(lines, [
    'Network namespace web (inode 1) is read from now on',
    'Network namespace web (inode 1) is gone and is no longer read',
  ])
})

test('many that come and go are summed up, a line a minute for as long as it lasts', () => {
  const { log, lines } = logged()
  for (let nowMs = 0; nowMs < 600_000; nowMs += 500) {
    log.came(`${nowMs}`, nowMs)
    if (nowMs > 10_000) log.went(`${nowMs}`, nowMs)
    log.sumUp(nowMs, 20)
  }
  assert.ok(lines.length <= 4 + 10, lines.join('\n'))
  assert.equal(lines[5], 'Network namespaces: 120 came and 120 went within 60 s, 20 are read now')
})

test('after a quiet time each has its line again', () => {
  const { log, lines } = logged()
  for (let count = 0; count < 20; count++) log.came(`${count}`, 0)
  log.sumUp(60_000, 20)
  log.went('late', 130_000)
  assert.match(lines.at(-2)!, /^Network namespaces: 16 came within/)
  assert.match(lines.at(-1)!, /late/)
})

test('of many that cannot be read the first few are named, each once', () => {
  const { log, lines } = logged()
  for (let again = 0; again < 3; again++)
    for (let count = 0; count < 50; count++) log.cannotRead(`/proc/${count}/ns/net`, `${count}`, 'EPERM')
  assert.equal(lines.length, 4)
  assert.match(lines[3]!, /^More network namespaces cannot be read: /)
  log.forget(() => false)
  log.cannotRead('/proc/1/ns/net', '1', 'EPERM')
  assert.equal(lines.length, 5, 'what was gone is named again')
})
