/** The same question for the two ends of a rate that is known no better, and what planning for either costs at the other. */
import { bytes, duration, number, percent, rate } from '#common/quantities.ts'
import { type Answer, answerOf } from './answer.ts'
import { type Question, questions } from './ask.ts'
import { memoryOfFullQueues } from './memory.ts'
import { isOverloaded, ratePerSecond, type Situation, serviceMs, socketsOf, utilisation } from './situation.ts'

/** The answer for both ends. Settings are those of the upper one where it can be carried. */
export function betweenRates(question: Question, low: Situation, high: Situation): Answer {
  const [atLow, atHigh] = [questions[question](low), questions[question](high)]
  const [slow, fast] = [ratePerSecond(low), ratePerSecond(high)].map(rate) as [string, string]
  const [first = '', ...others] = atHigh.answer
  const both = answerOf({
    question: `${atLow.question.replace(/\?$/, '')}, for ${slow} to ${fast}?`,
    answer: [
      `At ${slow}: ${atLow.answer[0] ?? ''}`,
      `At ${fast}: ${first}`,
      ...costsInWords(question, { low, high, atLow, atHigh }),
      ...others.filter((sentence) => !atLow.answer.includes(sentence)).map((sentence) => `At ${fast}: ${sentence}`),
      ...others.filter((sentence) => atLow.answer.includes(sentence)),
    ],
    settings: atHigh.settings.length > 0 ? atHigh.settings : atLow.settings,
    table: joined(atLow, atHigh, slow, fast),
    why: [...atLow.why.map((line) => `At ${slow}: ${line}`), ...atHigh.why.map((line) => `At ${fast}: ${line}`)],
    howSure: [
      'Between the two, what is said lies between the two: more connections never need less.',
      ...new Set([...atHigh.howSure, ...(atHigh.howSure.length === 0 ? atLow.howSure : [])]),
    ],
    outcomes: [],
    data: {
      low: { ratePerSecond: ratePerSecond(low), ...atLow.data },
      high: { ratePerSecond: ratePerSecond(high), ...atHigh.data },
    },
  })
  return { ...both, disagreements: [...atLow.disagreements, ...atHigh.disagreements] }
}

/** What is planned for one end does at the other. */
function costsInWords(
  question: Question,
  { low, high, atLow, atHigh }: { low: Situation; high: Situation; atLow: Answer; atHigh: Answer },
): string[] {
  const [slow, fast] = [rate(ratePerSecond(low)), rate(ratePerSecond(high))]
  if (isOverloaded(high) && !isOverloaded(low)) {
    const carried = ratePerSecond(high) / utilisation(high)
    return [
      `Somewhere between lies what can be carried at all: ${rate(carried)}. Beyond it queues fill whatever they hold.`,
    ]
  }
  const [less, more] = [atLow.data.backlog, atHigh.data.backlog]
  if (question !== 'backlog' || typeof less !== 'number' || typeof more !== 'number') return []
  if (less >= more) return ['The same backlog does for both.']
  const { estimates } = questions.setting({ ...high, backlog: less }).data as {
    estimates: { delayedShare: { value: number }; falseShare: { value: number } }
  }
  const refused = Math.min(1, estimates.delayedShare.value + estimates.falseShare.value)
  const memory = (memoryOfFullQueues(more).acceptQueue - memoryOfFullQueues(less).acceptQueue) * socketsOf(high).sockets
  const waitMs = ((more - less) * serviceMs(high)) / socketsOf(high).loops
  return [
    `Planned for ${slow}, ${fast} costs: with ${number(less)}, ${refused === 0 ? 'nobody was dropped in these simulations' : `${percent(Number(refused.toPrecision(2)))} lose a SYN or a final ACK`}.`,
    `Planned for ${fast}, ${slow} costs next to nothing: ${number(more - less)} more places take no memory until somebody waits in them, and ${bytes(memory)} when they are full${waitMs > 0 ? `; the last in line then waits ${duration(waitMs)} longer` : ''}.`,
  ]
}

/** Both tables, one below the other. */
function joined(atLow: Answer, atHigh: Answer, slow: string, fast: string): Answer['table'] {
  const { columns } = atHigh.table.rows.length > 0 ? atHigh.table : atLow.table
  const rowsOf = ({ table }: Answer, words: string): string[][] =>
    table.columns.join() === columns.join() ? table.rows.map((row) => [words, ...row]) : []
  return { columns: ['rate', ...columns], rows: [...rowsOf(atLow, slow), ...rowsOf(atHigh, fast)] }
}
