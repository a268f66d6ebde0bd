/** Makes a situation of the options, and refuses what would take too long to play. */
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import { clientsHere } from '#lab/this-kernel.ts'
import type { Question } from '#planner/ask.ts'
import { withPatience } from '#planner/client-presets.ts'
import { lifeMs } from '#planner/closed/half-open.ts'
import { askedPerSecond, usualLoopSpanMs } from '#planner/closed-loop.ts'
import { addressWithoutUserinfo } from '#planner/inputs/credentials.ts'
import { usualPorts } from '#planner/questions/ports.ts'
import { type ArrivalsPlan, relaxationMs, type Situation, serviceMs } from '#planner/situation.ts'
import { type ClientRules, defaultKernel } from '#planner/system.ts'
import type { PlanCommand } from './command.ts'
import { nameOf, refuseContradictions } from './contradictions.ts'
import type { Said } from './options.ts'
import { ofInstance, withPool } from './pool.ts'
import { isAddress, readArrivals } from './recordings.ts'

/** The default of Node and of nginx. */
const USUAL_BACKLOG = 511
const USUAL_SPAN_MS = 10_000
const LEAST_SPAN_MS = 200
/** Connections that one simulated run should not exceed unless it was asked for. */
const COMFORTABLE_CONNECTIONS = 50_000
const QUICK_CONNECTIONS = 200_000
/** A queue reaches its balance after this many relaxation times. */
const BALANCED = 21
const MOST_CONNECTIONS = 5_000_000

/** The question that was asked, or the one that the options imply. */
export function questionOf({ question, said }: PlanCommand): Question {
  if (question !== undefined) return question
  if (said.clients !== undefined) return 'clients'
  if (said['half-open'] !== undefined) return 'syn-queue'
  if (said['slow-backends'] !== undefined) return 'slow'
  if (said.away !== undefined || said.drain !== undefined) return 'restart'
  return said.backlog === undefined ? 'backlog' : 'setting'
}

/** `read` are its arrivals, where they have been read before: a recording may be a pipe. */
export async function situationOf(asked: PlanCommand, question: Question, read?: ArrivalsPlan): Promise<Situation> {
  const command = withPool(asked, question)
  refuseContradictions(command, question)
  const { said } = command
  const instances = said.instances ?? 1
  const arrivals = read ?? ofInstance(await arrivalsOf(command, question), instances, said.seed ?? 1)
  const usual = clientsHere()
  const asksForBacklog = ['backlog', 'backends', 'timeout', 'clients'].includes(question)
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
    halfOpenPerSecond: (said['half-open'] ?? 0) / instances,
    ...(said.clients !== undefined && { closedLoop: { clients: said.clients, thinkMs: said['think-time'] ?? 0 } }),
    ...(question === 'scale-out' && {
      scaleOut: {
        toPerSecond: (command.rateHigh ?? 0) / instances,
        withinMs: said.within ?? 0,
        delayMs: said.delay ?? 0,
        more: said.more ?? 1,
      },
    }),
    ...(question === 'ports' && {
      ports: {
        ports: said['local-ports'] ?? usualPorts.ports,
        sources: said.sources ?? usualPorts.sources,
        destinations: said.destinations ?? usualPorts.destinations,
        openMs: said.open ?? usualPorts.openMs,
        reuse: cookies(said['tw-reuse'] ?? usualPorts.reuse),
      },
    }),
    kernel: {
      syncookies: cookies(said.syncookies ?? defaultKernel.syncookies),
      synAckRetries: said['synack-retries'] ?? defaultKernel.synAckRetries,
      maxSynBacklog: said['max-syn-backlog'] ?? defaultKernel.maxSynBacklog,
      abortOnOverflow: said['abort-on-overflow'] === 1,
      migrateReq: command.migrate,
      hz: said.hz ?? defaultKernel.hz,
    },
    client: patientAs(said.client, {
      ...usual,
      rttMs: said.rtt ?? usual.rttMs,
      hosts: said['client-hosts'] ?? usual.hosts,
      timeoutMs: said.timeout ?? usual.timeoutMs,
      synRetries: said['syn-retries'] ?? usual.synRetries,
      synLinearTimeouts: said['linear-timeouts'] ?? usual.synLinearTimeouts,
    }),
    target: { delayedShare: said.loss ?? 0, sureness: said.sure ?? 0.99, waitMs: said.wait },
    seed: said.seed ?? 1,
  }
  if (situation.closedLoop !== undefined) {
    const ratePerSecond = askedPerSecond(situation, situation.closedLoop)
    const looping: Situation = { ...situation, arrivals: { shape: 'poisson', ratePerSecond } }
    const forMs = said.for ?? inPeriods(usualLoopSpanMs(looping), situation.stall)
    refuseTooMany(command, question, { ...looping, forMs })
    return { ...looping, forMs }
  }
  const forMs = said.for ?? usualSpanMs(situation, question)
  refuseTooMany(command, question, { ...situation, forMs })
  if (question === 'backlog' && situation.stall === undefined && serviceMs(situation) === 0 && !situation.slow)
    throw new UsageError(
      'Nothing would fill a queue: neither a stall nor a cost per accept is given, so any backlog is enough',
      'Give --stall TIME, or --accept TIME',
    )
  return { ...situation, forMs }
}

const patientAs = (preset: Said['client'], client: ClientRules): ClientRules =>
  preset === undefined ? client : withPatience(client, preset)

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
  return inPeriods(spanMs, stall)
}

const inPeriods = (spanMs: number, stall: Situation['stall']): number =>
  stall?.everyMs === undefined ? spanMs : Math.ceil(spanMs / stall.everyMs) * stall.everyMs

/** Questions that play only one or two settings can play each for longer: retries come a second later or more. */
const isQuick = (question: Question): boolean => question === 'setting' || question === 'shared'

function refuseTooMany(command: PlanCommand, question: Question, situation: Situation): void {
  const { arrivals, forMs, halfOpenPerSecond, stall } = situation
  const everyMs = stall?.everyMs
  if (arrivals.shape === 'recorded') {
    const lastMs = arrivals.atMs.at(-1) ?? 0
    if (everyMs !== undefined && lastMs < everyMs)
      throw new UsageError(
        `${nameOf(command, 'stall')} comes once every ${duration(everyMs)}, but the recording lasts only ${duration(lastMs)}`,
        'Give only the length of the stall: it is placed where the most connections arrive',
      )
    return
  }
  // The rate is what that question looks for; a stall that comes once is played with what comes around it.
  const single = stall !== undefined && everyMs === undefined
  if (question === 'rate' || question === 'memory' || question === 'ports' || question === 'scale-out') return
  const ms = single || question === 'stall' ? (stall?.ms ?? 0) : forMs
  const connections = ((arrivals.ratePerSecond + halfOpenPerSecond) * ms) / 1000
  if (connections <= MOST_CONNECTIONS) return
  const many = `${number(Math.round(connections))} connections to play, more than ${MOST_CONNECTIONS / 1e6} million`
  if (command.said.for !== undefined && !single)
    throw new UsageError(`${nameOf(command, 'for')} gives ${many}`, 'Choose a shorter time with --for')
  if (everyMs !== undefined)
    throw new UsageError(
      `${nameOf(command, 'stall')}: one period brings ${many}`,
      'Give only the length of the stall: shares are then of the connections that arrive during it',
    )
  throw new UsageError(
    `${nameOf(command, single ? 'stall' : 'rate')} gives ${many}`,
    single ? 'Plan for a shorter stall, or for some of the backends and their share of the rate' : undefined,
  )
}

const cookies = (value: number): 0 | 1 | 2 => (value === 0 ? 0 : value === 1 ? 1 : 2)

/** Options that decide how a recording is read. */
const ofRecordings = [
  'column',
  'counts',
  'time-unit',
  'requests-per-connection',
  'port',
  'frontend',
  'between',
  'counters',
] as const

async function arrivalsOf(command: PlanCommand, question: Question): Promise<ArrivalsPlan> {
  const { said } = command
  const how = said.arrivals ?? 'poisson'
  if (how === 'poisson' || how === 'constant') {
    for (const option of ['query', 'range', 'step', 'auth-file', 'samples'] as const)
      if (said[option] !== undefined)
        throw new UsageError(
          `${nameOf(command, option)} needs recorded arrivals`,
          'Give the Prometheus with --arrivals http://…',
        )
    for (const option of ofRecordings)
      if (said[option] !== undefined)
        throw new UsageError(
          `${nameOf(command, option)} needs recorded arrivals`,
          'Give the recording with --arrivals FILE',
        )
    if (said.rate !== undefined) return { shape: how, ratePerSecond: said.rate }
    if (question === 'rate' || question === 'memory' || question === 'clients') return { shape: how, ratePerSecond: 1 }
    if (question === 'syn-queue') return { shape: how, ratePerSecond: 100 }
    throw new UsageError(
      '--rate is missing: how many new connections arrive per second?',
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
      `${nameOf(command, 'auth-file')} needs a Prometheus, and ${nameOf(command, 'arrivals')} does not name one`,
    )
  if (isAddress(how)) {
    for (const option of ofRecordings)
      if (said[option] !== undefined)
        throw new UsageError(
          `${nameOf(command, option)} is about a file, and ${nameOf(command, 'arrivals')} names a Prometheus`,
          'Leave it out',
        )
  } else
    for (const option of ['range', 'step'] as const)
      if (said[option] !== undefined)
        throw new UsageError(
          `${nameOf(command, option)} needs a Prometheus, and ${nameOf(command, 'arrivals')} does not name one`,
          'Leave it out: all of a recording is read',
        )
  const ofFile = {
    column: said.column,
    counts: said.counts,
    samples: said.samples,
    timeUnit: said['time-unit'],
    requestsPerConnection: said['requests-per-connection'],
    port: said.port,
    frontend: said.frontend,
    betweenMs: said.between,
    counters: said.counters,
    seed,
  }
  const recording = { query, rangeMs: range, stepMs: step, seed, authFile, samples: said.samples, said: ofFile }
  return { shape: 'recorded', ...(await readArrivals(how, recording)) }
}
