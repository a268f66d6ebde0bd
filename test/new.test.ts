/** Experiments of one's own: `spillway new` in a folder outside the clone, what an editor finds there, and files as people have them. */
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { readOptions } from '#cli/new/options.ts'
import { loadExperiment } from '#cli/run/file.ts'
import { UsageError } from '#common/errors.ts'

const root = path.resolve(import.meta.dirname, '..')
const spillway = path.join(root, 'bin/spillway')
const tsc = path.join(root, 'node_modules/.bin/tsc')

function folderOf(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-own-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const written = (folder: string, files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text)
}

/** What tsc complains of in a folder, with settings as an editor has them for a file without a tsconfig.json, but strict. */
function complaintsOfTsc(folder: string, files: readonly string[]): string {
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
  const { stdout } = spawnSync(tsc, [...options, '--types', '', ...files], { cwd: folder, encoding: 'utf8' })
  return stdout
}

const own = (more: string): string => `import { equals, experiment, that } from 'spillway/vocabulary'
${more}
export default experiment({
  name: 'own',
  teaches: 'Nothing.',
  sources: ['this test'],
  lab: {},
  phases: { wait: ({ pass }) => pass(10) },
  expect: ({ listener, clients }) => ({
    kernel: [that('nothing waits', listener(1).peak, equals(0))],
    userspace: [that('nobody connects', clients.count, equals(0))],
  }),
})
`

test('what is written in a folder outside runs there as it is, its report is found, and its types are too', (context) => {
  const folder = folderOf(context)
  const made = spawnSync(spillway, ['new', 'my-first'], { cwd: folder, encoding: 'utf8' })
  assert.deepEqual([made.status, made.stderr], [0, ''])
  assert.deepEqual(fs.readdirSync(folder).sort(), ['my-first.ts', 'spillway-vocabulary.d.ts'])
  assert.equal(complaintsOfTsc(folder, ['my-first.ts']), '')
  const file = path.join(folder, 'my-first.ts')
  const text = fs.readFileSync(file, 'utf8')
  written(folder, { 'wrong.ts': text.replace('listener(1).peak', 'listener(1).peek') })
  assert.match(complaintsOfTsc(folder, ['wrong.ts']), /'peek' does not exist on type 'ListenerReadings/)
  // A browser that notes what it is given.
  const browser = path.join(folder, 'browser')
  fs.writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/opened'\n`, { mode: 0o755 })
  const run = spawnSync(spillway, ['run', './my-first.ts', '--open'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, BROWSER: `no-such-browser:${browser} --new-window %s` },
  })
  assert.match(run.stdout, /my-first +(passed|not judged)/, run.stdout + run.stderr)
  assert.equal(run.status, 0)
  const phases = run.stderr.split('\n').filter((line) => /\(\d of 3\)$/.test(line))
  assert.deepEqual(phases, ['my-first: stall (1 of 3)', 'my-first: burst (2 of 3)', 'my-first: release (3 of 3)'])
  const latest = path.join(folder, 'runs', 'latest')
  assert.ok(fs.lstatSync(latest).isSymbolicLink())
  assert.match(fs.readFileSync(path.join(latest, 'report.html'), 'utf8'), /my-first/)
  const opened = fs.readFileSync(path.join(folder, 'opened'), 'utf8').split('\n')
  assert.equal(opened[0], '--new-window')
  assert.equal(opened[1], new URL(`file://${fs.realpathSync(latest)}/report.html`).href)
})

test('types of another version are replaced, a file of the same name that is not ours is left, and one is enough for many', (context) => {
  const folder = folderOf(context)
  const make = (name: string) => spawnSync(spillway, ['new', name], { cwd: folder, encoding: 'utf8' })
  const types = path.join(folder, 'spillway-vocabulary.d.ts')
  assert.equal(make('one').status, 0)
  const current = fs.readFileSync(types, 'utf8')
  fs.writeFileSync(types, current.replace('peak', 'zenith'))
  assert.equal(make('two').status, 0)
  assert.equal(fs.readFileSync(types, 'utf8'), current)
  fs.writeFileSync(types, 'declare module mine {}\n')
  const { status, stderr } = make('three')
  assert.deepEqual(
    [status, stderr],
    [
      2,
      'spillway: spillway-vocabulary.d.ts exists already, and was not written by Spillway\nRename it, or choose another folder\n',
    ],
  )
  assert.ok(!fs.existsSync(path.join(folder, 'three.ts')))
})

test('in a clone the types are those of the clone, and beside an installed package those of the package', async (context) => {
  const clone = fs.mkdtempSync(path.join(root, 'own-test-'))
  context.after(() => fs.rmSync(clone, { recursive: true, force: true }))
  const beside = folderOf(context)
  fs.mkdirSync(path.join(beside, 'node_modules'))
  fs.symlinkSync(root, path.join(beside, 'node_modules', 'spillway'))
  for (const folder of [clone, beside]) {
    await promisify(execFile)(spillway, ['new', 'mine'], { cwd: folder })
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name !== 'node_modules'),
      ['mine.ts'],
    )
    assert.equal((await loadExperiment(path.join(folder, 'mine.ts'))).name, 'mine')
  }
})

test('an experiment is loaded whatever package.json lies above it, and so are its helpers', async (context) => {
  for (const [kind, manifest] of [
    ['none', undefined],
    ['commonjs', '{ "type": "commonjs" }'],
    ['untyped', '{ "name": "x" }'],
    ['module', '{ "type": "module" }'],
  ] as const) {
    const folder = folderOf(context)
    if (manifest !== undefined) written(folder, { 'package.json': manifest })
    written(folder, {
      'helper.ts': 'export const helper: number = 1',
      'own.ts': own("import { helper } from './helper.ts'\nexport const one: number = helper"),
      'own.mts': own(''),
      'own.mjs': own(''),
    })
    for (const file of ['own.ts', 'own.mts', 'own.mjs'])
      assert.equal((await loadExperiment(path.join(folder, file))).name, 'own', `${kind}: ${file}`)
  }
})

test('a copy of a built-in experiment and of a solution runs wherever it is put', async (context) => {
  const folder = folderOf(context)
  const copies = {
    'copy.ts': 'experiments/small-backlog.ts',
    'sharded.ts': 'experiments/sharding.ts',
    'solved.ts': 'docs/workshop/solutions/02-two-processes.ts',
  }
  for (const [name, from] of Object.entries(copies)) {
    fs.copyFileSync(path.join(root, from), path.join(folder, name))
    const { phases } = await loadExperiment(path.join(folder, name))
    assert.ok(Object.keys(phases).length > 0, name)
  }
})

test('mistakes in a file are said in a sentence, with what is near', async (context) => {
  const folder = folderOf(context)
  written(folder, {
    'word.ts': "import { atleast } from 'spillway/vocabulary'\nexport default atleast",
    'type.ts': "import { experiment, Stage } from 'spillway/vocabulary'\nexport default (s: Stage) => experiment",
    'module.ts': "import { equals } from 'spillway/vocabulry'\nexport default equals",
    'bare.ts': "import { equals } from 'spillway'\nexport default equals",
    'mine.ts': own(''),
  })
  for (const [file, says] of [
    ['word.ts', /the vocabulary has no atleast; did you mean atLeast\?/],
    ['type.ts', /the vocabulary has no Stage.*\n.*import \{ type … \}/],
    ['module.ts', /There is no module spillway\/vocabulry; did you mean spillway\/vocabulary\?/],
    ['bare.ts', /There is no module spillway; did you mean spillway\/vocabulary\?/],
    ['mien.ts', /There is no file \S+mien\.ts; did you mean \S+\/mine\.ts\?/],
  ] as const)
    await assert.rejects(loadExperiment(path.join(folder, file)), (error) => {
      assert.ok(error instanceof UsageError)
      assert.match(`${error.message}\n${error.remedy}`, says)
      return true
    })
})

test('a name that cannot be used is refused, and nothing is written', (context) => {
  const folder = folderOf(context)
  written(folder, { 'taken.ts': '', file: '' })
  fs.mkdirSync(path.join(folder, 'full'))
  for (const [name, says] of [
    ['My-Backlog', /'My-Backlog' cannot be the name of an experiment/],
    ['a b', /'a b' cannot be/],
    ['-', /'-' cannot be/],
    ['9lives', /'9lives' cannot be/],
    ['a--b', /'a--b' cannot be/],
    ['..', /'\.\.' cannot be/],
    ['x.js', /'x\.js' cannot be/],
    ['x'.repeat(65), /cannot be/],
    ['small-backlog', /'small-backlog' is a built-in experiment/],
    [`${folder}/taken`, /taken\.ts exists already/],
    [`${folder}/taken.ts`, /taken\.ts exists already/],
    [`${folder}/missing/x`, /There is no folder .*missing/],
    [`${folder}/file/x`, /file is not a folder/],
    [`${folder}/full/`, /is a folder without a name/],
    ['/proc/x', /(Nothing can be written to the folder \/proc|cannot be created)/],
  ] as const)
    assert.throws(
      () => readOptions([name]),
      (error) => error instanceof UsageError && says.test(error.message) && error.remedy !== undefined,
      name,
    )
  assert.deepEqual(fs.readdirSync(folder).sort(), ['file', 'full', 'taken.ts'])
})

test("the README's experiment runs as it is printed", (context) => {
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
  const shown = blocks.filter((code) => code.includes('export default experiment('))
  assert.equal(shown.length, 1)
  const folder = folderOf(context)
  const out = path.join(folder, 'out')
  written(folder, { 'my-backlog.ts': shown[0]! })
  const printed = execFileSync(spillway, ['run', './my-backlog.ts', '--json', '--out', out], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const verdict: { experiment: string; status: string } = JSON.parse(printed)
  assert.equal(verdict.experiment, 'my-backlog')
  assert.ok(['passed', 'not judged'].includes(verdict.status), printed)
})
