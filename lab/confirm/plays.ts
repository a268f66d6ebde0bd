/** Which settings of an answer a lab plays: the one it recommends, both sides of a limit, or all that it compares. */
import { UsageError } from '#common/errors.ts'
import { duration, number, rate } from '#common/quantities.ts'
import type { Answer } from '#planner/answer.ts'
import type { Question } from '#planner/ask.ts'
import { restartWays, sharedWays, slowWays, type Way } from '#planner/questions/ways.ts'
import type { ArrivalsPlan, Situation } from '#planner/situation.ts'

/** How far to either side of a limit a run must show the difference. */
const BELOW = 0.9
const ABOVE = 1.15

/** Why the answers to some questions cannot be confirmed, and what can be done instead. */
const unplayable: Partial<Record<Question, readonly [problem: string, remedy: string]>> = {
  'scale-out': [
    'Growth cannot be confirmed: a lab has as many backends as it began with',
    'Confirm both ends: spillway plan --rate RATE --confirm',
  ],
  clients: [
    'A closed loop cannot be confirmed: a lab plays arrivals whose moments are known beforehand',
    'Confirm the rate at which these clients ask: spillway plan --rate RATE --confirm',
  ],
  ports: [
    'Source ports cannot be confirmed: they are counted, not predicted',
    'spillway run port-exhaustion shows what happens',
  ],
  memory: [
    'Memory cannot be confirmed: it is not predicted, its sizes were measured',
    'docs/planning.md says how; /proc/slabinfo shows those of this kernel',
  ],
}

/** Throws a UsageError for a question whose answer no lab can play, whatever it is; gives an empty list for any other. */
export function refuseUnplayable(question: Question): [] {
  const why = unplayable[question]
  if (why !== undefined) throw new UsageError(...why)
  return []
}

/** Throws a UsageError where there is nothing that a lab could play. */
export function playsOf(question: Question, situation: Situation, { data }: Answer): Way[] {
  const numberOf = (name: string): number => {
    const value = data[name]
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw new UsageError(
        'There is no setting to confirm: no backlog is enough',
        'See what the answer suggests instead',
      )
    return value
  }
  const backlog = situation.backlog ?? 0
  switch (question) {
    case 'backlog':
      return [way(situation, numberOf('backlog'))]
    case 'setting':
    case 'syn-queue':
      return [way(situation, backlog)]
    case 'backends': {
      const backends = numberOf('backends')
      const name = `${number(backends)} backends`
      return [
        {
          name,
          situation: { ...situation, backends },
          backlog: situation.backlog ?? Math.ceil(numberOf('smallestBacklog')),
        },
      ]
    }
    case 'rate':
      return aroundRate(situation, numberOf('ratePerSecond'))
    case 'stall':
      return [BELOW, ABOVE].map((factor) => {
        const ms = numberOf('stallMs') * factor
        const stall = { ms, everyMs: undefined, whom: situation.stall?.whom ?? ('one' as const) }
        return { name: `a stall of ${duration(ms)}`, situation: { ...situation, stall }, backlog }
      })
    case 'shared':
      return sharedWays({ ...situation, backlog })
    case 'slow':
      return situation.slow === undefined ? [] : slowWays({ ...situation, backlog, slow: situation.slow })
    case 'restart':
      return restartWays({ ...situation, backlog })
    case 'timeout':
      return [way(situation, numberOf('recommended'))]
    case 'scale-out':
    case 'clients':
    case 'ports':
    case 'memory':
      return refuseUnplayable(question)
  }
}

const way = (situation: Situation, backlog: number): Way => ({
  name: `a backlog of ${number(backlog)}`,
  situation,
  backlog,
})

function aroundRate(situation: Situation & { backlog?: number | undefined }, limit: number): Way[] {
  const { arrivals, backlog = 0 } = situation
  if (arrivals.shape === 'recorded') throw new TypeError('The rate of a recording is fixed')
  return [BELOW, ABOVE].map((factor) => {
    const ratePerSecond = limit * factor
    const changed: ArrivalsPlan = { ...arrivals, ratePerSecond }
    return { name: rate(ratePerSecond), situation: { ...situation, arrivals: changed }, backlog }
  })
}
