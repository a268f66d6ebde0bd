/** The answer as a page that can be shared. */
import { MOST_BACKENDS } from '#lab/confirm/lab-scene.ts'
import { thisMachine } from '#lab/experiment/machine.ts'
import type { Answer } from '#planner/answer.ts'
import type { Question } from '#planner/ask.ts'
import { withoutUserinfo } from '#planner/inputs/credentials.ts'
import { planHtml } from '#report/plan.ts'
import { quoted } from '../quoted.ts'
import type { PlanCommand } from './command.ts'
import { USUAL_CV } from './pool.ts'
import { questionOf } from './situation.ts'

/** The page of an answer. `args` are the words after `spillway plan`, as they were typed. */
export function answerAsPage(answer: Answer, args: readonly string[], command: PlanCommand): string {
  const playable = answer.data.unstable !== true && isPlayable(command)
  return planHtml(answer, {
    command: commandLine(args),
    confirming: command.confirm || !playable ? undefined : commandLine([...args, '--confirm']),
    at: new Date().toISOString(),
    machine: thisMachine(),
  })
}

/** Questions whose answers are counted, not predicted, or that need what no lab has. */
const neverPlayed: readonly Question[] = ['memory', 'ports', 'clients', 'scale-out']

/** Whether a lab would not refuse what is asked: nobody is invited to a confirmation that there is not. */
function isPlayable(command: PlanCommand): boolean {
  const { from, rateHigh, said } = command
  if (from !== undefined || rateHigh !== undefined || neverPlayed.includes(questionOf(command))) return false
  const cv = said['service-time'] === undefined ? (said['accept-cv'] ?? 0) : (said['service-cv'] ?? USUAL_CV)
  return cv === 0 && (said.rtt ?? 0) <= 1 && (said.workers ?? said.backends ?? 1) <= MOST_BACKENDS
}

/** The command line, quoted for a shell; the page can be shared, so it has no password in it. */
export const commandLine = (args: readonly string[]): string =>
  ['spillway', 'plan', ...args.map((word) => quoted(withoutUserinfo(word)))].join(' ')
