/** `spillway plan`: asks the planner, prints what it says, and has a lab judge it where --confirm asks for that. */
import { UsageError } from '#common/errors.ts'
import { duration } from '#common/quantities.ts'
import type { Answer } from '#planner/answer.ts'
import { type Question, questions } from '#planner/ask.ts'
import { sentenceWithoutUserinfo } from '#planner/inputs/credentials.ts'
import type { Situation } from '#planner/situation.ts'
import { refuseUnwritable, writePage } from '../page-file.ts'
import { ticking } from '../progress.ts'
import { help, type PlanCommand, readCommand } from './command.ts'
import { understoodInWords } from './pool.ts'
import { forPool, forServer } from './server.ts'
import { questionOf, situationOf } from './situation.ts'
import { answerInWords } from './words.ts'

export async function plan(args: string[]): Promise<void> {
  try {
    await answerTo(args)
  } catch (error) {
    // A message may quote an address: its user and password must not be shown.
    throw error instanceof UsageError ? new UsageError(sentenceWithoutUserinfo(error.message), error.remedy) : error
  }
}

async function answerTo(args: string[]): Promise<void> {
  const command = readCommand(args)
  if (command === undefined) {
    process.stdout.write(help)
    return
  }
  const { report, json } = command
  if (report !== undefined) refuseUnwritable(report, '--report')
  const answer = await answerOf(command)
  process.stdout.write(`${json ? JSON.stringify(answer, plainNumbers) : answerInWords(answer)}\n`)
  if (report !== undefined) {
    const { answerAsPage } = await import('./report.ts')
    writePage(report, answerAsPage(answer, args, command), '--report')
    process.stderr.write(`Report: ${report}\n`)
  }
  process.exitCode = answer.disagreements.length > 0 ? 1 : 0
}

async function answerOf(command: PlanCommand): Promise<Answer> {
  if (command.own !== undefined) {
    refuseTwoRates(command)
    return await (await import('./own-server.ts')).answerOnServer(command)
  }
  return command.from === undefined
    ? await fromOptions(command)
    : await (await import('./from-prometheus.ts')).answerFromPrometheus(command, command.from)
}

async function fromOptions(command: PlanCommand): Promise<Answer> {
  const question = questionOf(command)
  const situation = await situationOf(command, question)
  const { server, 'service-time': ofPool } = command.said
  const plain = await answerForRates(command, question, situation)
  const given = server === undefined && ofPool !== undefined ? forPool(plain) : forServer(plain, server, situation)
  const answer = { ...given, answer: [...given.answer, ...understoodInWords(command, situation)] }
  if (!command.confirm) return answer
  const { confirmed } = await import('#lab/confirm/confirmed.ts')
  using stages = ticking({ lines: !command.json })
  return await confirmed(answer, question, situation, (name, forMs) =>
    stages.say(`Playing ${name} in a lab: clients come for ${duration(forMs)} …`),
  )
}

async function answerForRates(command: PlanCommand, question: Question, situation: Situation): Promise<Answer> {
  const { rateHigh, said } = command
  if (rateHigh === undefined || question === 'scale-out') return questions[question](situation)
  if (command.confirm) refuseTwoRates(command)
  const upper = await situationOf({ ...command, said: { ...said, rate: rateHigh } }, question)
  const { betweenRates } = await import('#planner/between.ts')
  return betweenRates(question, situation, upper)
}

function refuseTwoRates({ rateHigh, names }: PlanCommand): void {
  if (rateHigh === undefined) return
  throw new UsageError(
    `--confirm plays one load, and ${names.rate} has two ends`,
    'Confirm each of them: --rate with one number',
  )
}

/** JSON has no infinity: an open bound becomes null. */
const plainNumbers = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? null : value
