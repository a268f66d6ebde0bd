/** What `--netns all` is not allowed to see. Inside a user namespace the processes outside are such. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Child, fixture } from './fixtures/child.ts'

const METRIC = /^spillway_exporter_namespace_hidden_processes (\d+)$/m
const SAID = /^[\d,]+ process(es)? may not be looked at, .* CAP_SYS_PTRACE/

/** What an exporter in namespaces of its own says of hidden processes, on its page and in its lines. */
async function hidden(...namespaces: string[]): Promise<{ count: number; said: boolean }> {
  using folder = fs.mkdtempDisposableSync(path.join(os.tmpdir(), 'spillway-hidden-'))
  const socketPath = path.join(folder.path, 'exporter.sock')
  const words = [fixture('../main.ts'), '--listen', `unix:${socketPath}`, '--netns', 'all']
  const own = ['--user', '--map-root-user', '--net', ...namespaces, '--kill-child', '--fork']
  await using child = new Child('unshare', [...own, process.execPath, ...words])
  await child.line(/^Metrics: /)
  const page = async (): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    http.get({ socketPath, path: '/metrics' }, resolve).on('error', reject)
    return text(await promise)
  }
  const seen = await eventually('the page has the number', page, (one) => METRIC.test(one))
  return { count: Number(METRIC.exec(seen)?.[1]), said: child.lines.some((line) => SAID.test(line)) }
}

test('processes whose network namespace may not be looked at are counted, exported and said', async () => {
  const { count, said } = await hidden()
  assert.ok(count > 0 && said)
})

test('where all processes may be looked at that number is 0, and nothing is said', async () => {
  assert.deepEqual(await hidden('--pid', '--mount-proc'), { count: 0, said: false })
})
