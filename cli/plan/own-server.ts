/** `spillway plan … --confirm -- COMMAND`: the plan is made for that server, as it was found and measured, and confirmed on it. */
import { UsageError } from '#common/errors.ts'
import { duration, plural } from '#common/quantities.ts'
import { confirmed } from '#lab/confirm/confirmed.ts'
import { OwnServerLab } from '#lab/confirm/own-server.ts'
import type { Answer } from '#planner/answer.ts'
import { questions } from '#planner/ask.ts'
import { progress } from '../progress.ts'
import type { PlanCommand } from './command.ts'
import { questionOf, situationOf } from './situation.ts'

/** Throws a UsageError for options that are about a server which is not there yet. */
export async function answerOnServer(command: PlanCommand): Promise<Answer> {
  const { own, said, names } = command
  if (own === undefined) throw new TypeError('no server')
  if (!command.confirm)
    throw new UsageError(
      'A server stands behind --, and nothing is to be confirmed on it',
      'Add --confirm, or leave it out',
    )
  const measured = (['accept', 'handle', 'accept-cv', 'slow-backends'] as const).find(
    (name) => said[name] !== undefined,
  )
  if (measured !== undefined)
    throw new UsageError(
      `${names[measured] ?? measured} is about what an accept takes, and that is measured on ${own.server.name}`,
      'Leave it out',
    )
  const question = questionOf(command)
  try {
    await using on = await OwnServerLab.start(own, progress)
    const limits = on.lab.plan.backends.map(({ backlog }) => backlog)
    const asksForBacklog = question === 'backlog' || question === 'backends'
    const known: PlanCommand = {
      ...command,
      said: {
        mode: on.mode,
        backends: on.loops,
        ...(asksForBacklog ? {} : { backlog: Math.min(...limits) }),
        ...said,
        accept: on.acceptMs,
      },
    }
    const situation = await situationOf(known, question)
    const given = questions[question](situation)
    const found = `${on.name} has ${plural(limits.length, 'socket')} and ${plural(on.loops, 'process that accepts', 'processes that accept')}; an accept takes about ${duration(on.acceptMs)}, as measured on it just before.`
    const answer = { ...given, answer: [...given.answer, found] }
    return await confirmed(answer, question, situation, (name) => progress(`Playing ${name} on ${on.name} …`), on)
  } finally {
    progress('')
  }
}
