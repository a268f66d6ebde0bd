/** The answer as a page that can be shared. */
import { thisMachine } from '#lab/experiment/machine.ts'
import type { Answer } from '#planner/answer.ts'
import { withoutUserinfo } from '#planner/inputs/credentials.ts'
import { planHtml } from '#report/plan.ts'
import { quoted } from '../quoted.ts'
import type { PlanCommand } from './command.ts'

/** The page of an answer. `args` are the words after `spillway plan`, as they were typed. */
export function answerAsPage(
  answer: Answer,
  args: readonly string[],
  { from, question, confirm }: PlanCommand,
): string {
  const nothingToPlay = from !== undefined || question === 'memory' || answer.data.unstable === true
  return planHtml(answer, {
    command: commandLine(args),
    confirming: nothingToPlay || confirm ? undefined : commandLine([...args, '--confirm']),
    at: new Date().toISOString(),
    machine: thisMachine(),
  })
}

/** The command line, quoted for a shell; the page can be shared, so it has no password in it. */
export const commandLine = (args: readonly string[]): string =>
  ['spillway', 'plan', ...args.map((word) => quoted(withoutUserinfo(word)))].join(' ')
