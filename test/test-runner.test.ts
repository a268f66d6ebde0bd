/** `npm test` itself, in a project of three files. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { commandLineOf } from '../scripts/test/process-tree.ts'

const runner = path.resolve(import.meta.dirname, '..', 'scripts', 'test', 'main.ts')
const files: Record<string, string> = {
  'common/fine.test.ts': `test('holds', () => {})`,
  'common/wrong.test.ts': `test('holds', () => {})\ntest('is wrong', () => assert.equal(1, 2))`,
  'common/hangs.test.ts': `test('never ends', () => new Promise(() => setInterval(() => {}, 1000)))\ntest('comes next', () => {})`,
  // It started a process of its own, and hears neither a timer nor a signal.
  'test/spins.test.ts': `
    process.on('SIGTERM', () => {})
    const { pid } = spawn('sleep', ['600'])
    fs.writeFileSync('pids', process.pid + ' ' + pid)
    test('spins', () => { for (;;); })`,
  'test/last.test.ts': `test('comes last', () => {})`,
  'node_modules/other/other.test.ts': `test('of somebody else', () => {})`,
}
const imports = `
  import assert from 'node:assert/strict'
  import { spawn } from 'node:child_process'
  import fs from 'node:fs'
  import { test } from 'node:test'
`

let project = ''
before(() => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-test-runner-'))
  for (const [name, source] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(project, name)), { recursive: true })
    fs.writeFileSync(path.join(project, name), imports + source)
  }
})
after(() => fs.rmSync(project, { recursive: true, force: true }))

async function npmTest(...words: string[]): Promise<{ status: number | null; said: string; complained: string }> {
  // Else Node takes it for a part of the run that this test is in.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [runner, ...words], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [said, complained, status] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { status, said, complained }
}

test('a file that spins for ever is ended with what it started, and fails by its name; the others run', async () => {
  const { status, said } = await npmTest('--limit=10s')
  assert.equal(status, 1)
  assert.match(said, /✖ test\/spins\.test\.ts .*\n.*the file was killed: no test began or ended in it for /)
  for (const pid of fs.readFileSync(path.join(project, 'pids'), 'utf8').split(' '))
    assert.deepEqual(commandLineOf(Number(pid)), [''], `process ${pid} runs on`)
  assert.match(said, /✖ never ends .*\n.*test timed out after 10000ms/)
  assert.match(said, /✖ is wrong/)
  for (const name of ['holds', 'comes next', 'comes last']) assert.match(said, new RegExp(`✔ ${name} `))
  assert.doesNotMatch(said, /of somebody else/)
  // Two passes, and one sum.
  assert.deepEqual(said.match(/^ℹ tests \d+$/gm), ['ℹ tests 7'])
  assert.deepEqual(said.match(/^ℹ pass \d+$/gm), ['ℹ pass 4'])
})

test('files that are named run, and no others', async () => {
  const { status, said } = await npmTest('common/fine.test.ts', 'test/last.test.ts')
  assert.equal(status, 0, said)
  assert.deepEqual(said.match(/✔ .*(?= \()/g), ['✔ holds', '✔ comes last'])
})

test('a file that fails fails the run', async () => {
  const { status, said } = await npmTest('common/wrong.test.ts')
  assert.equal(status, 1)
  assert.match(said, /^ℹ fail 1$/m)
})

test('a name without tests, and an option that there is not, are refused in one sentence', async () => {
  for (const [word, sentence] of [
    ['common/no-such.test.ts', 'common/no-such.test.ts contains no tests'],
    ['node_modules/other/nothing', 'node_modules/other/nothing contains no tests'],
    ['--watch', 'npm test has no option --watch'],
    ['--limit=5', "--limit '5' is "],
  ] as const) {
    const { status, said, complained } = await npmTest(word)
    assert.equal(status, 2)
    assert.equal(said, '')
    assert.ok(complained.startsWith(sentence), complained)
  }
})
