import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { Child, fixture } from './fixtures/child.ts'

test('a listener of MPTCP has one row, with its queue, its limit and its drops, and is named as such', async (t) => {
  if (!fs.existsSync('/proc/sys/net/mptcp')) return t.skip('this kernel has no MPTCP')
  const scenario = fixture('./mptcp-scenario.ts')
  await using child = new Child('unshare', ['-r', '-n', '--kill-child', '--fork', process.execPath, scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
})
