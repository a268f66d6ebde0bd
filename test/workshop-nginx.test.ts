/** The commands of the chapters that take a real nginx run as they stand. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { skipWithout } from './support/tools.ts'

const root = path.resolve(import.meta.dirname, '..')

/** The blocks of a chapter that begin with a folder for nginx. */
const blocksOf = (chapter: string): string[] =>
  [
    ...fs
      .readFileSync(path.join(root, 'docs/workshop', chapter), 'utf8')
      .matchAll(/```sh\n(mkdir -p my-nginx\n[^`]+)```/g),
  ].map(([, block = '']) => block)

/** What a block prints, given in a folder in which everything of the repository lies. */
async function given(block: string, signal: AbortSignal): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-chapter-'))
  try {
    fs.chmodSync(folder, 0o755)
    for (const name of fs.readdirSync(root)) fs.symlinkSync(path.join(root, name), path.join(folder, name))
    const PATH = `${process.env.PATH ?? ''}:/usr/sbin`
    const child = spawn('sh', ['-ec', block], { cwd: folder, env: { ...process.env, PATH }, signal })
    const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    assert.equal(status, 0, complaint)
    return out
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

test('sharding: nginx with a socket for each worker, and with one for both', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const [block = '', ...others] = blocksOf('06-sharding.md')
  assert.deepEqual(others, [])
  const out = await given(block, context.signal)
  assert.match(out, /with 2 sockets of its own for its workers[\s\S]+with one socket, at which 2 processes\s+accept/)
})

test('planning: a plan is played to nginx, and has a verdict', { skip: skipWithout('nginx') }, async (context) => {
  const [block = '', ...others] = blocksOf('07-planning.md')
  assert.deepEqual(others, [])
  assert.match(await given(block, context.signal), /The lab, a backlog of 60: (agrees|not judged)/)
})
