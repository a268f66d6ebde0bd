/** What `spillway completion` prints, in real shells: keys are typed at a prompt, and what is then run is read. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { after, before } from 'node:test'
import * as plan from '#cli/plan/command.ts'
import { formerNames } from '#cli/plan/options.ts'
import * as run from '#cli/run/options.ts'
import * as up from '#cli/up/options.ts'
import { eventually } from '#common/waiting.ts'
import { experiments } from '#experiments/catalogue.ts'
import * as exporter from '#services/exporter/options.ts'
import { skipWithout } from './support/tools.ts'

const spillway = path.resolve(import.meta.dirname, '../bin/spillway')

let folder = ''
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-completion-'))
  for (const file of ['my-first.ts', 'with blank.ts', 'plan-of-mine.yaml'])
    fs.writeFileSync(path.join(folder, file), '')
  fs.mkdirSync(path.join(folder, 'earlier-runs'))
  for (const shell of ['bash', 'zsh'])
    fs.writeFileSync(path.join(folder, `_spillway.${shell}`), execFileSync(spillway, ['completion', shell]))
})
after(() => fs.rmSync(folder, { recursive: true, force: true }))

/** What is typed, where ⇥ is the tab key, and the words that the command then gets. */
const typed: [keys: string, words: string[]][] = [
  ['ru⇥', ['run']],
  ['expo⇥', ['exporter']],
  ['--vers⇥', ['--version']],
  ['help comp⇥', ['help', 'completion']],
  ['completion z⇥', ['completion', 'zsh']],
  ['up --backl⇥9', ['up', '--backlog', '9']],
  ['up --mode si⇥', ['up', '--mode', 'single']],
  ['up --mode=si⇥', ['up', '--mode', 'single']],
  ['up --json --m⇥', ['up', '--json', '--m']],
  ['up --json --me⇥x', ['up', '--json', '--metrics', 'x']],
  ['run small-b⇥', ['run', 'small-backlog']],
  ['run --json small-b⇥one-sl⇥', ['run', '--json', 'small-backlog', 'one-slow-shard']],
  ['run ./my-⇥', ['run', './my-first.ts']],
  ['run with⇥', ['run', 'with blank.ts']],
  ['run --out earl⇥', ['run', '--out', 'earlier-runs']],
  ['run --driver com⇥', ['run', '--driver', 'compose']],
  ['report earl⇥', ['report', 'earlier-runs']],
  ['plan restar⇥', ['plan', 'restart']],
  ['plan plan-of⇥', ['plan', 'plan-of-mine.yaml']],
  ['plan --steering ra⇥', ['plan', '--steering', 'random']],
  ['plan --arrivals poi⇥', ['plan', '--arrivals', 'poisson']],
  ['exporter --netns se⇥--netns al⇥', ['exporter', '--netns', 'self', '--netns', 'all']],
  ['exporter --web⇥plan-of⇥', ['exporter', '--web.config.file', 'plan-of-mine.yaml']],
]

const shells = {
  bash: { start: 'bash --norc --noprofile -i', ready: 'source ./_spillway.bash' },
  zsh: {
    start: 'zsh -f -i',
    // As from ~/.zshrc, after compinit.
    ready: 'autoload -Uz compinit; compinit -u -D; source ./_spillway.zsh',
  },
}

for (const [shell, { start, ready }] of Object.entries(shells))
  test(`in a real ${shell}, the tab key completes commands, options, values, experiments and files`, {
    skip: skipWithout(shell),
  }, async (context) => {
    const env = { ...process.env, TERM: 'dumb', HISTFILE: '/dev/null', COLUMNS: '200' }
    const terminal = spawn('script', ['-qfec', start, '/dev/null'], { cwd: folder, env, signal: context.signal })
    terminal.on('error', () => {}) // the test has ended
    let shown = ''
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text
    })
    const seen = (what: string) =>
      eventually(
        `${shell} runs ${what}`,
        () => shown.slice(-800),
        () => shown.includes(what),
      )
    terminal.stdin.write(`stty cols 250; ${ready}\n`)
    // What the command gets, between marks that the typed line does not contain. --mode=single and --mode single are the
    // same, and so are a folder with and without its slash.
    terminal.stdin.write(
      `spillway() { set -- "\${@%/}"; printf '\\173'; printf '<%s>' "\${@/=/><}"; printf '\\175\\n'; }\n`,
    )
    terminal.stdin.write('spillway ready\n')
    await seen('{<ready>}')
    for (const [keys, words] of typed) {
      terminal.stdin.write(`spillway ${keys.replaceAll('⇥', '\t')}\n`)
      await seen(`{${words.map((word) => `<${word}>`).join('')}}`)
    }
    terminal.stdin.end('exit\n')
  })

test('bash is offered exactly the options that a command has, but for those that are given already', () => {
  const offered = (...words: string[]): string[] => {
    const look = `source ./_spillway.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spillway; printf '%s\\n' "\${COMPREPLY[@]}"`
    const printed = execFileSync('bash', ['-c', look, 'bash', 'spillway', ...words], { cwd: folder, encoding: 'utf8' })
    return printed.split('\n').filter((line) => line !== '')
  }
  for (const [name, { options }] of [
    ['up', up.grammar],
    ['run', run.grammar],
    ['exporter', exporter.grammar],
    ['plan', plan.grammar],
  ] as const) {
    const all = [...Object.keys(options).filter((option) => !Object.hasOwn(formerNames, option)), 'help']
    assert.deepEqual(new Set(offered(name, '--')), new Set(all.map((option) => `--${option}`)), name)
  }
  assert.ok(!offered('up', '--mode', 'single', '--').includes('--mode'))
  assert.ok(offered('up', '--sysctl', 'net.ipv4.tcp_syncookies=0', '--').includes('--sysctl'))
  assert.deepEqual(offered('up', '--rate', ''), [])
  assert.deepEqual(offered('up', 'x'), [])
  for (const { name } of experiments) assert.ok(offered('run', '').includes(name), name)
  assert.deepEqual(offered('--'), ['--help', '--version'])
})
