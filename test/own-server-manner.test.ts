/** A server of which nothing is known but its command: what it answers to is found out, and its card counts what it does. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import type { Answer } from '#lab/card/card.ts'
import { Lab, type LabOptions } from '#lab/lab.ts'
import { type Manner, mannerOf } from '#lab/manner.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname

const NODE = (serve: string, request?: string): LabOptions => ({
  server: {
    name: 'unknown',
    command: [
      process.execPath,
      '-e',
      `require('node:net').createServer((socket) => { socket.on('error', () => {}); ${serve} })
         .listen({ host: process.env.HOST, port: Number(process.env.PORT), backlog: 9 })`,
    ],
  },
  ...(request === undefined ? {} : { request }),
})

/** What each of a few clients in this manner had of it. */
async function servedIn(lab: Lab): Promise<{ manner: Manner; ok: number }> {
  const manner = await mannerOf(lab)
  lab.clients.speak(manner.speaks)
  const load = await lab.clients.start({
    kind: 'connections',
    arrivals: { shape: 'burst', connections: 3 },
    timeoutMs: 5000,
  })
  return { manner, ok: (await load.done()).outcomes.ok }
}

const OK = `'HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\nx'`
const kinds: [what: string, serve: string, answer: Manner['answer'], speaks: object, says: RegExp | undefined][] = [
  ['HTTP', `socket.once('data', () => socket.end(${OK}))`, 'http', {}, undefined],
  [
    'HTTP, and closes nothing',
    `socket.on('data', () => socket.write(${OK}))`,
    'http',
    { closer: 'client' },
    /does not close a connection/,
  ],
  ['a greeting', `socket.write('220 ready\\r\\n')`, 'bytes', { greeted: true }, /when its greeting comes/],
  [
    'something else',
    `socket.once('data', () => socket.write('-ERR unknown command\\r\\n'))`,
    'bytes',
    {},
    /does not answer in HTTP; say what they send with --request FILE/,
  ],
  ['nothing, and closes', `socket.once('data', () => socket.end())`, 'nothing', { send: '' }, /connection was closed/],
  ['nothing', `socket.resume()`, 'nothing', { send: '' }, /had no answer within 5 s or more/],
]
for (const [what, serve, answer, speaks, says] of kinds)
  test(`clients of a server that answers ${what} can tell that they were served`, async () => {
    await using lab = await Lab.start(NODE(serve))
    const { manner, ok } = await servedIn(lab)
    assert.equal(manner.answer, answer)
    if (Object.keys(speaks).length > 0 || answer === 'http') assert.deepEqual(manner.speaks, speaks)
    else assert.ok(manner.speaks.send)
    if (says === undefined) assert.equal(manner.says, undefined)
    else assert.match(manner.says ?? '', says)
    assert.equal(ok, 3)
  })

test('what is said of a request stands, and nothing is tried', async () => {
  await using lab = await Lab.start(NODE(`socket.once('data', () => socket.end('x'))`, ''))
  assert.deepEqual((await servedIn(lab)).manner.answer, 'nothing')
  assert.equal((await lab.clients.reports()).length, 1)
})

const asks = (answers: readonly Answer[], about: RegExp): Answer => {
  const answer = answers.find((one) => about.test(one.asks))
  assert.ok(answer, String(about))
  return answer
}

async function cardOf(command: readonly string[], signal: AbortSignal): Promise<Answer[]> {
  const child = spawn(spillway, ['try', '--json', '--', ...command], { stdio: ['ignore', 'pipe', 'pipe'], signal })
  const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  assert.equal(status, 0, complaint)
  return out
    .trim()
    .split('\n')
    .map((line): Answer => JSON.parse(line))
}

/** Greets, and closes first: its connections remain in TIME_WAIT, and it does not ask for SO_REUSEADDR. */
const GREETER = `
import os, socket
listener = socket.socket()
listener.bind((os.environ['HOST'], int(os.environ['PORT'])))
listener.listen(60)
while True:
    client, _ = listener.accept()
    try:
        client.sendall(b'220 ready\\r\\n')
        client.close()
    except OSError:
        pass
`

test('the card of a server that greets and cannot be started again at once', {
  skip: skipWithout('python3'),
}, async (context) => {
  const answers = await cardOf(['python3', '-c', GREETER], context.signal)
  for (const { how, asks } of answers.slice(1)) assert.match(how, /served when its greeting comes/, asks)
  const holds = asks(answers, /^What does it hold/).found?.numbers
  assert.equal(holds?.held ?? 61, 61)
  if (typeof holds?.served === 'number') assert.equal(holds.served + Number(holds.gaveUp), holds.started)
  const kill = asks(answers, /kill and a restart/).found
  if (kill !== null) {
    assert.match(kill.says, /Started again, it ended at once: its earlier connections in TIME_WAIT/)
    assert.match(kill.set ?? '', /SO_REUSEADDR/)
  }
  assert.doesNotMatch(asks(answers, /leave behind/).notJudged ?? '', /does not listen/)
})

/** Takes connections and says nothing, to whatever it is asked. */
const MUTE = `require('node:net').createServer((socket) => socket.on('error', () => {}).resume())
  .listen({ host: process.env.HOST, port: Number(process.env.PORT), backlog: 60 })`

test('the card of a server that answers nothing counts who was accepted, and says what only an answer could tell', async (context) => {
  const answers = await cardOf([process.execPath, '-e', MUTE], context.signal)
  for (const { how, asks } of answers.slice(1)) assert.match(how, /served when it has accepted them/, asks)
  const holds = asks(answers, /^What does it hold/).found?.numbers
  if (typeof holds?.served === 'number') assert.equal(holds.served, holds.started)
  const takes = asks(answers, /How many new connections/).found
  if (takes !== null) {
    assert.ok(Number(takes.numbers.perSecond) < 100_000, 'it was timed until nobody waited')
    assert.match(takes.says, /The wait at .* is not judged: clients only connect/)
    assert.equal(takes.numbers.p99Ms, null)
  }
  assert.match(asks(answers, /a reload and a stop/).notJudged ?? '', /clients that only connect cannot tell|too busy/)
  const silent = asks(answers, /silent client/).found?.numbers
  assert.equal(silent?.served ?? 10, 10)
})
