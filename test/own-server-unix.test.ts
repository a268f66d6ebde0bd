/** `spillway try` on servers at a UNIX socket: the questions that such a socket has are answered, the others do not apply. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test, { after } from 'node:test'
import type { Answer } from '#lab/card/card.ts'
import { questions } from '#lab/card/questions.ts'
import { fastCgi } from '#lab/servers/fast-cgi.ts'
import { findProgram, skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-unix-'))
fs.chmodSync(made, 0o755)
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))

const write = (name: string, content: string | Uint8Array): string => {
  const file = path.join(made, name)
  fs.writeFileSync(file, content)
  return file
}

interface Ran {
  status: number | null
  out: string
  complaint: string
}

async function ran(args: readonly string[], signal: AbortSignal): Promise<Ran> {
  const child = spawn(spillway, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, cwd: made })
  const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, out, complaint }
}

/** The card of what a command starts; `page` is its HTML. */
async function cardOf(
  command: readonly string[],
  signal: AbortSignal,
  options: readonly string[] = [],
): Promise<{ about(asks: RegExp): Answer; page: string }> {
  const page = path.join(made, 'card.html')
  const { status, out, complaint } = await ran(
    ['try', '--json', `--report=${page}`, ...options, '--', ...command],
    signal,
  )
  assert.equal(status, 0, complaint)
  const answers = out
    .trim()
    .split('\n')
    .map((line): Answer => JSON.parse(line))
  assert.deepEqual(
    answers.map(({ asks }) => asks),
    questions.map(({ asks }) => asks),
  )
  const about = (asks: RegExp): Answer => {
    const answer = answers.find((one) => asks.test(one.asks))
    assert.ok(answer, String(asks))
    if (answer.notJudged !== null)
      assert.match(answer.notJudged, /too busy|exactly enough|begin .* at most/, answer.asks)
    return answer
  }
  for (const { asks } of answers) about(new RegExp(`^${RegExp.escape(asks)}`))
  return { about, page: fs.readFileSync(page, 'utf8') }
}

/** What is so of each server at a UNIX socket. */
function holdsForAny({ about, page }: Awaited<ReturnType<typeof cardOf>>, limit: number): void {
  const listens = about(/^What listens/).found
  assert.equal(listens?.numbers.limit, limit)
  assert.match(listens?.says ?? '', /at the UNIX socket \//)
  const holds = about(/^What does it hold/).found?.numbers
  if (holds !== undefined) {
    assert.equal(holds.held, limit + 1, 'N + 1')
    assert.equal(holds.connected, limit + 1, 'as many clients are connected')
    assert.equal(holds.turnedAway, Number(holds.started) - limit - 1, 'each of the others sees EAGAIN')
  }
  const flood = about(/flood of half-open/)
  assert.match(flood.doesNotApply ?? '', /^A UNIX socket has no handshake/)
  assert.deepEqual([flood.found, flood.notJudged], [null, null])
  assert.match(page, /<em>Does not apply:<\/em> A UNIX socket has no handshake/)
  assert.match(about(/leave behind/).found?.says ?? '', /TIME_WAIT does not apply/)
  assert.match(about(/reload and a stop/).how, /tcp_migrate_req does not apply/)
}

test('Node at {socket}: EAGAIN for whoever does not fit, and the file of a killed one keeps the next from starting', async (context) => {
  const server = write(
    'node-server.mjs',
    `import http from 'node:http'
http.createServer((_, response) => response.end('x')).listen({ path: process.argv[2], backlog: 64 })
`,
  )
  const card = await cardOf([process.execPath, server, '{socket}'], context.signal)
  holdsForAny(card, 64)
  const kill = card.about(/kill and a restart/).found
  if (kill !== null) {
    assert.equal(kill.numbers.fileInTheWay, 'yes')
    assert.match(kill.set ?? '', /Remove the socket file/)
  }
  assert.equal(card.about(/leave behind/).found?.numbers.socketFileStays, 'yes')
})

test('gunicorn at unix:{socket}: who has a worker, whom a silent client blocks, and a socket file that it replaces itself', {
  skip: skipWithout('gunicorn'),
}, async (context) => {
  write('unix_app.py', "def app(environ, start):\n    start('200 OK', [('Content-Length', '1')])\n    return [b'x']\n")
  const gunicorn = findProgram('gunicorn') ?? ''
  const card = await cardOf(
    [
      gunicorn,
      '--chdir',
      made,
      '--bind',
      'unix:{socket}',
      '--backlog',
      '60',
      '--timeout',
      '600',
      '-w',
      '2',
      'unix_app:app',
    ],
    context.signal,
  )
  holdsForAny(card, 60)
  assert.equal(card.about(/^What listens/).found?.numbers.acceptors, 2)
  const silent = card.about(/silent client/).found?.numbers
  if (silent !== undefined) assert.deepEqual([silent.silent, silent.served], [2, 0], 'one request at a time')
  const kill = card.about(/kill and a restart/).found
  if (kill !== null) assert.equal(kill.numbers.fileInTheWay, 'no')
})

const phpFpm = fs.globSync('/usr/sbin/php-fpm*')[0]?.split('/').at(-1) ?? 'php-fpm'

test('PHP-FPM at a socket that its own configuration names is found there, and asked in FastCGI', {
  skip: skipWithout(phpFpm),
}, async (context) => {
  fs.mkdirSync(path.join(made, 'php'), { recursive: true })
  const script = write('php/index.php', '<?php echo "x";')
  const user = process.getuid?.() === 0 ? 'user = www-data\ngroup = www-data\n' : ''
  const configuration = write(
    'php/fpm.conf',
    `[global]\nerror_log = /dev/stderr\n[www]\n${user}listen = ${made}/php/own.sock\nlisten.backlog = 70\npm = static\npm.max_children = 2\n`,
  )
  const request = write('php/request', fastCgi(script))
  const card = await cardOf(
    [findProgram(phpFpm) ?? '', '--nodaemonize', '--fpm-config', configuration],
    context.signal,
    ['--request', request],
  )
  holdsForAny(card, 70)
  assert.match(
    card.about(/^What listens/).found?.says ?? '',
    /php\/own\.sock with one socket, at which 2 processes accept/,
  )
})

test('where clients speak TCP a UNIX socket is refused with what to do', async (context) => {
  const { status, complaint } = await ran(
    ['up', '--', 'gunicorn', '--bind', 'unix:{socket}', 'app:app'],
    context.signal,
  )
  assert.equal(status, 2)
  assert.match(complaint, /\{socket\} is a UNIX socket\n.*\{address\}:\{port\}.*spillway try/)
})

test('an abstract socket, which no other network namespace reaches, and two sockets are told with what to do', async (context) => {
  const listen = (...names: string[]): string[] => {
    const calls = names.map((name) => `http.createServer().listen(${JSON.stringify(name)})`).join('\n')
    return [process.execPath, write(`listen-${names.length}.mjs`, `import http from 'node:http'\n${calls}\n`)]
  }
  const abstract = await ran(['try', '--', ...listen('\0only-here')], context.signal)
  assert.equal(abstract.status, 2)
  assert.match(abstract.complaint, /abstract UNIX socket @only-here.*cannot reach\n.*\{socket\}/)
  const two = await ran(['try', '--', ...listen(path.join(made, 'a.sock'), path.join(made, 'b.sock'))], context.signal)
  assert.equal(two.status, 2)
  assert.match(two.complaint, /several UNIX sockets \(.*a\.sock, .*b\.sock\), and on no port\n.*\{socket\}/)
})
