/** `spillway plan` as a person runs it: output, exit statuses, a run's folder as input, and the lab that confirms. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { atLeast, experiment, that } from '#experiments/vocabulary.ts'
import { runExperiment } from '#lab/experiment/run-experiment.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import type { Answer } from '#planner/answer.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const plan = (...words: string[]) => spawnSync(spillway, ['plan', ...words], { encoding: 'utf8' })
const answered = (...words: string[]): Answer => {
  const { stdout, stderr } = plan(...words, '--json')
  assert.equal(stdout.trimEnd().split('\n').length, 1, `one line, and nothing else: ${stderr}`)
  return JSON.parse(stdout)
}

test('an answer is text for people, one JSON object for machines, and the same in both', () => {
  const words = ['--rate', '500/s', '--arrivals', 'constant', '--stall', '100ms']
  const { status, stdout } = plan(...words)
  assert.equal(status, 0)
  assert.match(stdout, /A backlog of 50 on the socket/)
  assert.equal(answered(...words).data.backlog, 50)
})

test('what cannot be answered ends with 2, and one line that says why', () => {
  const { status, stdout, stderr } = plan('--rate', '3000', '--stall', '80ms')
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /^spillway: --rate '3000' is not a rate\n/)
})

test('a Prometheus that scrapes no exporter has no answer', async (context) => {
  const empty = http.createServer((_, response) =>
    response.end('{"status":"success","data":{"resultType":"vector","result":[]}}'),
  )
  await new Promise<void>((resolve) => empty.listen(0, '127.0.0.1', resolve))
  context.after(() => empty.close())
  const { port } = empty.address() as AddressInfo
  const asked = spawn(spillway, ['plan', '--from', `http://127.0.0.1:${port}`])
  let complaint = ''
  asked.stderr.on('data', (part) => {
    complaint += part
  })
  const status = await new Promise((resolve) => asked.once('close', resolve))
  assert.equal(status, 2)
  assert.match(complaint, /it does not scrape a Spillway exporter/)
})

test('the connections of a run are arrivals to plan for', async (context) => {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-plan-'))
  context.after(() => fs.rmSync(out, { recursive: true, force: true }))
  const recorded = experiment({
    name: 'recorded',
    teaches: 'Nothing.',
    sources: ['this test'],
    lab: {},
    phases: { load: ({ clients }) => clients.connections({ ratePerSecond: 200, forMs: 500 }) },
    expect: ({ clients, listener }) => ({
      kernel: [that('it listens', listener(1).limit.last, atLeast(1))],
      userspace: [that('they connect', clients.connected, atLeast(1))],
    }),
  })
  const { folder } = await runExperiment(recorded, { driver: namespaces, out, signal: context.signal })
  const { data, answer } = answered('--arrivals', folder, '--stall', '100ms')
  assert.equal(data.backlog, 20)
  assert.match(answer.join(' '), /100 arrivals over 49\d ms, recorded in /)
})

test('a lab plays the same arrivals and stalls, and says what the kernel did', () => {
  const words = ['--rate', '60/s', '--arrivals', 'constant', '--stall', '500ms', '--backlog', '9', '--confirm']
  const [judgement] = answered(...words).lab
  assert.ok(judgement !== undefined)
  const { verdict, predicted, measured, queues, connectMs, played } = judgement
  assert.equal(played.connections, 186, '3.1 s of arrivals, and none is lost')
  const [queue] = queues
  assert.ok(queue !== undefined && queue.limit === 9)
  assert.equal(Math.max(...queue.measured.map((length) => length ?? 0)), measured.estimates.queuePeak?.value)
  assert.ok(connectMs.measured.at(-1)! > 900, 'who found no room came a second later')
  // Whether the machine could play it is known from the load alone; a number only counts where it could.
  if (verdict === 'not judged') return
  assert.equal(measured.estimates.queuePeak?.value, 10, 'ten fit, and thirty came')
  assert.ok(Math.abs(measured.estimates.drops!.value - predicted.estimates.drops!.value) <= 4)
})
