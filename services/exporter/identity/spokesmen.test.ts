import assert from 'node:assert/strict'
import test from 'node:test'
import { nowhere } from '#kernel/cgroup-path.ts'
import { Spokesmen } from './spokesmen.ts'

const owners = (...pids: number[]) => pids.map((pid) => ({ pid, command: 'web', commandLine: '', workload: nowhere }))

test('the lowest process that accepts stands for a socket, and stays while others accept or it is busy', () => {
  const spokesmen = new Spokesmen()
  const of = (pids: number[], waiters: number[] | undefined): number | undefined =>
    spokesmen.of(1, owners(...pids), waiters)?.pid
  assert.equal(of([1, 5, 6], undefined), 1, 'nothing is known of who accepts')
  assert.equal(of([1, 5, 6], []), 1)
  assert.equal(of([1, 5, 6], [6]), 6)
  assert.equal(of([1, 5, 6], [5, 6]), 6)
  assert.equal(of([1, 5, 6], [5]), 6, 'it is busy')
  assert.equal(of([1, 5, 6], []), 6)
  assert.equal(of([1, 5, 7], [5, 7]), 5, 'it has ended')
  assert.equal(of([1], []), 1)
  assert.equal(of([], undefined), undefined)
})

test('sockets that are gone are forgotten', () => {
  const spokesmen = new Spokesmen()
  assert.equal(spokesmen.of(1, owners(3, 4), [4])?.pid, 4)
  spokesmen.forgetOthers(new Set([2]))
  assert.equal(spokesmen.of(1, owners(3, 4), [])?.pid, 3)
})
