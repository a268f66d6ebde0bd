import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual, promisify } from 'node:util'
import { publint } from 'publint'
import { fact } from '#experiments/vocabulary/citation.ts'
import { writeFolder } from '#lab/experiment/folder.ts'
import { recording, runOf } from '#report/testing/runs.ts'
import { foreignEnv, Packed } from './support/packed.ts'

const root = path.resolve(import.meta.dirname, '..')
const run = promisify(execFile)

const env = foreignEnv
let folder = ''
let installed = ''
let packed: string[] = []
let made: Packed | undefined

before(
  async () => {
    made = await Packed.install()
    ;({ folder, installed, files: packed } = made)
  },
  { timeout: 300_000 },
)
after(() => made?.[Symbol.dispose]())

const spillway = (...words: string[]) => run('npx', ['--no-install', 'spillway', ...words], { cwd: installed, env })

test('the package holds JavaScript, the command and the licence, and neither tests nor sources', () => {
  for (const wanted of ['bin/spillway', 'dist/cli/main.js', 'dist/package.json', 'package.json', 'LICENSE'])
    assert.ok(packed.includes(wanted), wanted)
  assert.deepEqual(
    packed.filter(
      (file) =>
        !/\/(spillway-vocabulary|expect)\.d\.c?ts$/.test(file) &&
        /\.ts$|\.test\.|(^|\/)(fixtures|testing|bench|test)\//.test(file),
    ),
    [],
  )
})

test('publint finds nothing wrong with it', async () => {
  const pkgDir = path.join(installed, 'node_modules', 'spillway')
  const { messages } = await publint({ pkgDir, pack: false, strict: true })
  // It says that Node ignores the imports of dist/package.json. Node follows those of the nearest package.json, as the next test shows.
  const followed = { field: 'imports', filePath: './dist/package.json' }
  const wrong = messages.filter(
    ({ code, args }) => code !== 'NESTED_PACKAGE_JSON_FIELD_IGNORED' || !isDeepStrictEqual(args, followed),
  )
  assert.deepEqual(wrong, [])
})

test('whatever a packed file imports is packed too, under the name that it says', () => {
  const dist = path.join(installed, 'node_modules', 'spillway', 'dist')
  const specifier = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew\s+URL\(\s*)(['"])((?:\.{1,2}|#[a-z]+)\/[^'"\n]+)\1/g
  let seen = 0
  for (const file of fs.readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue
    for (const [, , named = ''] of fs.readFileSync(path.join(dist, file), 'utf8').matchAll(specifier)) {
      if (!/\.(js|ts)$/.test(named)) continue
      const target = named.startsWith('#')
        ? path.join(dist, named.slice(1).replace(/\.ts$/, '.js'))
        : path.join(dist, path.dirname(file), named)
      assert.ok(named.startsWith('#') || named.endsWith('.js'), `${file}: ${named}`)
      assert.ok(fs.existsSync(target), `${file}: ${named}`)
      seen++
    }
  }
  assert.ok(seen > 50)
})

test('the page of the installed board imports only what its server has', async () => {
  const dist = path.join(installed, 'node_modules', 'spillway', 'dist')
  const listing = `
    const { loadAssets } = await import('${path.join(dist, 'services/board/server/assets.js')}')
    const assets = loadAssets({ start: '', token: '', experiments: [], unavailable: {}, chapters: [] })
    const modules = [...assets].filter(([, { type }]) => type.startsWith('text/javascript'))
    console.log(JSON.stringify(modules.map(([name, { identity }]) => [name, identity.toString()])))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', listing], { maxBuffer: 1e7 })
  const sources = new Map<string, string>(JSON.parse(stdout))
  let seen = 0
  for (const [name, source] of sources)
    for (const [, specifier = ''] of source.matchAll(/^(?:import|export) .*? from '([^']+)'/gms)) {
      assert.ok(/^[./]/.test(specifier), `${name} imports ${specifier}`)
      assert.ok(sources.has(new URL(specifier, `http://board${name}`).pathname), `${name} imports ${specifier}`)
      seen++
    }
  assert.ok(seen > 30)
})

test('the installed command tells its help and its version', async () => {
  const { stdout } = await spillway('--help')
  assert.match(stdout, /exporter/)
  const own: { version: string } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  assert.equal((await spillway('--version')).stdout.trim(), own.version)
})

test('a report of the installed package carries the facts that it cites', async () => {
  const runs = path.join(folder, 'run')
  fs.mkdirSync(runs)
  const made = recording()
  const { verdict } = runOf([made], { sources: [fact('accept-queue-limit')] })
  await writeFolder(runs, verdict, [made])
  const page = path.join(folder, 'report.html')
  await spillway('report', runs, '--out', page)
  const html = fs.readFileSync(page, 'utf8')
  assert.match(html, /<a href="#fact-accept-queue-limit">Accept queue limit<\/a>/)
  assert.match(html, /<h3 id="fact-accept-queue-limit">.*sk_acceptq_is_full/s)
})

test('an experiment of one’s own runs as it is written, beside the package and in a folder outside, and has its types', async () => {
  const outside = path.join(folder, 'outside')
  fs.mkdirSync(outside)
  // npm install -g makes such a link in the folder of its prefix.
  const command = path.join(folder, 'linked-spillway')
  fs.symlinkSync(path.join(installed, 'node_modules', '.bin', 'spillway'), command)
  for (const [home, name] of [
    [installed, 'beside'],
    [outside, 'apart'],
  ] as const) {
    await run(command, ['new', name], { cwd: home, env })
    assert.equal(fs.existsSync(path.join(home, 'spillway-vocabulary.d.ts')), home === outside)
    const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
    const settings = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
    ]
    await run(tsc, [...settings, '--types', '', `${name}.ts`], { cwd: home })
    const { stdout } = await run(command, ['run', `./${name}.ts`, '--json'], { cwd: home, env })
    const { experiment, status }: { experiment: string; status: string } = JSON.parse(stdout)
    assert.equal(experiment, name)
    assert.ok(['passed', 'not judged'].includes(status), stdout)
  }
})

const ASKS = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 300 }, async () => {
    const { port } = server.address()
    await expectListener({ port, backlog: 300, shards: 1 })
    const error = await expectListener({ port, backlog: '>=1024' }).catch((error) => error)
    console.log(error.name, error.message.replace(String(port), 'PORT'))
    server.close()
  })`

test('the installed package asserts what a listener is like, by import and by require, and has the types for both', async () => {
  const ways: [file: string, script: string][] = [
    ['asks.cjs', `const { expectListener } = require('spillway/expect')${ASKS}`],
    [
      'asks.mjs',
      `import { createRequire } from 'node:module'
      import { expectListener } from 'spillway/expect'
      const require = createRequire(import.meta.url)${ASKS}`,
    ],
  ]
  for (const [file, script] of ways) {
    fs.writeFileSync(path.join(installed, file), script)
    const { stdout } = await run(process.execPath, [file], { cwd: installed, env })
    assert.match(
      stdout,
      /^AssertionError 127\.0\.0\.1:PORT \(Node \(asks\)\) has a backlog of 300, and >= 1024 was expected\n$/,
      file,
    )
  }
  const typed =
    "import { expectListener } from 'spillway/expect'\nvoid expectListener({ port: 8080, backlog: '>=1024', shards: 4 })\n"
  for (const file of ['typed.mts', 'typed.cts']) {
    fs.writeFileSync(path.join(installed, file), typed)
    const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
    await run(tsc, ['--noEmit', '--strict', '--module', 'nodenext', '--types', '', file], { cwd: installed })
  }
})

test('an unknown command of the installed package ends with status 2', async () => {
  await assert.rejects(spillway('no-such-command'), { code: 2, stderr: /no-such-command/ })
})

test('the installed exporter serves what the kernel says, and ends when it is told to', async () => {
  // The link that npx would start: a signal to it must reach the exporter itself, without a shell between.
  const command = path.join(installed, 'node_modules', '.bin', 'spillway')
  const exporter = spawn(command, ['exporter', '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let said = ''
      createInterface(exporter.stderr).on('line', (line) => {
        said += `${line}\n`
        const url = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(line)
        if (url !== null) resolve(url[0])
      })
      exporter.once('exit', () => reject(new Error(`The exporter ended: ${said}`)))
    })
    const answer = await fetch(address)
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /^tcp_listener_accept_queue_limit\{/m)
  } finally {
    const ended = once(exporter, 'exit')
    exporter.kill('SIGTERM')
    await ended
  }
  assert.equal(exporter.signalCode ?? exporter.exitCode, 0)
})

test('without a Node that is new enough the command says what to do and ends with status 2', async () => {
  const bare = path.join(folder, 'bare')
  fs.mkdirSync(path.join(bare, 'bin'), { recursive: true })
  fs.copyFileSync(path.join(root, 'bin', 'spillway'), path.join(bare, 'bin', 'spillway'))
  const old = path.join(folder, 'old-node')
  fs.mkdirSync(old)
  fs.writeFileSync(path.join(old, 'node'), '#!/bin/sh\necho v20.20.2\n', { mode: 0o755 })
  const start = (PATH: string) => run(path.join(bare, 'bin', 'spillway'), ['--help'], { env: { PATH } })
  await assert.rejects(start(`${old}:/usr/bin:/bin`), {
    code: 2,
    stderr: /^spillway: needs Node 24.*v20\.20\.2.*npm ci/,
  })
  fs.writeFileSync(path.join(old, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 || echo "ran $1"\n')
  const { stdout } = await start(`${old}:/usr/bin:/bin`)
  assert.equal(stdout, `ran ${path.join(fs.realpathSync(bare), 'dist', 'cli', 'main.js')}\n`)
})
