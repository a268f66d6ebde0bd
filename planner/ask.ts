/** Every question, by its name. */
import type { Answer } from './answer.ts'
import { underWayInWords } from './handshakes-under-way.ts'
import { backendsQuestion } from './questions/backends.ts'
import { backlogQuestion } from './questions/backlog.ts'
import { clientsQuestion } from './questions/clients.ts'
import { restartQuestion, sharedQuestion, slowQuestion } from './questions/compare.ts'
import { rateQuestion, stallQuestion } from './questions/limits.ts'
import { memoryQuestion } from './questions/memory.ts'
import { portsQuestion } from './questions/ports.ts'
import { scaleOutQuestion } from './questions/scale-out.ts'
import { settingQuestion } from './questions/setting.ts'
import { synQueueQuestion } from './questions/syn-queue.ts'
import { timeoutQuestion } from './questions/timeout.ts'
import type { Situation } from './situation.ts'

/** What a question needs of a situation, where not every situation has it. */
type Needs = 'backlog' | 'slow' | 'restart' | 'scaleOut' | 'closedLoop'
type With<Need extends Needs> = Situation & { [Name in Need]: NonNullable<Situation[Name]> }

/** What belongs to every answer: handshakes that do not fit the SYN queue, and how a recording was read. */
const answering =
  (answer: (situation: Situation) => Answer) =>
  (situation: Situation): Answer => {
    const given = answer(situation)
    const { arrivals } = situation
    const { backlog = situation.backlog } = given.data
    return {
      ...given,
      answer: [
        ...given.answer,
        ...(typeof backlog === 'number' ? underWayInWords(situation, backlog) : []),
        ...(arrivals.shape === 'recorded' ? [`Read: ${arrivals.source}.`] : []),
      ],
    }
  }

const needing = <Need extends Needs>(needs: readonly Need[], answer: (situation: With<Need>) => Answer) =>
  answering((situation) => {
    const has = (one: Situation): one is With<Need> => needs.every((need) => one[need] !== undefined)
    if (!has(situation)) throw new TypeError(`This question needs ${needs.join(' and ')}`)
    return answer(situation)
  })

export const questions = {
  backlog: answering(backlogQuestion),
  setting: needing(['backlog'], settingQuestion),
  backends: answering(backendsQuestion),
  rate: needing(['backlog'], rateQuestion),
  stall: needing(['backlog'], stallQuestion),
  shared: needing(['backlog'], sharedQuestion),
  slow: needing(['backlog', 'slow'], slowQuestion),
  restart: needing(['backlog', 'restart'], restartQuestion),
  'syn-queue': needing(['backlog'], synQueueQuestion),
  memory: needing(['backlog'], memoryQuestion),
  timeout: answering(timeoutQuestion),
  ports: portsQuestion,
  clients: needing(['closedLoop'], clientsQuestion),
  'scale-out': needing(['scaleOut'], scaleOutQuestion),
} satisfies Record<string, (situation: Situation) => Answer>

export type Question = keyof typeof questions
