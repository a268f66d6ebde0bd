import assert from 'node:assert/strict'
import test from 'node:test'
import { Child, fixture } from './fixtures/child.ts'
import { UnixListenerDump } from './sampler/unix-listener-dump.ts'

test("clients that wait at the exporter's own socket are counted, and wake no namespace that rests", async () => {
  const scenario = fixture('./own-socket-scenario.ts')
  await using child = new Child('unshare', ['-r', '-n', '--kill-child', '--fork', process.execPath, scenario])
  assert.equal(await child.exitCode(), 0, child.lines.join('\n'))
})

test('the same holds for one that listens on a Unix socket', () => {
  const record = {
    ...{ name: '/run/spillway.sock', type: 'stream' as const, inode: 7, cookie: 7n, cookieHigh: 0, shortCookie: 7 },
    ...{ length: 1, limit: 9, uid: undefined },
  }
  const lengthAndRest = (inode: number): [number | undefined, boolean] => {
    const dump = new UnixListenerDump(30_000, { inode })
    for (const nowMs of [0, 59_000, 61_000]) dump.sample({ dumpUnixListeners: (visit) => visit(record) }, nowMs, 1000)
    return [dump.toRaw(61_000)?.unixListeners[0]?.length, dump.isQuiet(61_000)]
  }
  assert.deepEqual(lengthAndRest(8), [1, false])
  assert.deepEqual(lengthAndRest(7), [1, true])
})
