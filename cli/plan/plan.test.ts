/** What the command line takes, refuses, and how it says so. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { questions as asked } from '#planner/ask.ts'
import { Prometheus } from '#planner/inputs/prometheus.ts'
import { help, readCommand } from './command.ts'
import { parsePlanFile } from './file.ts'
import { questionOf, situationOf } from './situation.ts'
import { parseRatePerSecond, parseStall } from './units.ts'
import { answerInWords } from './words.ts'

const situation = async (line: string) => {
  const command = readCommand(line.split(' ').filter((word) => word !== ''))
  if (command === undefined) throw new Error('help was not asked for')
  const question = questionOf(command)
  return { question, situation: await situationOf(command, question) }
}

test('rates have a unit, and are refused without one', () => {
  assert.deepEqual(
    ['3000/s', '3k/s', '1.5M/s', '90/min', '7200/h', '3,000/s'].map((text) => parseRatePerSecond('--rate', text)),
    [3000, 3000, 1_500_000, 1.5, 2, 3000],
  )
  for (const wrong of ['3000', '0/s', '-3/s', '3000/d', 'NaN/s', '5G/s', '9999999999/s'])
    assert.throws(() => parseRatePerSecond('--rate', wrong), /--rate/)
})

test('a stall comes once, or in a period that is longer', () => {
  assert.deepEqual(parseStall('--stall', '80ms'), { ms: 80, everyMs: undefined })
  assert.deepEqual(parseStall('--stall', '80ms/10s'), { ms: 80, everyMs: 10_000 })
  assert.throws(() => parseStall('--stall', '80ms/80ms'), /would never end/)
  assert.throws(() => parseStall('--stall', '80'), /--stall '80' is not a duration/)
})

test('the question follows from what is said', async () => {
  const of = async (line: string) => (await situation(line)).question
  assert.equal(await of('--rate 3000/s --stall 80ms'), 'backlog')
  assert.equal(await of('--rate 3000/s --backlog 100'), 'setting')
  assert.equal(await of('--half-open 100/s'), 'syn-queue')
  assert.equal(await of('--rate 10/s --away 1s --backends 2'), 'restart')
  assert.equal(await of('memory --backlog 100'), 'memory')
})

for (const [line, problem] of [
  ['--stall 80ms', /--rate is missing/],
  ['setting --rate 10/s', /--backlog is missing/],
  ['backlog --rate 10/s --backlog 5', /--backlog is what the question asks for/],
  ['rate --backlog 5', /Nothing would limit the rate/],
  ['rate --backlog 5 --rate 5/s --stall 1s', /--rate is what the question asks for/],
  ['--rate 10/s --loss 1% --sure 99%', /contradict/],
  ['--rate 10/s --mode shared --steering random', /contradict/],
  ['--rate 10/s --migrate', /--migrate needs several sockets/],
  ['--rate 10/s --stalled all', /--stalled needs a stall/],
  ['--rate 10/s --accept-cv 1', /--accept-cv needs a cost per accept/],
  ['slow --rate 10/s --backends 2 --slow-backends 3 --slow-accept 5ms', /more than the number of backends/],
  ['slow --rate 10/s --backends 2 --slow-backends 1', /must be given together/],
  ['--rate 10/s --rtt 2s', /--rtt/],
  ['--rate 10/s --backends 0', /--backends '0' must be at least 1/],
  ['--rate 10/s --backlog=-1', /--backlog '-1' must be at least 0/],
  ['--rate 100M/s --for 1h', /--for gives 360,000,000,000 connections to play, more than 5 million/],
  ['--rate 900M/s --stall 10ms', /--stall gives 9,000,000 connections/],
  ['--rate 200k/s --stall 80ms/60s', /--stall: one period brings 12,000,000 connections/],
  ['--rate 10/s --stall 1s --sure 100%', /--sure of 100% cannot be met/],
  ['--rate 10/s', /Nothing would fill a queue/],
  ['backends --rate 10/s --stall 1s', /Nothing determines how many backends are needed/],
  ['--rate 10/s --for 5s --stall 80ms/10s', /--for is shorter than the period/],
  ['--rate 10/s --query up', /--query needs recorded arrivals/],
  ['--arrivals nowhere.csv', /no such file/],
  ['--rate 10/s --mode sideways', /not one of sharded, shared/],
  ['--rate 10/s --stall 80 ms', /'ms' stands alone/],
  ['--rate 10 req/s --stall 80ms', /'req\/s' stands alone/],
  ['--rate 50 connections per second --stall 80ms', /'connections' stands alone/],
  ['sideways --rate 10/s', /There is no question 'sideways'/],
  ['--speed 10/s', /--speed/],
  ['--rate 10/s --rate 20/s', /--rate is given twice/],
  ['stall backlog --rate 10/s', /At most one question and one file can be given: stall backlog/],
] as const)
  test(`'${line}' is refused, and named`, async () => {
    await assert.rejects(situation(line), (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, problem)
      return true
    })
  })

test('a file has the options as keys, in YAML or JSON; the command line goes before it', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-plan-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const [yaml, json] = [path.join(folder, 'plan.yaml'), path.join(folder, 'plan.json')]
  fs.writeFileSync(yaml, '# a comment\nrate: 3000/s\nbackends: 4\nstall: 80ms # now and then\nloss: 0.1%\n')
  fs.writeFileSync(json, JSON.stringify({ rate: '3000/s', backends: 4, stall: '80ms', loss: 0.001 }))
  const [one, other] = [await situation(`${yaml} --backends 5`), await situation(json)]
  assert.deepEqual(one.situation, { ...other.situation, backends: 5 })
  assert.equal(one.situation.target.delayedShare, 0.001)
})

for (const [text, problem] of [
  ['rate: 3000/s\nbackend: 4\n', /plan.yaml line 2, backend: is unknown; did you mean backends\?/],
  ['rate: 3000/s\n\nbackends: four\n', /plan.yaml line 3, backends: must be/],
  ['rate: 3000/s\nmode: sideways\n', /plan.yaml line 2, mode: must be one of "sharded", "shared"/],
  ['rate: [1\n', /plan.yaml line \d: /],
  ['rate: 3/s\nrate: 4/s\n', /plan.yaml line 2: this key appears twice$/],
  ['stall: 80ms\nrate:\n', /plan.yaml line 2, rate: has no value/],
  ['rate: [3/s]\n', /plan.yaml line 1, rate: is a list, and must be one value/],
  ['rate: 3/s\nloss: true\n', /plan.yaml line 2, loss: is true, and must be one value/],
  ['rate: *r\n', /plan.yaml: an alias \(\*name\) has no anchor/],
  ['rate: 3/s\n\tfor: 1s\n', /plan.yaml line 2: this is indented with a tab/],
  ['rate: 3/s\n---\nrate: 3/s\n', /plan.yaml line 2: a second document begins here/],
  ['? [rate]\n: 3\n', /plan.yaml: a list or a map appears where the name of an option is expected/],
  ['- rate\n', /plan.yaml is not a map/],
  ['', /plan.yaml is empty/],
] as const)
  test(`a file '${text.replaceAll('\n', ' ')}' is refused with its line`, () => {
    assert.throws(() => parsePlanFile('plan.yaml', text), problem)
  })

test('a file says everything that the command line can', () => {
  const written = parsePlanFile('plan.yaml', 'rate: 300/s\nbackends: 2\nmigrate: true\n')
  assert.deepEqual(written.at(-1), { key: 'migrate', name: 'plan.yaml line 3, migrate', text: 'true' })
  assert.throws(() => parsePlanFile('plan.yaml', 'migrate: yes please\n'), /plan.yaml line 1, migrate: must be/)
})

test('--dealing is still taken for --steering, on the command line and in a file, and is not advertised', async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-plan-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const [yaml, json] = [path.join(folder, 'plan.yaml'), path.join(folder, 'plan.json')]
  fs.writeFileSync(yaml, 'rate: 10/s\nstall: 1s\nbackends: 2\ndealing: cpu\n')
  fs.writeFileSync(json, '{"rate": "10/s", "stall": "1s", "backends": 2, "steering": "cpu"}')
  const steering = async (line: string) => (await situation(line)).situation.steering
  assert.equal(await steering('--rate 10/s --stall 1s --backends 2 --dealing random'), 'random')
  assert.equal(await steering('--rate 10/s --stall 1s --backends 2 --steering random'), 'random')
  assert.equal(await steering(yaml), 'cpu')
  assert.equal(await steering(json), 'cpu')
  assert.equal(await steering(`${yaml} --steering random`), 'random')
  assert.equal(await steering(`${json} --dealing random`), 'random')
  await assert.rejects(
    situation('--rate 10/s --stall 1s --dealing hash --steering hash'),
    /--dealing is the former name of steering/,
  )
  await assert.rejects(situation('--rate 10/s --stall 1s --dealing sideways'), /--dealing 'sideways'/)
  assert.match(help, /--steering hash\|random\|cpu/)
  assert.doesNotMatch(help, /dealing/)
})

test('a value of a file that does not parse is named by its line', () => {
  const [written] = parsePlanFile('plan.yaml', '\nrate: 3000\n')
  assert.equal(written?.name, 'plan.yaml line 2, rate')
})

/** Answers like a Prometheus: each query by the first pattern that it matches. */
async function prometheus(context: test.TestContext, answers: [RegExp, unknown][]): Promise<string> {
  const server = http.createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const query = new URLSearchParams(body).get('query') ?? ''
    const result = answers.find(([pattern]) => pattern.test(query))?.[1] ?? []
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('rates of a Prometheus become arrivals, and that is said', async (context) => {
  const values = Array.from({ length: 20 }, (_, i) => [i * 15, '40'])
  const url = await prometheus(context, [[/rate/, [{ metric: {}, values }]]])
  const { situation: read } = await situation(`--arrivals ${url} --query rate(x[1m]) --range 5m --stall 100ms`)
  assert.equal(read.arrivals.shape, 'recorded')
  assert.ok(read.arrivals.shape === 'recorded' && Math.abs(read.arrivals.atMs.length - 12_000) < 600)
  assert.match(read.arrivals.shape === 'recorded' ? read.arrivals.source : '', /turned into independent arrivals/)
})

test('a gap in a series, or a sample that is no number, is said; a rate below zero is refused', async (context) => {
  const sample = (i: number, value: string) => [i * 15, value]
  const read = async (values: unknown[]) => {
    const url = await prometheus(context, [[/rate/, [{ metric: {}, values }]]])
    const { situation: found } = await situation(`--arrivals ${url} --query rate(x[1m]) --range 5m --stall 100ms`)
    assert.ok(found.arrivals.shape === 'recorded')
    return found.arrivals
  }
  const steady = Array.from({ length: 20 }, (_, i) => sample(i, '40'))
  assert.doesNotMatch((await read(steady)).source, /no sample/)
  const { source, atMs } = await read(steady.filter((_, i) => i < 5 || i >= 10))
  assert.match(source, /5 of its 20 steps have no sample \(75 s in all\) and count as times without arrivals/)
  assert.ok(atMs.at(-1)! > 290_000, 'time continues in the gap')
  assert.match((await read(steady.with(3, sample(3, 'NaN')))).source, /1 of its 20 steps have no sample/)
  await assert.rejects(read(steady.with(3, sample(3, '-1'))), /returns -1 at 1970-01-01T00:00:45/)
  await assert.rejects(read([sample(0, 'NaN')]), /returns no numbers/)
})

test('a stall that repeats is looked at in whole periods, and a recording that is shorter than one is refused', async (context) => {
  const forMs = async (line: string) => (await situation(line)).situation.forMs
  assert.equal((await forMs('--rate 100k/s --stall 80ms/10s')) % 10_000, 0)
  assert.equal((await forMs('--rate 1000/s --stall 80ms/7s')) % 7000, 0)
  // A loop that takes its time, and half-open requests that live a minute, are looked at for longer.
  assert.ok((await forMs('--rate 35/s --backends 16 --accept 320ms')) > 60_000)
  assert.ok((await forMs('--rate 10/s --half-open 10/s --backlog 99')) > 63_000)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-plan-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'short.csv')
  fs.writeFileSync(file, 't_ms\n0\n500\n900\n')
  await assert.rejects(situation(`--arrivals ${file} --stall 80ms/10s`), /the recording lasts only 900 ms/)
})

test('what is no Prometheus is called so', async (context) => {
  await assert.rejects(new Prometheus('http://127.0.0.1:1').now('up'), /No Prometheus answers/)
  assert.throws(() => new Prometheus('localhost:9090'), /is not the URL/)
  const server = http.createServer((_request, response) => response.end('# HELP …')).listen(0, '127.0.0.1')
  context.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await assert.rejects(new Prometheus(`http://127.0.0.1:${port}`).now('up'), /\(status 200\) does not speak JSON/)
})

test('the answer comes first, then the settings, the table, why, and how sure', async () => {
  const { situation: read } = await situation('--rate 500/s --arrivals constant --stall 80ms')
  const words = answerInWords(asked.backlog(read))
  const places = ['A backlog of 40 on the socket', 'Set\n', 'server.listen', 'closed form', 'Why\n', 'How sure\n'].map(
    (part) => words.indexOf(part),
  )
  assert.ok(
    places.every((place, i) => place > (places[i - 1] ?? -1)),
    `${places}\n${words}`,
  )
  assert.ok(words.split('\n').every((line) => line.length <= 110))
})
