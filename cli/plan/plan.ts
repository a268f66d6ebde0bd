/** `spillway plan`: asks the planner, prints what it says, and has a lab judge it where --confirm asks for that. */
import { UsageError } from '#common/errors.ts'
import type { Answer } from '#planner/answer.ts'
import { questions } from '#planner/ask.ts'
import { sentenceWithoutUserinfo } from '#planner/inputs/credentials.ts'
import { listenerHistories } from '#planner/inputs/listener-histories.ts'
import { Prometheus } from '#planner/inputs/prometheus.ts'
import { listenersAnswer } from '#planner/listeners.ts'
import { refuseUnwritable, writePage } from '../page-file.ts'
import { progress } from '../progress.ts'
import { help, type PlanCommand, readCommand } from './command.ts'
import { credentialsFrom } from './credentials.ts'
import { understoodInWords } from './pool.ts'
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
  if (command.own !== undefined) return await (await import('./own-server.ts')).answerOnServer(command)
  return await (command.from === undefined ? fromOptions(command) : fromPrometheus(command, command.from))
}

async function fromOptions(command: PlanCommand): Promise<Answer> {
  const question = questionOf(command)
  const situation = await situationOf(command, question)
  const given = questions[question](situation)
  const answer = { ...given, answer: [...given.answer, ...understoodInWords(command, situation)] }
  if (!command.confirm) return answer
  const { confirmed } = await import('#lab/confirm/confirmed.ts')
  try {
    return await confirmed(answer, question, situation, (name) => progress(`Playing ${name} in a lab …`))
  } finally {
    progress('')
  }
}

async function fromPrometheus({ said, question, names, confirm }: PlanCommand, address: string): Promise<Answer> {
  const other = Object.keys(said).find((name) => name !== 'range' && name !== 'auth-file')
  if (other !== undefined || question !== undefined)
    throw new UsageError(
      `--from reads the current state from a Prometheus: ${other === undefined ? `'${question}'` : names[other as keyof typeof names]} cannot be combined with it`,
      'Only --range and --auth-file can',
    )
  if (confirm) throw new UsageError('--confirm needs a load that a lab can play', 'Give --rate, or --arrivals')
  const rangeMs = said.range ?? 3_600_000
  const prometheus = new Prometheus(address, credentialsFrom(said['auth-file']))
  const histories = await listenerHistories(prometheus, rangeMs)
  if (histories.length === 0)
    throw new UsageError(
      `The Prometheus at ${prometheus} has no tcp_listener_accept_queue_limit: it does not scrape a Spillway exporter, or none has been up for as long as --range`,
      'Make it scrape spillway exporter: see docs/metrics.md',
    )
  return listenersAnswer(histories, rangeMs)
}

/** JSON has no infinity: an open bound becomes null. */
const plainNumbers = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? null : value
