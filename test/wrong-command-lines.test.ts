/**
 * Command lines that are wrong, and what a person is told: in our words, which one it is and what to do. Most are made of
 * each command's own options and kinds of mistakes, and read in this process; those that need files, addresses or a
 * kernel are typed to the real command.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test, { after, before } from 'node:test'
import * as board from '#cli/board/options.ts'
import * as check from '#cli/check/options.ts'
import * as completion from '#cli/completion/options.ts'
import * as doctor from '#cli/doctor/options.ts'
import * as exact from '#cli/exact/options.ts'
import * as own from '#cli/new/options.ts'
import * as plan from '#cli/plan/command.ts'
import { formerNames, type PlanOption, planOptions } from '#cli/plan/options.ts'
import * as report from '#cli/report/options.ts'
import * as run from '#cli/run/options.ts'
import * as tried from '#cli/try/options.ts'
import * as up from '#cli/up/options.ts'
import * as workshop from '#cli/workshop/options.ts'
import { describeError, UsageError } from '#common/errors.ts'
import type { Grammar } from '#common/options.ts'
import * as load from '#load/agent/options.ts'
import * as backend from '#services/backend/options.ts'
import * as exporter from '#services/exporter/options.ts'

interface Command {
  grammar: Grammar
  help: string
  /** Undefined or `help` where the line asks for help. */
  read(args: string[]): unknown
}

const commands: Command[] = [
  { grammar: up.grammar, help: up.help, read: up.readOptions },
  { grammar: run.grammar, help: run.help, read: run.readOptions },
  { grammar: tried.grammar, help: tried.help, read: tried.readOptions },
  { grammar: report.grammar, help: report.help, read: report.readOptions },
  { grammar: board.grammar, help: board.help, read: board.readOptions },
  { grammar: plan.grammar, help: plan.help, read: plan.readCommand },
  { grammar: exporter.grammar, help: exporter.help, read: exporter.parseOptions },
  { grammar: backend.grammar, help: backend.help, read: backend.parseBackendOptions },
  { grammar: load.grammar, help: load.help, read: load.readOptions },
  { grammar: own.grammar, help: own.help, read: own.readOptions },
  { grammar: completion.grammar, help: completion.help, read: completion.readOptions },
  { grammar: workshop.grammar, help: workshop.help, read: workshop.readOptions },
  { grammar: check.grammar, help: check.help, read: check.readOptions },
  { grammar: doctor.grammar, help: doctor.help, read: doctor.readOptions },
  { grammar: exact.grammar, help: exact.help, read: exact.readOptions },
]

/** Texts of Node, libuv, V8 and libc, and faults of our own: none of them is for a person. */
const foreign = [
  /\n\s+at /,
  /\bnode:/,
  /\bERR_[A-Z_]+/,
  /\b[A-Z]\w*Error\b/,
  /\bbug in\b/,
  /\[object /,
  /\bundefined\b/,
  /Unknown option/,
  /ambiguous/,
  /positional argument/i,
  /forget to specify/,
  /argument missing/,
  /does not take an argument/,
  /Unexpected/,
  /is not valid JSON/,
  /Cannot find (?:module|package)/,
  /\bE(?:ACCES|ADDR\w+|AGAIN|CONN\w+|EXIST|INVAL|IO|ISDIR|NAMETOOLONG|NOENT|NOSPC|NOTDIR|NOTFOUND|PERM|PIPE)\b/,
  /no such file or directory/i,
  /permission denied/i,
  /illegal operation/i,
  /address already in use/i,
  /is not a function/,
  /Cannot read propert/,
  /not iterable/,
  /invalid argument/i,
  /fetch failed/,
  /bad port/,
  /\b(?:UND|HPE)_/,
  /syscall/,
  /errno/,
]

/** A sentence that says what is wrong, and on the next line what to do about it. */
function assertForAPerson(words: string, line: string): void {
  const [problem = '', remedy = '', ...more] = words.trimEnd().split('\n')
  assert.match(problem, /^\S.{8,}[^.:\s]\.?$/, line)
  assert.match(remedy, /^\S.{8,}$/, `${line} comes without a remedy: ${words}`)
  assert.deepEqual(more, [], line)
  for (const pattern of foreign) assert.doesNotMatch(words, pattern, line)
}

async function complaintOf({ read, grammar }: Command, args: string[]): Promise<string> {
  const line = [grammar.command, ...args].join(' ')
  try {
    await read(args)
  } catch (error) {
    assert.ok(error instanceof UsageError, `${line}: ${describeError(error)}`)
    assertForAPerson(describeError(error), line)
    return describeError(error)
  }
  assert.fail(`${line} is taken`)
}

/** A mistake, and what its complaint says. */
type Mistake = [args: string[], says: string]

/** What can be done wrong with every command, whatever its options mean. */
function mistakesWith({ grammar: { options, words, command } }: Command): Mistake[] {
  const help = `See ${command} --help`
  const names = Object.keys(options)
  return [
    [['--elephant'], `There is no option --elephant\n${help}`],
    [['--elephant=1'], `There is no option --elephant\n${help}`],
    [['-z'], `There is no option -z\n${help}`],
    [['--hlep'], 'did you mean --help?'],
    [['--__proto__=1'], 'There is no option --__proto__'],
    words === undefined ? [['elephant'], "'elephant' is unexpected"] : [[''], 'One argument is empty'],
    ...names.flatMap((name): Mistake[] => {
      const option = `--${name}`
      const misspelt: Mistake = [[`${option}x`, '1'], `There is no option ${option}x; did you mean ${option}?`]
      if (options[name]?.type === 'boolean')
        return [
          misspelt,
          [[`${option}=yes`], `${option} takes no value`],
          [[option, option], `${option} is given twice`],
        ]
      return [
        misspelt,
        [[option], `${option} has no value`],
        [[option, `--${names[0]}`], `${option} has no value: '--${names[0]}' follows`],
        [[`${option}=`], `The value of ${option} is empty`],
        ...(options[name]?.multiple ? [] : [[[option, '1', option, '1'], `${option} is given twice`] as Mistake]),
      ]
    }),
  ]
}

const addresses = [
  '8080',
  'localhost:80',
  '127.0.0.1',
  '127.0.0.1:70000',
  '300.1.1.1:1',
  '[::1]',
  'unix:',
  '127.0.0.1:-1',
]
const times = ['10', '1  s', '-1s', '1e3ms', 'NaN', 'Infinity', 'soon', `${'9'.repeat(400)}s`]
const counts = ['1.5', '-1', '1e3', 'NaN', '0x10', 'many', '99999999999999999999', ' 1']
const shares = ['0', '0%', '101%', '-1', 'half', 'NaN']
const farSocket = `unix:/${'a'.repeat(200)}`

/** Values that an option refuses. */
const wrongValues: [command: Command, option: string, values: string[]][] = [
  [commands[0]!, 'backends', [...counts, '0', '33']],
  [commands[0]!, 'backlog', [...counts, '2147483648']],
  [commands[8]!, 'backends', [...counts, '0', '33']],
  [commands[8]!, 'backlog', [...counts, '2147483648']],
  [commands[8]!, 'listen', [...addresses, farSocket]],
  [commands[0]!, 'mode', ['shard', 'SHARED', 'both']],
  [commands[0]!, 'rate', ['-1', 'NaN', '1e999', '100001', 'fast', '3000/s']],
  [commands[0]!, 'metrics', [...addresses, farSocket]],
  [commands[0]!, 'board', [...addresses, 'on']],
  [commands[0]!, 'sample-interval', [...times, '500us', '2s']],
  [
    commands[0]!,
    'sysctl',
    ['somaxconn', '=1', 'net.core.somaxconn=', 'net..x=1', '../x=1', 'foo=1', 'vm.swappiness=1'],
  ],
  [commands[1]!, 'driver', ['vagrant', 'namespace', 'docker']],
  ...['listen', 'exporter', 'backend', 'agent'].map((name): [Command, string, string[]] => [
    commands[3]!,
    name,
    [...addresses, farSocket],
  ]),
  ...Object.entries<PlanOption<unknown>>(planOptions).map(([name, { form }]): [Command, string, string[]] => [
    commands[4]!,
    name,
    wrongFor(form),
  ]),
  [commands[5]!, 'listen', addresses],
  ...[
    'sample-interval',
    'quiet-interval',
    'syn-interval',
    'connections-interval',
    'peak-window',
    'stream-interval',
  ].map((name): [Command, string, string[]] => [commands[5]!, name, [...times, '0s', '1000h']]),
  [commands[5]!, 'cpu-budget', shares],
  [commands[5]!, 'look-budget', shares],
  [commands[5]!, 'allow-host', ['a b', 'http://a', 'a:80', 'a/b', '.', '*.example', '[::1]']],
  [commands[5]!, 'max-connections', [...counts, '0', '65536']],
  [commands[5]!, 'max-readers', [...counts, '0', '65536']],
  [commands[5]!, 'netns', ['nowhere', '=1', 'a b=1', 'x=', 'x=-1', 'x=relative', 'x=0']],
  [commands[6]!, 'port', [...counts, '65536']],
  [commands[6]!, 'backlog', [...counts, '2147483648']],
  [commands[6]!, 'mode', ['shard', 'both']],
  [commands[6]!, 'workers', ['2']],
  [commands[6]!, 'control', addresses],
  [commands[7]!, 'listen', addresses],
  [commands[7]!, 'max-half-open-rate', ['0', '-1', 'NaN', '1e999', 'fast']],
]

/** A former name of an option is taken, and not shown. */
const shownOptions = ({ grammar }: Command): string[] =>
  Object.keys(grammar.options).filter((name) => !Object.hasOwn(formerNames, name))

function wrongFor(form: string): string[] {
  if (form === 'TIME') return times
  if (form === 'RATE') return ['3000', '0/s', '-1/s', '1e9/s', 'fast', '1001M/s']
  if (form === 'N') return counts
  if (form === 'SHARE') return shares
  if (form === 'X') return ['x', '-1', '11', 'NaN']
  if (form === 'TIME[/TIME]') return ['80', '80ms/', '80ms/40ms', '1s/2s/3s', '-1s']
  return form.includes('|') ? ['neither', form.split('|')[0]!.toUpperCase()] : []
}

for (const command of commands) {
  test(`${command.grammar.command}: what it does not take is named, with a near miss and the way to its help`, async () => {
    for (const [args, says] of mistakesWith(command)) {
      const complaint = await complaintOf(command, args)
      assert.ok(complaint.includes(says), `${args.join(' ')}: ${complaint}`)
    }
  })

  test(`${command.grammar.command}: help shows every option and no other, and wins over whatever is wrong`, async () => {
    const told = new Set([...command.help.matchAll(/^ +--([a-z.-]+)\b/gm)].map(([, name]) => name))
    assert.deepEqual(told, new Set([...shownOptions(command), 'help']))
    assert.ok(command.help.startsWith(`Usage: ${command.grammar.command}`))
    for (const args of [['--help'], ['-h'], ['--elephant', '-h'], ['elephant', '', '--help']])
      assert.ok([undefined, 'help'].includes((await command.read(args)) as undefined | string), args.join(' '))
  })
}

test('a value that an option refuses is quoted, with the option', async () => {
  for (const [command, option, values] of wrongValues)
    for (const value of values) {
      const complaint = await complaintOf(command, [`--${option}=${value}`])
      assert.ok(complaint.includes(`--${option}`), complaint)
    }
})

const spillway = path.resolve(import.meta.dirname, '../bin/spillway')
let folder: string
/** A server that has taken its address. */
let server: http.Server
let taken: string

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-lines-'))
  server = http.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  taken = `127.0.0.1:${address.port}`
  const files: Record<string, string> = {
    'file.txt': 'text',
    'empty.csv': '',
    'broken.ts': 'export default {',
    'enum.ts': 'enum Kind { One }\nexport default Kind',
    'throws.ts': "throw new TypeError('thrown at once')",
    'lost.ts': "import './nowhere.ts'\nexport default 1",
    'package.ts': "import 'no-such-package'",
    'nothing.ts': 'export const experiment = 1',
    'other.ts': 'export default { name: 3, cases: {}, phases: {}, judge: 1 }',
    'named.mjs': "import { nothing } from './plain.mjs'\nexport default nothing",
    'plain.mjs': 'export const some = 1',
    'data.json': '{}',
    'torn.yaml': 'rate: [3000/s\nstall: 80ms',
    'list.yaml': '- rate',
    'keys.yaml': '? [rate]\n: 3000/s',
    'alias.yaml': 'rate: *none',
    'typo.yaml': 'rte: 3000/s',
    'value.yaml': 'rate: fast',
    'nokey.yml': 'tls_server_config:\n  cert_file: none.crt\n  key_file: none.key\n',
    'bytes.json': '\u0000\u0001',
    'run/verdict.json': '{',
    'old/verdict.json': '{"format":0}',
    'torn/journal.ndjson': '{"is":"run"\n{"is":',
    'nothing/notes.txt': '',
  }
  for (const [file, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.writeFileSync(path.join(folder, file), content)
  }
  fs.mkdirSync(path.join(folder, 'folder.yaml'))
})

after(() => {
  server.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

async function type(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(spillway, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { ...process.env, SPILLWAY_DEBUG: '', ...env },
  })
  const [out, said, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  // A stage of something long is a line of its own, and ends in three dots.
  return { out, complaint: said.replace(/^(?:.* …\n)+/, ''), status }
}

/** What `@` stands for is known only when the test runs: an address that is taken. */
const typed: [line: string, says: RegExp][] = [
  ['bord', /There is no command 'bord'; did you mean board\?/],
  ['help bord', /did you mean board\?/],
  ['hepl', /did you mean help\?/],
  ['elephant', /There is no command 'elephant'\nCommands: up, top, run/],
  ['constructor', /There is no command 'constructor'/],
  ['--verison', /spillway itself has no option --verison; did you mean --version\?/],
  ['--json up', /spillway itself has no option --json\nOptions come after the command/],
  ['--version now', /--version takes no arguments: leave out 'now'/],
  ['help up down', /Only one command can be given: leave out 'down'/],

  ['up --backlogs 8', /^spillway: There is no option --backlogs; did you mean --backlog\?\nSee spillway up --help\n$/],
  ['up --metrics @', /@ is taken by another process/],
  ['up --metrics 192.0.2.1:1', /no interface of this machine has that address/],
  ['up --board @ --metrics 127.0.0.1:0', /@ is taken by another process/],
  ['up --metrics unix:/no/such/place.sock', /The folder of unix:\/no\/such\/place\.sock does not exist/],

  ['run smal-backlog', /There is no experiment 'smal-backlog'; did you mean small-backlog\?/],
  ['run ./missing.ts', /There is no file \.\/missing\.ts/],
  ['run ./run', /\.\/run is not a file/],
  ['run ./data.json', /\.\/data\.json is not a module/],
  ['run ./broken.ts', /line 1 of broken\.ts cannot be parsed: export default \{/],
  ['run ./enum.ts', /line 1 of enum\.ts cannot be parsed: enum Kind/],
  ['run ./named.mjs', /line 1 of named\.mjs cannot be parsed/],
  ['run ./throws.ts', /fails as soon as it is loaded: thrown at once \(throws\.ts, line 1\)/],
  ['run ./lost.ts', /needs \S+nowhere\.ts, which cannot be found/],
  ['run ./package.ts', /needs no-such-package, which cannot be found/],
  ['run ./nothing.ts', /\.\/nothing\.ts is not an experiment/],
  ['run ./other.ts', /\.\/other\.ts is not an experiment/],
  ['run small-backlog --out file.txt', /Cannot write to file\.txt: \S+file\.txt is not a folder\nName another folder/],
  ['run small-backlog --out file.txt/below', /is not a folder/],
  ['run small-backlog --out /proc/runs', /Cannot write to \/proc\/runs: no folder can be created there/],
  ['run small-backlog --out /proc', /Cannot write to \/proc: no folder can be created there/],

  ['report missing', /There is no folder missing/],
  ['report file.txt', /There is no folder file\.txt/],
  ['report nothing', /There is no run in nothing/],
  ['report run', /The run in run is damaged: verdict\.json cannot be read: it is not JSON/],
  ['report old', /The run in old is damaged/],
  ['report torn', /The run in torn/],

  ['completion fish', /The shell 'fish' is not one of bash, zsh/],
  ['completion bahs', /did you mean bash\?/],
  ['rnu', /There is no command 'rnu'; did you mean run\?/],
  ['smal-backlog', /There is no command 'smal-backlog'; did you mean spillway run small-backlog\?/],
  ['run smal-backlog', /There is no experiment 'smal-backlog'; did you mean small-backlog\?/],
  ['run ./named.mj', /There is no file \.\/named\.mj; did you mean \.\/named\.mjs\?/],
  ['run named.msj', /There is no file named\.msj; did you mean named\.mjs\?/],
  ['run small-backlog --driver namespace', /did you mean namespaces\?/],
  ['up --backlogs 3', /There is no option --backlogs; did you mean --backlog\?/],
  ['up --mode shard', /--mode 'shard' is not one of sharded, shared, single; did you mean sharded\?/],
  ['up --board of', /--board 'of' is not an address; did you mean off\?/],
  ['report nothin', /There is no folder nothin; did you mean nothing\?/],
  ['plan keys.yml', /Cannot read keys\.yml: it does not exist; did you mean keys\.yaml\?/],
  ['plan --rate 1/s --arrivals poison', /did you mean poisson\?/],
  ['plan --steering hsah', /--steering 'hsah' is not one of hash, random, cpu; did you mean hash\?/],
  ['-V', /spillway itself has no option -V; did you mean --version\?/],
  ['--verison', /did you mean --version\?/],
  ['help rnu', /There is no command 'rnu'; did you mean run\?/],
  ['-v now', /-v takes no arguments: leave out 'now'/],
  ['new', /Which name\?/],
  ['new Big', /'Big' cannot be the name of an experiment/],
  ['plan bakclog', /There is no question 'bakclog'; did you mean backlog\?/],
  ['plan missing.yaml', /Cannot read missing\.yaml: it does not exist/],
  ['plan folder.yaml', /Cannot read folder\.yaml: it is a folder/],
  ['plan list.yaml', /list\.yaml is not a map/],
  ['plan torn.yaml', /torn\.yaml line \d: .*\nWrite one option per line/],
  ['plan typo.yaml', /typo\.yaml line 1, rte: is unknown; did you mean rate\?/],
  ['plan value.yaml', /value\.yaml line 1, rate 'fast'/],
  ['plan bytes.json', /bytes\.json/],
  ['plan keys.yaml', /keys\.yaml: a list or a map appears where the name of an option is expected/],
  ['plan alias.yaml', /alias\.yaml: an alias/],
  ['plan --arrivals missing.csv', /--arrivals 'missing\.csv'/],
  ['plan --arrivals empty.csv', /empty\.csv is empty\nIt needs a heading/],
  ['plan --arrivals /proc/self/mem', /Cannot read \/proc\/self\/mem: the device failed/],
  ['plan --arrivals nothing', /There is no run in nothing/],
  ['plan --rate 1/s --stall 9ms --report run', /Cannot write run: it is a folder\nName another file with --report/],
  ['plan --rate 1/s --stall 9ms --report no/x.html', /Cannot write no\/x\.html: there is no folder no/],
  ['plan --from elephant', /'elephant' is not/],
  ['plan --from http://127.0.0.1:1', /No Prometheus answers at http:\/\/127\.0\.0\.1:1\/: its port is reserved/],
  ['plan --from http://127.0.0.1:10', /No Prometheus answers at http:\/\/127\.0\.0\.1:10\/: nothing listens there/],
  ['plan', /--rate is missing/],

  ['exporter --listen @', /^spillway exporter: @ is taken by another process/],
  ['exporter --listen 127.0.0.1:0 --proc missing', /--proc missing cannot be read: it does not exist/],
  ['exporter --listen 127.0.0.1:0 --proc nothing', /--proc nothing is not a proc file system that shows processes/],
  ['exporter --listen 127.0.0.1:0 --netns x=/no/such', /--netns x=\/no\/such: \/no\/such does not exist/],
  ['exporter --listen 127.0.0.1:0 --netns x=/etc/hostname', /\/etc\/hostname is not a network namespace/],
  [
    'exporter --listen 127.0.0.1:0 --web.config.file missing.yml',
    /--web\.config\.file missing\.yml cannot be read: it does/,
  ],
  ['exporter --listen 127.0.0.1:0 --web.config.file torn.yaml', /torn\.yaml line 2: \S/],
  ['exporter --listen 127.0.0.1:0 --web.config.file typo.yaml', /typo\.yaml line 1, rte: is unknown/],
  [
    'exporter --listen 127.0.0.1:0 --web.config.file nokey.yml',
    /nokey\.yml line 2, tls_server_config\.cert_file: \S+none\.crt cannot be read: it does not exist\nA relative path/,
  ],
  ['exporter --web.config.fil x', /There is no option --web\.config\.fil; did you mean --web\.config\.file\?/],
  ['exporter --listen unix:/no/such/place.sock', /The folder of unix:\/no\/such\/place\.sock does not exist/],
  ['backend --port 0 --control unix:file.txt', /^spillway backend: unix:file\.txt exists/],
  ['backend --port 0 --control 192.0.2.1:1', /Cannot listen on 192\.0\.2\.1:1: no interface of this machine/],
  ['backend --host 192.0.2.1 --port 0', /No interface has the address 192\.0\.2\.1/],
  ['backend --host localhost', /'localhost' is no/],
  ['load --listen 192.0.2.1:1', /^spillway load: Cannot listen on 192\.0\.2\.1:1: no interface/],
  [
    'load --lisen :1',
    /^spillway load: There is no option --lisen; did you mean --listen\?\nSee spillway load --help\n$/,
  ],
  ['board', /Which exporter, or which backends\?/],
  ['board --backend 127.0.0.1:1 --listen @', /@ is taken by another process/],
]

test('these are far more than two hundred lines, and the command itself gets more than forty', () => {
  const made = commands.reduce((sum, command) => sum + mistakesWith(command).length, 0)
  const valued = wrongValues.reduce((sum, [, , values]) => sum + values.length, 0)
  assert.ok(made + valued + typed.length > 800, `${made} + ${valued} + ${typed.length}`)
  assert.ok(typed.length > 60)
})

/** Each starts a process of its own: two at a time keep two cores busy. */
const AT_ONCE = 2

test('what is typed to the command itself ends with status 2, a sentence and what to do, and prints nothing else', async () => {
  const waiting = [...typed]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [line, says] = next
      const { out, complaint, status } = await type(line.replace('@', taken).split(' '))
      assert.deepEqual([status, out], [2, ''], `${line}: ${complaint}`)
      assert.match(complaint, /^spillway(?: exporter| backend| load)?: /, line)
      assertForAPerson(complaint, line)
      assert.match(complaint.replace(taken, '@'), says, line)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
})

for (const [sysctl, says] of [
  ['net.core.somaxcon=9', /has no sysctl net\.core\.somaxcon; did you mean net\.core\.somaxconn\?/],
  [
    'net.ipv4.tcp_syncookies=often',
    /does not accept 'often' for net\.ipv4\.tcp_syncookies\nGive a value like the current one: \d$/m,
  ],
  ['net.ipv4=1', /net\.ipv4 is a group of sysctls/],
  ['net.ipv4.tcp_available_congestion_control=x', /cannot be set in a lab/],
] as [string, RegExp][])
  test(`a lab is not started with ${sysctl}, and why is said`, async () => {
    const { out, complaint, status } = await type(['up', '--json', '--metrics', '127.0.0.1:0', '--sysctl', sysctl])
    assert.deepEqual([status, out], [2, ''], complaint)
    assertForAPerson(complaint, sysctl)
    assert.match(complaint, says)
  })

test('help is given by every command, in each way to ask for it, and nothing is wrong then', async () => {
  const asked = async (help: string, ...args: string[]): Promise<void> => {
    const { out, complaint, status } = await type(args)
    assert.deepEqual({ out, complaint, status }, { out: help, complaint: '', status: 0 }, args.join(' '))
  }
  const nameOf = ({ grammar }: Command): string => grammar.command.replace('spillway ', '')
  for (const command of commands) await asked(command.help, 'help', nameOf(command))
  const [first] = commands
  for (const args of [['-h'], ['--elephant', '', '--help']]) await asked(first!.help, nameOf(first!), ...args)
})

test('a reader that has gone is no failure, a full disk is one that is told', async () => {
  const through = async (redirection: string) => {
    const child = spawn('sh', ['-c', `"$0" run --list ${redirection}`, spillway], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [complaint, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
    return { complaint, status }
  }
  assert.deepEqual(await through('| :'), { complaint: '', status: 0 })
  const { complaint, status } = await through('> /dev/full')
  assert.match(complaint, /^spillway: Cannot write to standard output: no space is left\n$/)
  assert.equal(status, 2)
})

test('a bug is one sentence, and its trace is shown when it is asked for', async () => {
  const bug = `const { runEntry } = await import('${new URL('../common/entry.ts', import.meta.url).href}')
    await runEntry('spillway', async () => { setTimeout(() => { null.length }); await new Promise(() => setTimeout(() => {}, 1e5)) })`
  const broken = async (debug: string) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', bug], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SPILLWAY_DEBUG: debug },
    })
    const [complaint, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
    assert.equal(status, 2)
    return complaint
  }
  assert.match(await broken(''), /^spillway: This is a bug in Spillway: .*; run again with SPILLWAY_DEBUG=1 .*\n$/)
  assert.match(await broken('1'), /and report it\nTypeError: .*\n\s+at /)
})
