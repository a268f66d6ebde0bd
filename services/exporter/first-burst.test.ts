import assert from 'node:assert/strict'
import test from 'node:test'
import { Child, fixture } from './fixtures/child.ts'

test("a listener's drops are given from its first sight, so that a rate sees the first burst, unless there are very many", async () => {
  const scenario = fixture('./first-burst-scenario.ts')
  await using child = new Child('unshare', ['-r', '-n', '--kill-child', '--fork', process.execPath, scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
})
