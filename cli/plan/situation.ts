/** Makes a situation of what was said, and refuses what contradicts itself or is missing. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import type { Question } from '#planner/ask.ts'
import { lifeMs } from '#planner/closed/half-open.ts'
import { addressWithoutUserinfo } from '#planner/inputs/credentials.ts'
import { type ArrivalsPlan, relaxationMs, type Situation, serviceMs } from '#planner/situation.ts'
import { defaultClient, defaultKernel } from '#planner/system.ts'
import type { PlanCommand } from './command.ts'
import type { OptionName } from './options.ts'
import { isAddress, readArrivals } from './recordings.ts'

/** The default of Node and of nginx. */
const USUAL_BACKLOG = 511
const USUAL_SPAN_MS = 10_000
const LEAST_SPAN_MS = 200
/** Connections that one simulated run should not exceed unless it was asked for. */
const COMFORTABLE_CONNECTIONS = 50_000
const QUICK_CONNECTIONS = 200_000
/** A queue shows its balance after so many times its memory. */
const BALANCED = 21
const MOST_CONNECTIONS = 5_000_000

/** The question as the options decide it, where it was not asked. */
export function questionOf({ question, said }: PlanCommand): Question {
  if (question !== undefined) return question
  if (said['half-open'] !== undefined) return 'syn-queue'
  if (said['slow-backends'] !== undefined) return 'slow'
  if (said.away !== undefined || said.drain !== undefined) return 'restart'
  return said.backlog === undefined ? 'backlog' : 'setting'
}

export async function situationOf(command: PlanCommand, question: Question): Promise<Situation> {
  refuseContradictions(command, question)
  const { said } = command
  const arrivals = await arrivalsOf(command, question)
  const asksForBacklog = question === 'backlog' || question === 'backends'
  const situation: Situation = {
    arrivals,
    forMs: said.for ?? 0,
    backends: said.backends ?? 1,
    mode: said.mode ?? 'sharded',
    steering: said.steering ?? 'hash',
    backlog: said.backlog ?? (asksForBacklog ? undefined : USUAL_BACKLOG),
    somaxconn: said.somaxconn ?? 4096,
    accept: {
      ms: said.accept ?? 0,
      cv: said['accept-cv'] ?? 0,
      handleMs: said.handle ?? 0,
      perTurn: said['accepts-per-turn'] ?? 1,
    },
    stall: said.stall === undefined ? undefined : { ...said.stall, whom: said.stalled ?? 'one' },
    slow:
      said['slow-backends'] === undefined
        ? undefined
        : { backends: said['slow-backends'], acceptMs: said['slow-accept'] ?? 0 },
    restart: question === 'restart' ? { drainMs: said.drain ?? 100, awayMs: said.away ?? 1000 } : undefined,
    halfOpenPerSecond: said['half-open'] ?? 0,
    kernel: {
      syncookies: cookies(said.syncookies ?? defaultKernel.syncookies),
      synAckRetries: said['synack-retries'] ?? defaultKernel.synAckRetries,
      maxSynBacklog: said['max-syn-backlog'] ?? defaultKernel.maxSynBacklog,
      abortOnOverflow: said['abort-on-overflow'] === 1,
      migrateReq: command.migrate,
      hz: said.hz ?? defaultKernel.hz,
    },
    client: {
      ...defaultClient,
      rttMs: said.rtt ?? defaultClient.rttMs,
      hosts: said['client-hosts'] ?? defaultClient.hosts,
      timeoutMs: said.timeout ?? defaultClient.timeoutMs,
      synRetries: said['syn-retries'] ?? defaultClient.synRetries,
      synLinearTimeouts: said['linear-timeouts'] ?? defaultClient.synLinearTimeouts,
    },
    target: { delayedShare: said.loss ?? 0, sureness: said.sure ?? 0.99, waitMs: said.wait },
    seed: said.seed ?? 1,
  }
  const forMs = said.for ?? usualSpanMs(situation, question)
  refuseTooMany(command, question, { ...situation, forMs })
  if (question === 'backlog' && situation.stall === undefined && serviceMs(situation) === 0 && !situation.slow)
    throw new UsageError(
      'Nothing would fill a queue: neither a stall nor a cost of accepting is given, and any backlog is enough',
      'Give --stall TIME, or --accept TIME',
    )
  return { ...situation, forMs }
}

/** Long enough for queues to show what they do, and in whole periods of a stall: each brings one. */
function usualSpanMs(situation: Situation, question: Question): number {
  const { arrivals, halfOpenPerSecond, kernel, stall } = situation
  const perSecond = Math.max(1, (arrivals.shape === 'recorded' ? 0 : arrivals.ratePerSecond) + halfOpenPerSecond)
  const taking = (connections: number): number => Math.max(LEAST_SPAN_MS, (connections / perSecond) * 1000)
  const balanceMs = relaxationMs(situation) * BALANCED
  const spanMs = Math.max(
    Math.min(USUAL_SPAN_MS, taking(isQuick(question) ? QUICK_CONNECTIONS : COMFORTABLE_CONNECTIONS)),
    Number.isFinite(balanceMs) ? Math.min(balanceMs, taking(COMFORTABLE_CONNECTIONS)) : 0,
    halfOpenPerSecond > 0 ? Math.min(2 * lifeMs(kernel.synAckRetries), taking(COMFORTABLE_CONNECTIONS)) : 0,
  )
  const everyMs = stall?.everyMs
  return everyMs === undefined ? spanMs : Math.ceil(spanMs / everyMs) * everyMs
}

/** What plays one setting or two can play each for longer: retries come a second later and more. */
const isQuick = (question: Question): boolean => question === 'setting' || question === 'shared'

function refuseTooMany(command: PlanCommand, question: Question, situation: Situation): void {
  const { arrivals, forMs, halfOpenPerSecond, stall } = situation
  const everyMs = stall?.everyMs
  if (arrivals.shape === 'recorded') {
    const lastMs = arrivals.atMs.at(-1) ?? 0
    if (everyMs !== undefined && lastMs < everyMs)
      throw new UsageError(
        `${nameOf(command, 'stall')} comes once in ${duration(everyMs)}, and the recording lasts ${duration(lastMs)} only`,
        'Give the length of a stall alone: it is put where the most connections come',
      )
    return
  }
  // The rate is what that question looks for; a stall that comes once is played with what comes around it.
  const single = stall !== undefined && everyMs === undefined
  if (question === 'rate' || question === 'memory') return
  const ms = single || question === 'stall' ? (stall?.ms ?? 0) : forMs
  const connections = ((arrivals.ratePerSecond + halfOpenPerSecond) * ms) / 1000
  if (connections <= MOST_CONNECTIONS) return
  const many = `${number(Math.round(connections))} connections to play, more than ${MOST_CONNECTIONS / 1e6} million`
  if (command.said.for !== undefined && !single)
    throw new UsageError(`${nameOf(command, 'for')} gives ${many}`, 'Look at a shorter time with --for')
  if (everyMs !== undefined)
    throw new UsageError(
      `${nameOf(command, 'stall')}: one period brings ${many}`,
      'Give the length of a stall alone: shares are then of those who come during it',
    )
  throw new UsageError(
    `${nameOf(command, single ? 'stall' : 'rate')} gives ${many}`,
    single ? 'Plan for a shorter stall, or for a part of the backends and their part of the rate' : undefined,
  )
}

const cookies = (value: number): 0 | 1 | 2 => (value === 0 ? 0 : value === 1 ? 1 : 2)

const nameOf = ({ names }: PlanCommand, option: OptionName): string => names[option] ?? `--${option}`

async function arrivalsOf(command: PlanCommand, question: Question): Promise<ArrivalsPlan> {
  const { said } = command
  const how = said.arrivals ?? 'poisson'
  if (how === 'poisson' || how === 'constant') {
    for (const option of ['query', 'range', 'step', 'auth-file'] as const)
      if (said[option] !== undefined)
        throw new UsageError(
          `${nameOf(command, option)} needs recorded arrivals`,
          'Give the Prometheus with --arrivals http://…',
        )
    if (said.rate !== undefined) return { shape: how, ratePerSecond: said.rate }
    if (question === 'rate' || question === 'memory') return { shape: how, ratePerSecond: 1 }
    if (question === 'syn-queue') return { shape: how, ratePerSecond: 100 }
    throw new UsageError(
      '--rate is missing: how many new connections come a second?',
      'For example --rate 3000/s, or --arrivals FILE.csv',
    )
  }
  if (said.rate !== undefined)
    throw new UsageError(
      `${nameOf(command, 'rate')} and ${nameOf(command, 'arrivals')} '${addressWithoutUserinfo(how)}' contradict each other: a recording has its own rate`,
    )
  const { query, range = 3_600_000, step = 15_000, seed = 1 } = said
  const authFile = said['auth-file']
  if (authFile !== undefined && !isAddress(how))
    throw new UsageError(
      `${nameOf(command, 'auth-file')} needs a Prometheus, and ${nameOf(command, 'arrivals')} names none`,
    )
  return { shape: 'recorded', ...(await readArrivals(how, { query, rangeMs: range, stepMs: step, seed, authFile })) }
}

/** Pairs that cannot both be meant, and things that need another one. */
function refuseContradictions(command: PlanCommand, question: Question): void {
  const { said, migrate } = command
  const name = (option: OptionName): string => nameOf(command, option)
  const refuse = (wrong: boolean, problem: () => string, remedy?: string): void => {
    if (wrong) throw new UsageError(problem(), remedy)
  }
  const has = (option: OptionName): boolean => said[option] !== undefined
  const recorded = said.arrivals !== undefined && said.arrivals !== 'poisson' && said.arrivals !== 'constant'
  refuse(
    question === 'backlog' && has('backlog'),
    () => `${name('backlog')} is what is asked for`,
    'Leave it out, or ask what happens with it: spillway plan setting',
  )
  refuse(question === 'setting' && !has('backlog'), () => '--backlog is missing: what happens with which?')
  refuse(question === 'stall' && has('stall'), () => `${name('stall')} is what is asked for`, 'Leave it out')
  refuse(question === 'rate' && has('rate'), () => `${name('rate')} is what is asked for`, 'Leave it out')
  refuse(question === 'rate' && recorded, () => `${name('arrivals')}: a recording has the rate it has`)
  refuse(
    question === 'rate' && !has('stall') && !has('accept') && !has('handle'),
    () => 'Nothing would limit the rate: neither a stall nor a cost of accepting is given',
    'Give --accept TIME, or --stall TIME',
  )
  refuse(
    question === 'backends' && !has('backlog') && !has('accept') && !has('handle'),
    () => 'Nothing says how many backends are needed: neither a cost of accepting nor a backlog is given',
    'Give --accept TIME, or --backlog N',
  )
  refuse(question === 'slow' && !has('slow-backends'), () => '--slow-backends is missing: how many are slow?')
  refuse(question === 'syn-queue' && !has('half-open'), () => '--half-open is missing: how many a second?')
  refuse(has('slow-backends') !== has('slow-accept'), () => '--slow-backends and --slow-accept belong together')
  refuse(
    has('slow-backends') && said['slow-backends']! > (said.backends ?? 1),
    () => `${name('slow-backends')} is more than there are backends (${said.backends ?? 1})`,
  )
  refuse(
    has('slow-accept') && said['slow-accept']! <= (said.accept ?? 0),
    () =>
      `${name('slow-accept')} is not slower than ${has('accept') ? name('accept') : 'the others, which take no time: give --accept TIME'}`,
  )
  refuse(
    has('stalled') && !has('stall') && question !== 'stall',
    () => `${name('stalled')} needs a stall`,
    'Give --stall TIME',
  )
  refuse(
    has('accept-cv') && !has('accept'),
    () => `${name('accept-cv')} needs a cost of accepting`,
    'Give --accept TIME',
  )
  refuse(
    said.mode === 'shared' && has('steering'),
    () => `${name('steering')} and ${name('mode')} shared contradict each other: there is only one socket to choose`,
  )
  refuse(
    migrate && (said.mode === 'shared' || (said.backends ?? 1) === 1),
    () => '--migrate needs several sockets to move connections between',
    'Give --backends 2 or more, and not --mode shared',
  )
  refuse(
    has('loss') && has('sure'),
    () => `${name('loss')} and ${name('sure')} contradict each other`,
    '--sure is about no loss at all; leave one of them out',
  )
  refuse(
    (has('drain') || has('away')) && has('stall'),
    () => `${name(has('drain') ? 'drain' : 'away')} and ${name('stall')}: one trouble at a time`,
  )
  refuse(
    question === 'restart' && said.mode === 'shared',
    () => `${name('mode')} shared: a socket lives until its last process ends, so a rolling restart costs it nothing`,
  )
  refuse(
    has('sure') && said.sure === 1,
    () => `${name('sure')} of 100% is more than chance allows: with any backlog more may come`,
    'Give 99% or 99.9%',
  )
  refuse(
    recorded && has('for'),
    () => `${name('for')} and ${name('arrivals')} contradict each other: a recording has its own length`,
  )
  refuse(
    has('stall') && said.stall!.everyMs !== undefined && has('for') && said.stall!.everyMs > said.for!,
    () => `${name('for')} is shorter than the period of ${name('stall')}`,
  )
}
