/** The card of a server: questions that are put to it in a lab, each answered by what the kernel and the clients counted. */
import { describeError, UsageError } from '#common/errors.ts'
import { LagMeter } from '#common/lag.ts'
import { duration } from '#common/quantities.ts'
import type { Patience } from '#common/waiting.ts'
import type { Lab } from '../lab.ts'
import { mannerOf } from '../manner.ts'
import { CardLab } from './card-lab.ts'
import { CARD_MS, CardTime } from './card-time.ts'

/** What was found out, in a sentence or two, with the numbers that it rests on. */
export interface Found {
  says: string
  numbers: Record<string, number | string | null>
  /** What to set, where that follows. */
  set?: string
}

/** A question that cannot be asked of this server, or not here: why. */
export class NotAsked extends Error {
  override readonly name = 'NotAsked'
}

/** A question about something that this kind of socket does not have: why it has none, as a whole sentence. */
export class DoesNotApply extends Error {
  override readonly name = 'DoesNotApply'
}

export interface Question {
  asks: string
  /** How it is measured. */
  how: string
  /** Whether a late machine changes the answer: it is then not judged. Counts that no lateness can change stand. */
  bearsMs: number
  /** How long it takes at most where the server answers: so much of the card's time the questions before it leave. */
  needsMs: number
  ask(lab: CardLab): Promise<Found>
}

export interface Answer {
  asks: string
  how: string
  /** How late the machine was meanwhile at worst, in milliseconds. */
  lateMs: number
  /** Null where it is not judged, and where it does not apply. */
  found: Found | null
  /** Why it is not judged; null if it is, or does not apply. */
  notJudged: string | null
  /** Why it does not apply to this kind of socket; absent where it does. */
  doesNotApply?: string
}

export interface Card {
  server: string
  command: readonly string[]
  kernel: string
  answers: Answer[]
}

/**
 * Puts each question in turn, and gives each answer as it comes, all of them within CARD_MS on a machine that has time. Between
 * two of them the server is made well again.
 */
export async function* answers(lab: Lab, questions: readonly Question[]): AsyncGenerator<Answer> {
  const time = await CardTime.begin()
  const asked = new CardLab(lab, await mannerOf(lab))
  for (const [index, question] of questions.entries()) {
    const later = questions.slice(index + 1)
    const laterMs = later.reduce((sum, { needsMs }) => sum + needsMs, 0)
    yield await answerTo(question, asked, time.patience(laterMs))
    if (later.length > 0) await wellAgain(asked)
  }
}

async function answerTo(
  { asks, how: measured, bearsMs, ask }: Question,
  lab: CardLab,
  given: Patience,
): Promise<Answer> {
  const how = lab.manner.says === undefined ? measured : `${measured}; ${lab.manner.says}`
  using lag = new LagMeter()
  using patience = given
  lab.lateMs = 0
  lab.end = patience.signal
  lab.waitsUntil = undefined
  const late = (): number => Math.max(lag.worstMs, lab.lateMs)
  const notJudged = (why: string): Answer => ({ asks, how, lateMs: late(), found: null, notJudged: why })
  try {
    patience.signal.throwIfAborted()
    if ((await lab.queues()).length === 0) throw new NotAsked(noLonger(lab))
    const found = await ask(lab)
    if (late() > bearsMs) return notJudged(`this machine was too busy: something was up to ${duration(late())} late`)
    return { asks, how, lateMs: late(), found, notJudged: null }
  } catch (error) {
    lab.lab.over.throwIfAborted()
    lab.lab.stopped.throwIfAborted()
    if (error === patience.end)
      return notJudged(
        `${patience.machineIsBusy || late() > bearsMs ? 'this machine was too busy: ' : ''}${outOfTime(lab, patience)}`,
      )
    if (error instanceof DoesNotApply)
      return { asks, how, lateMs: late(), found: null, notJudged: null, doesNotApply: error.message }
    if (error instanceof NotAsked) return notJudged(error.message)
    if (late() > bearsMs || (error instanceof UsageError && /busy/.test(error.remedy ?? '')))
      return notJudged(`this machine was too busy: ${describeError(error)}`)
    const stillListens = await lab.queues().then(
      (queues) => queues.length > 0,
      () => true,
    )
    return notJudged(stillListens ? `it could not be found out: ${describeError(error)}` : noLonger(lab))
  } finally {
    lab.end = undefined
  }
}

const outOfTime = ({ waitsUntil }: CardLab, { inWords }: Patience): string =>
  `a card takes ${duration(CARD_MS)} at most, and ${waitsUntil === undefined ? 'those before it have left no time for this question' : `after ${inWords} it was still waited until ${waitsUntil}`}`

function noLonger({ name, lastWords }: CardLab): string {
  return `${name} does not listen any more${lastWords === '' ? '' : `: it ended (${lastWords})`}`
}

/** Nothing is stalled, nobody waits, and it runs; otherwise it is started anew. What cannot be mended the next answer says. */
async function wellAgain(lab: CardLab): Promise<void> {
  if (lab.lab.stopped.aborted) return
  await lab.stopLoads()
  for (const backend of lab.lab.backends) await backend.release().catch(() => {}) // it may be down
  try {
    await lab.until(
      'nobody waits for the server',
      () => lab.waiting(),
      (waiting) => waiting === 0,
      { withinMs: WELL_MS },
    )
    if ((await lab.lab.backend(1).told()).runs !== false) return
  } catch {
    // started anew below
  }
  await lab.restart().catch(() => {})
}

/** As long as a server may take to work off what waits. */
const WELL_MS = 4000
