/** A terminal that nobody reads, as behind an ssh that hangs: all that it can hold is full. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { skipWithout } from '../../test/support/tools.ts'

const skip = skipWithout('script')
const program = new URL('./testing/frames.ts', import.meta.url).pathname
/** Of ten kilobytes each: neither a terminal nor a pipe holds so many. */
const MORE_THAN_FIT = 300

const hasEnded = (pid: number): boolean => {
  try {
    return /^State:\tZ/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}

/** What `script` shows is not read, so that it does not read its terminal either. Gives the process that shows frames there. */
async function showsUnread(context: TestContext): Promise<number> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-terminal-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'frames')
  const child = spawn('script', ['-qefc', `exec ${process.execPath} ${program} ${file}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const over = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGKILL')
    await over
  })
  const written = await eventually(
    'it goes on although nobody reads',
    () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split(' ').map(Number) : []),
    ([, frames = 0]) => frames > MORE_THAN_FIT,
  )
  const [pid = 0] = written
  assert.ok(!hasEnded(pid))
  return pid
}

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const)
  test(`${signal} ends what shows a view on a terminal that nobody reads`, { skip }, async (context) => {
    const pid = await showsUnread(context)
    process.kill(pid, signal)
    await eventually('it has ended', () => hasEnded(pid))
  })
