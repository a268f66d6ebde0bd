/** A pool of workers, and one of several instances, in the words of whoever runs them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { questions } from '#planner/ask.ts'
import { readCommand } from './command.ts'
import { ofInstance, understoodInWords } from './pool.ts'
import { questionOf, situationOf } from './situation.ts'

const asked = async (line: string) => {
  const command = readCommand(line.split(' '))
  assert.ok(command !== undefined)
  const question = questionOf(command)
  return { command, question, situation: await situationOf(command, question) }
}

test('a pool is so many loops that accept from one socket, each busy for a service time', async () => {
  const { situation, command } = await asked('--rate 30/s --workers 20 --service-time 0.5s')
  const plain = await asked('--rate 30/s --backends 20 --mode shared --accept 500ms --accept-cv 1')
  assert.deepEqual(situation, plain.situation)
  const [words] = understoodInWords(command, situation)
  assert.match(words ?? '', /20 workers.*one socket.*one request at a time, 500 ms on average/)
  assert.equal((await asked('--rate 30/s --workers 20 --service-time 0.5s --service-cv 0')).situation.accept.cv, 0)
})

test('of a pool, the formula of M/M/c/K and the simulation agree on how many lose a SYN', async () => {
  for (const line of [
    '--rate 30/s --workers 20 --service-time 0.5s --backlog 4',
    '--rate 45/s --workers 4 --service-time 80ms --backlog 9',
  ]) {
    const { situation, question } = await asked(line)
    assert.equal(question, 'setting')
    const { outcomes, disagreements } = questions[question](situation)
    const [closed, simulated] = outcomes.map(({ estimates }) => estimates.delayedShare?.value ?? Number.NaN)
    assert.ok(closed !== undefined && closed > 0.001, `${line}: ${closed}`)
    assert.ok(
      simulated !== undefined && simulated > closed / 2 && simulated < closed * 2,
      `${line}: ${closed}, ${simulated}`,
    )
    assert.deepEqual(disagreements, [])
  }
})

test('more requests than workers can serve are not saved by a backlog, and fewer workers than that are not suggested', async () => {
  const { situation, question } = await asked('--rate 30/s --workers 10 --service-time 0.5s')
  const { answer } = questions[question](situation)
  assert.match(answer.join(' '), /No backlog saves this: 30\/s come, and 10 backends accept 20\/s at most/)
})

test('how many workers are needed can be asked', async () => {
  const { situation, question } = await asked('backends --rate 30/s --service-time 0.5s --backlog 64')
  assert.equal(question, 'backends')
  assert.equal(situation.mode, 'shared')
})

for (const [line, problem] of [
  ['--rate 3/s --workers 2', /--workers needs the time/],
  ['--rate 3/s --service-time 2s', /--service-time needs the number of workers/],
  ['--rate 3/s --service-cv 1', /--service-cv needs the time/],
  ['backends --rate 3/s --workers 2 --service-time 1s', /--workers is what the question asks for/],
  ['--rate 3/s --workers 2 --service-time 1s --accept 1ms', /--accept and --service-time contradict each other/],
  ['--rate 3/s --workers 2 --service-time 1s --backends 2', /--backends and --service-time contradict each other/],
  ['--rate 3/s --workers 2 --service-time 1s --steering cpu', /--steering and --service-time contradict each other/],
  ['--rate 3/s --workers 0 --service-time 1s', /--workers '0' must be at least 1/],
] as const)
  test(`'${line}' is refused`, async () => {
    await assert.rejects(asked(line), { message: problem })
  })

test('an instance gets its share of the load, of a recording too, and the answer says so', async () => {
  const { situation, command } = await asked('--rate 3k/s --instances 10 --stall 80ms')
  assert.ok(situation.arrivals.shape === 'poisson' && situation.arrivals.ratePerSecond === 300)
  assert.match(understoodInWords(command, situation).join(' '), /one of 10 instances/)
  const atMs = Float64Array.from({ length: 10_000 }, (_, i) => i)
  const part = ofInstance({ shape: 'recorded', atMs, source: '' }, 4, 1)
  assert.ok(part.shape === 'recorded' && Math.abs(part.atMs.length - 2500) < 250 && part.atMs[0] === 0)
  assert.throws(() => ofInstance({ shape: 'recorded', atMs: atMs.slice(0, 3), source: '' }, 1000, 1), /too few/)
})
