/** `--server`: the lines of the server that one has, and what clamps them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { servers } from '#findings/servers/known.ts'
import { serverNamed, serverNames } from '#findings/servers/named.ts'
import { questions } from '#planner/ask.ts'
import { readCommand } from './command.ts'
import { forPool, forServer } from './server.ts'
import { questionOf, situationOf } from './situation.ts'

async function asked(line: string) {
  const command = readCommand(line.split(' '))!
  const question = questionOf(command)
  const situation = await situationOf(command, question)
  const { settings, answer } = forServer(questions[question](situation), command.said.server, situation)
  return { lines: settings.map(({ where, text }) => `${where}: ${text}`), words: answer.join(' ') }
}

for (const [server, line] of [
  ['nginx', /^nginx: listen 8080 backlog=40;/],
  ['haproxy', /^HAProxy: backlog 40 /],
  ['gunicorn', /^gunicorn: --backlog 40 /],
  ['uwsgi', /^uWSGI: --listen 40 /],
  ['php-fpm', /^PHP-FPM: listen.backlog = 40 /],
  ['node', /^Node: server.listen\(\{ port: 8080, backlog: 40 \}\)/],
  ['tomcat', /^Tomcat: acceptCount="40" /],
  ['redis', /^Redis: tcp-backlog 40 /],
  ['mysql', /^MariaDB or MySQL: back_log = 40 /],
] as const)
  test(`${server} is given its own line and no other server’s`, async () => {
    const { lines } = await asked(`--rate 500/s --arrivals constant --stall 80ms --server ${server}`)
    assert.equal(lines.filter((one) => !one.startsWith('sysctl')).length, 1, lines.join('\n'))
    assert.match(lines.at(-1)!, line)
  })

test('Go takes what somaxconn says: nothing to set where that is enough, and the sysctl where it is not', async () => {
  const enough = await asked('--rate 500/s --arrivals constant --stall 80ms --server go')
  assert.ok(
    enough.lines.every((line) => line.startsWith('sysctl: #')),
    enough.lines.join('\n'),
  )
  assert.match(enough.words, /Go asks for what net.core.somaxconn says \(4,096\).*which is enough/)
  const less = await asked('--rate 500/s --arrivals constant --stall 80ms --server go --somaxconn 16')
  assert.deepEqual(
    less.lines.map((line) => line.split('   ')[0]),
    ['sysctl: sysctl -w net.core.somaxconn=40'],
  )
  assert.match(less.words, /which is too little.*restart the program/)
})

test('PostgreSQL cannot be told a backlog, and says what bounds it', async () => {
  const { lines, words } = await asked('--rate 500/s --arrivals constant --stall 80ms --server postgres')
  assert.ok(lines.every((line) => line.startsWith('sysctl')))
  assert.match(words, /twice the processes that it may start: raise max_connections/)
})

test('a default that is enough is told, and one that is not', async () => {
  assert.match((await asked('--rate 500/s --stall 80ms --server nginx')).words, /nginx asks for 511 .* which is enough/)
  assert.match((await asked('--rate 9000/s --stall 80ms --server nginx')).words, /nginx asks for 511 .* too little/)
})

test('where a backlog can be too large, a default that is larger is told to be, and the line that makes it smaller', async () => {
  const overload = 'timeout --rate 200/s --workers 4 --service-time 25ms --timeout 1s --server'
  const gunicorn = await asked(`${overload} gunicorn`)
  assert.match(gunicorn.words, /gunicorn asks for 2,048 .* which is more than the \d+ that serve the living/)
  const go = await asked(`${overload} go`)
  assert.match(go.words, /Go asks for what .* \(4,096\) .* which is more than the \d+ that serve the living/)
  assert.match(go.lines.join('\n'), /^sysctl: sysctl -w net.core.somaxconn=\d+ /m)
})

test('a socket for each process is told in the server’s words, and where it has none', async () => {
  const load = '--rate 3000/s --backends 4 --stall 80ms --server'
  assert.match((await asked(`${load} nginx`)).words, /`reuseport` in the same listen/)
  assert.match((await asked(`${load} redis`)).words, /ask with --mode shared/)
})

test('a pool whose server nobody has named gets the lines of servers that are pools, and none of Node or nginx', async () => {
  const command = readCommand('--rate 100/s --workers 8 --service-time 50ms'.split(' '))!
  const situation = await situationOf(command, 'backlog')
  const { settings } = forPool(questions.backlog(situation))
  assert.deepEqual(
    settings.map(({ where }) => where),
    ['sysctl', 'gunicorn', 'uWSGI', 'PHP-FPM'],
  )
})

test('an overloaded pool is told the line that makes it larger', async () => {
  const { lines } = await asked('--rate 40/s --workers 8 --service-time 500ms --server gunicorn')
  assert.match(lines.join('\n'), /^gunicorn: --workers 8 --threads 4/m)
})

test('every name that is offered is known, every server can be named, and what is nearly one is suggested', () => {
  for (const name of serverNames) assert.ok(serverNamed(name) !== undefined, name)
  for (const { name } of servers) assert.equal(serverNamed(name)?.name, name)
  assert.throws(
    () => readCommand(['--rate', '5/s', '--server', 'ngnix']),
    (error: unknown) => error instanceof UsageError && /did you mean nginx\?/.test(error.message),
  )
})
