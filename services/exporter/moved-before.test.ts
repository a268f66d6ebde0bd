import assert from 'node:assert/strict'
import test from 'node:test'
import { Child, fixture } from './fixtures/child.ts'

test('connections that were moved before the exporter began are not taken for those of a listener that closes later', async () => {
  const scenario = [process.execPath, fixture('./connections-scenario.ts'), 'movedBefore']
  await using child = new Child('unshare', ['-rn', '--kill-child', '--fork', ...scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
})
