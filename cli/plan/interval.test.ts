/** `--rate 800..1500/s`: both ends are answered, and what planning for either costs at the other is told. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { betweenRates } from '#planner/between.ts'
import { readCommand } from './command.ts'
import { questionOf, situationOf } from './situation.ts'
import { parseRateInterval } from './units.ts'

test('an interval of rates is read in every spelling of a rate, and the unit may stand once', () => {
  for (const text of [
    '800..1500/s',
    '800/s..1500/s',
    '800 .. 1500 rps',
    '800...1500/s',
    '0.8k/s..1.5k/s',
    '48000..90000/min',
    '800-1500/s',
    '800 – 1500 rps',
    '800 to 1500/s',
    '800/s - 1.5k/s',
  ])
    assert.deepEqual(parseRateInterval('--rate', text), [800, 1500], text)
  assert.equal(parseRateInterval('--rate', '1500/s'), undefined)
  for (const [text, problem] of [
    ['1..2k/s', /whether 1 means 1 or 1k is not clear/],
    ['1500..800/s', /from the higher rate to the lower/],
    ['800..1500', /is not a rate/],
    ['800..fast', /is not a rate/],
  ] as const)
    assert.throws(
      () => readCommand(['--rate', text, '--stall', '80ms']),
      (error: unknown) => error instanceof UsageError && problem.test(error.message),
      text,
    )
})

async function asked(line: string) {
  const command = readCommand(line.split(' '))!
  const question = questionOf(command)
  const low = await situationOf(command, question)
  const high = await situationOf({ ...command, said: { ...command.said, rate: command.rateHigh ?? 0 } }, question)
  return betweenRates(question, low, high)
}
const number = (text: string | undefined): number => Number(text?.replaceAll(',', ''))

test('the settings are those of the upper end, and the backlog of the lower one is told to lose clients there', async () => {
  const { answer, settings, data } = await asked('--rate 300..900/s --stall 100ms')
  const text = answer.join(' ')
  const { low, high } = data as { low: { backlog: number }; high: { backlog: number } }
  assert.ok(low.backlog < high.backlog)
  assert.equal(settings.find(({ backlog }) => backlog !== undefined)?.backlog, high.backlog)
  const [, backlog, lost] = /Planned for 300\/s, 900\/s costs: with (\d+), ([\d.]+) % lose/.exec(text) ?? []
  assert.equal(number(backlog), low.backlog)
  assert.ok(number(lost) > 30 && number(lost) <= 100, text)
  assert.match(text, /Planned for 900\/s, 300\/s costs next to nothing/)
})

test('where the upper end cannot be carried, it is told up to where the rate can be', async () => {
  const { answer, settings } = await asked('--rate 800..1500/s --accept 1ms')
  assert.match(answer.join(' '), /At 1,500\/s: No backlog saves this.*can be carried at all: 1,000\/s/)
  assert.ok(settings.length > 0)
})
