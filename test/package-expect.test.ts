/** What `spillway/expect` says under the test runners that people have: installed from their registry, and run. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { foreignEnv, Packed } from './support/packed.ts'

let packed: Packed
before(
  async () => {
    packed = await Packed.install('vitest@5.1.1', 'jest@30.5.2')
  },
  { timeout: 300_000 },
)
after(() => packed?.[Symbol.dispose]())

/** Three tests: one that holds, one that expects the refusal, and one that fails as it would in somebody's CI. */
const tests = `
  const listen = () => new Promise((resolve) => {
    const server = net.createServer().listen({ port: 0, host: '127.0.0.1', backlog: 77 }, () => resolve(server))
  })
  test('holds', async () => {
    const server = await listen()
    await expectListener({ port: server.address().port, backlog: 77, shards: 1 })
    server.close()
  })
  test('refuses', async () => {
    const server = await listen()
    await expect(expectListener({ port: server.address().port, backlog: '>=1024' })).rejects.toThrow('a backlog of 77')
    await expect(expectListener({ port: server.address().port, limit: 77 })).rejects.toThrow("knows no 'limit'")
    server.close()
  })
  test('fails', async () => {
    const server = await listen()
    try {
      await expectListener({ port: server.address().port, backlog: '>=1024' })
    } finally {
      server.close()
    }
  })
`

interface Outcome {
  numPassedTests: number
  numFailedTests: number
  testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[]
}

/** Runs a runner of the installed folder, and gives what it reports. */
function outcomeOf(...words: string[]): Promise<{ code: number; outcome: Outcome }> {
  const [program = '', ...args] = words
  const report = path.join(packed.folder, `${path.basename(program)}.json`)
  return new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      [path.join(packed.installed, 'node_modules', program), ...args, `--outputFile=${report}`],
      { cwd: packed.installed, env: { ...foreignEnv, CI: '1', NO_COLOR: '1' }, maxBuffer: 1e7 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code)
        if (fs.existsSync(report)) resolve({ code, outcome: JSON.parse(fs.readFileSync(report, 'utf8')) })
        else reject(new Error(`${program} ended with status ${code}: ${stdout}${stderr}`))
      },
    ),
  )
}

function judge({ code, outcome }: { code: number; outcome: Outcome }): void {
  const results = outcome.testResults.flatMap(({ assertionResults }) => assertionResults)
  assert.deepEqual(
    results.map(({ title, status }) => [title, status]),
    [
      ['holds', 'passed'],
      ['refuses', 'passed'],
      ['fails', 'failed'],
    ],
    results.flatMap(({ failureMessages }) => failureMessages).join('\n'),
  )
  assert.equal(code, 1)
  assert.match(
    results.at(-1)?.failureMessages.join('\n') ?? '',
    /127\.0\.0\.1:\d+ \(.*\) has a backlog of 77, and >= 1024 was expected/,
  )
}

test('under vitest an expected listener passes, and another fails with what is there instead', async () => {
  const head = `
    import net from 'node:net'
    import { expect, test } from 'vitest'
    import { expectListener } from 'spillway/expect'`
  fs.writeFileSync(path.join(packed.installed, 'listener.vitest.test.mjs'), `${head}${tests}`)
  judge(
    await outcomeOf('vitest/vitest.mjs', 'run', '--reporter=json', '--testTimeout=60000', 'listener.vitest.test.mjs'),
  )
})

test('under jest, which loads CommonJS, the same holds', async () => {
  const head = `
    const net = require('node:net')
    const { expectListener } = require('spillway/expect')`
  fs.writeFileSync(path.join(packed.installed, 'listener.jest.test.cjs'), `${head}${tests}`)
  const match = ['--testMatch', '**/listener.jest.test.cjs']
  judge(await outcomeOf('jest/bin/jest.js', '--json', '--ci', '--testTimeout=60000', ...match))
})
