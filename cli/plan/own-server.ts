/** `spillway plan … --confirm -- COMMAND`: the plan is made for that server, as it was found and measured, and confirmed on it. */
import { UsageError } from '#common/errors.ts'
import { duration, plural } from '#common/quantities.ts'
import { confirmed } from '#lab/confirm/confirmed.ts'
import { labSceneOf } from '#lab/confirm/lab-scene.ts'
import { OwnServerLab, refuseQuestion } from '#lab/confirm/own-server.ts'
import { refuseUnplayable } from '#lab/confirm/plays.ts'
import type { Answer } from '#planner/answer.ts'
import { type Question, questions } from '#planner/ask.ts'
import type { Situation } from '#planner/situation.ts'
import { sceneOf } from '#planner/system-of.ts'
import { ticking } from '../progress.ts'
import type { PlanCommand } from './command.ts'
import { questionOf, situationOf } from './situation.ts'

/** Known only when the server is there: what stands for it until then contradicts nothing that it could be. */
const NOT_YET_KNOWN = { mode: 'sharded', backends: 2, backlog: 511, accept: 0.001 } as const

/** What is measured on the server, or counted there, and by which options a person would say it. */
const found = [
  ...(['accept', 'handle', 'accept-cv', 'slow-backends', 'slow-accept', 'service-time', 'service-cv'] as const).map(
    (option) => ({ option, about: 'what an accept takes, and that is measured' }),
  ),
  { option: 'workers', about: 'how many processes accept, and these are counted' },
] as const

/** Throws a UsageError for options that are about a server which is not there yet. */
export async function answerOnServer(command: PlanCommand): Promise<Answer> {
  const { own, said, json } = command
  if (own === undefined) throw new TypeError('no server')
  const question = questionOf(command)
  const { arrivals } = await beforehand(command, own.server.name, question)
  using stages = ticking({ lines: !json })
  await using on = await OwnServerLab.start(own, stages.say)
  const limits = on.lab.plan.backends.map(({ backlog }) => backlog)
  const known: PlanCommand = {
    ...command,
    said: {
      mode: on.mode,
      backends: on.loops,
      ...(asksForBacklog(question) ? {} : { backlog: Math.min(...limits) }),
      ...said,
      accept: on.acceptMs,
    },
  }
  stages.say('Planning …')
  const situation = await situationOf(known, question, arrivals)
  const given = questions[question](situation)
  const seen = `${on.name} has ${plural(limits.length, 'socket')} and ${plural(on.loops, 'process that accepts', 'processes that accept')}; an accept takes about ${duration(on.acceptMs)}, as measured on it just before.`
  const answer = { ...given, answer: [...given.answer, seen] }
  const onPlay = (name: string, forMs: number): void =>
    stages.say(`Playing ${name} on ${on.name}: clients come for ${duration(forMs)} …`)
  return await confirmed(answer, question, situation, onPlay, on)
}

/** Whether a backlog is no part of the question. */
const asksForBacklog = (question: Question): boolean => question === 'backlog' || question === 'backends'

/** Refuses what can be refused before a server is started and measured, and gives what is known by then. */
async function beforehand(command: PlanCommand, name: string, question: Question): Promise<Situation> {
  const { said, names, confirm } = command
  if (!confirm)
    throw new UsageError(
      'A server stands behind --, and nothing is to be confirmed on it',
      'Add --confirm, or leave it out',
    )
  const needless = found.find(({ option }) => said[option] !== undefined)
  if (needless !== undefined)
    throw new UsageError(
      `${names[needless.option] ?? needless.option} is about ${needless.about} on ${name}`,
      'Leave it out',
    )
  refuseUnplayable(question)
  refuseQuestion(question, name)
  const { backlog, ...others } = NOT_YET_KNOWN
  const unknown = { ...others, ...(asksForBacklog(question) ? {} : { backlog }) }
  const situation = await situationOf({ ...command, said: { ...unknown, ...said } }, question)
  // What these questions look for decides what is played.
  if (question !== 'rate' && question !== 'stall')
    labSceneOf(sceneOf(situation, situation.backlog ?? backlog, situation.seed).system)
  return situation
}
