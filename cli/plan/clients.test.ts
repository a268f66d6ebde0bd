/** `--clients`: a closed loop, in the words of whoever runs it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { questions } from '#planner/ask.ts'
import fc from '../../test/support/properties.ts'
import { readCommand } from './command.ts'
import { questionOf, situationOf } from './situation.ts'

async function asked(line: string) {
  const command = readCommand(line.split(' '))!
  const question = questionOf(command)
  return { question, situation: await situationOf(command, question) }
}

async function answered(line: string) {
  const { question, situation } = await asked(line)
  const answer = questions[question](situation)
  return { ...answer, text: [...answer.answer, ...answer.why, ...answer.howSure].join('\n') }
}

test('200 clients and 8 workers: what they get, what waits, which backlog holds them, and that a longer one gets no more answers', async () => {
  const { text, data, disagreements, outcomes } = await answered(
    '--clients 200 --think-time 1s --workers 8 --service-time 50ms',
  )
  assert.match(text, /^A backlog of \d+: then nothing is dropped within .*, with 99 % certainty/)
  assert.match(text, /a backlog of 199 holds all of them at once/)
  assert.match(text, /200 clients get 160\/s from 8 backends.*from about 169 clients on, one more gets no more answers/)
  assert.match(text, /100 clients get 95\.1\/s/)
  assert.match(text, /M\/M\/8\/\/200, the machine repairman/)
  assert.doesNotMatch(text, /Poisson|NaN|undefined|Infinity/)
  assert.ok(typeof data.backlog === 'number' && data.backlog > 60 && data.backlog < 130, String(data.backlog))
  assert.deepEqual(disagreements, [])
  assert.equal(outcomes.length, 2)
})

test('a backlog that is too small costs seconds, and closed form and simulation agree on how many lose a SYN', async () => {
  for (const line of [
    '--clients 200 --think-time 1s --workers 8 --service-time 50ms --backlog 5',
    '--clients 60 --think-time 500ms --workers 4 --service-time 30ms --backlog 1',
    '--clients 40 --think-time 2s --accept 40ms --accept-cv 1 --backlog 3',
  ]) {
    const { outcomes, disagreements, text } = await answered(line)
    const [closed, simulated] = outcomes.map(({ estimates }) => estimates.delayedShare?.value ?? Number.NaN)
    assert.ok(closed! > 0.001 && simulated! > closed! * 0.65 && simulated! < closed! * 1.5, `${closed}, ${simulated}`)
    assert.deepEqual(disagreements, [], line)
    assert.match(text, /% of the connections lose a SYN, which costs a second or more/)
  }
})

test('all workers stand still: those who think come, and the closed form knows how many', async () => {
  const { outcomes, disagreements, text } = await answered(
    '--clients 100 --think-time 1s --workers 8 --service-time 50ms --stall 500ms --stalled all',
  )
  assert.equal(outcomes[0]!.method, 'closed form')
  assert.ok(Math.abs(outcomes[0]!.estimates.backlog!.value - 48) <= 2)
  assert.deepEqual(disagreements, [])
  assert.match(text, /each of those who think comes with a probability of 39\.3 %/)
})

test('sockets of their own, constant service and periodic stalls are answered, by simulation where no formula covers them', async () => {
  for (const line of [
    '--clients 80 --think-time 200ms --backends 4 --accept 5ms --accept-cv 1',
    '--clients 50 --think-time 500ms --workers 2 --service-time 5ms --stall 200ms/2s',
    '--clients 1 --workers 1 --service-time 5ms',
  ]) {
    const { text, disagreements, data } = await answered(line)
    assert.deepEqual(disagreements, [], line)
    assert.doesNotMatch(text, /NaN|undefined|Infinity|∞/)
    assert.ok(Number(data.backlog) >= 0 && Number(data.backlog) < 80)
  }
})

test('clients who give up leave connections behind, and the answer no longer says that so many hold them all', async () => {
  const { text } = await answered(
    '--clients 100 --think-time 100ms --workers 2 --service-time 50ms --timeout 1s --backlog 200',
  )
  assert.match(text, /are not answered within 1 s.*can hold more than one of a client/)
  assert.doesNotMatch(text, /holds all of them at once/)
})

for (const [line, problem] of [
  ['clients --workers 2 --service-time 1s', /--clients is missing/],
  ['--clients 20 --rate 5/s --workers 2 --service-time 1s', /--clients and --rate contradict each other/],
  ['--clients 20 --arrivals constant --workers 2 --service-time 1s', /--clients and --arrivals contradict each other/],
  ['--clients 20 --instances 3 --workers 2 --service-time 1s', /--instances says nothing/],
  ['backends --clients 20 --service-time 1s', /--clients is a question of its own/],
  ['--clients 20 --workers 2', /--workers needs the time/],
  ['--clients 20', /no cost per accept is given/],
  ['--think-time 1s --rate 5/s --stall 1s', /--think-time needs the number of clients/],
  ['--clients 20 --half-open 5/s --workers 2 --service-time 1s', /--half-open and --clients cannot be combined/],
  ['--clients 20 --abort-on-overflow 1 --accept 1ms', /--abort-on-overflow and --clients cannot be combined/],
  ['--clients 0 --workers 2 --service-time 1s', /--clients '0' must be at least 1/],
] as const)
  test(`'${line}' is refused`, async () => {
    await assert.rejects(asked(line), { message: problem })
  })

test('no sentence of an answer excludes another, whatever the loop', async () => {
  const lines = fc.record({
    clients: fc.integer({ min: 1, max: 150 }),
    think: fc.constantFrom('0s', '300ms', '2s'),
    pool: fc.constantFrom(
      '--workers 4 --service-time 20ms',
      '--backends 3 --accept 8ms',
      '--accept 30ms --accept-cv 1',
    ),
    more: fc.constantFrom(
      '',
      ' --backlog 3',
      ' --backlog 40',
      ' --stall 300ms',
      ' --rtt 30ms',
      ' --timeout 300ms',
      ' --loss 1%',
    ),
  })
  await fc.assert(
    fc.asyncProperty(lines, async ({ clients, think, pool, more }) => {
      const { text, disagreements } = await answered(
        `--clients ${clients} --think-time ${think} ${pool}${more} --for 5s`,
      )
      assert.doesNotMatch(text, /NaN|undefined|Infinity|∞/)
      assert.ok(!(/can never wait/.test(text) && /more than one of a client/.test(text)), text)
      assert.ok(!(/nothing is dropped/.test(text) && /lose a SYN, which/.test(text)), text)
      assert.deepEqual(disagreements, [], text)
    }),
    { numRuns: 8 },
  )
})
