/** Has a lab judge an answer: the same arrivals, the same stalls, a real kernel. */
import { UsageError } from '#common/errors.ts'
import { type Answer, comparisonTable } from '../answer.ts'
import type { Question } from '../ask.ts'
import { disagreements, type Outcome } from '../outcome.ts'
import type { Situation } from '../situation.ts'
import type { System } from '../system.ts'
import { type Scene, sceneOf } from '../system-of.ts'
import { duration, number } from '../words.ts'
import { type LabScene, MOST_IN_LAB } from './lab-scene.ts'
import { fidelityOf, numbersOfLab, outcomeOfLab } from './measured.ts'
import { busyGapMs, type LabRun, playInLab } from './play-in-lab.ts'
import { predictRun } from './predict-run.ts'

/** A lab's backends are processes of one machine; more than this and they get in each other's way. */
const MOST_BACKENDS = 8

export interface Confirmation {
  /** Why this machine cannot judge it; undefined if it can. */
  notJudged: string | undefined
  predicted: Outcome
  measured: Outcome
  /** The simulation once more, with arrivals, stalls and accepts as they really were: what of an error is the machine's. */
  asItHappened: Outcome
  run: LabRun
}

/** The answer, with what the lab says of it added. */
export async function confirmed(answer: Answer, question: Question, situation: Situation): Promise<Answer> {
  const backlog = question === 'backlog' ? Number(answer.data.backlog) : situation.backlog
  if (backlog === undefined || (question !== 'backlog' && question !== 'setting'))
    throw new UsageError(
      `--confirm is for the questions backlog and setting, not '${question}'`,
      'Ask what happens with one of its settings: spillway plan setting --backlog N …',
    )
  const scene = sceneOf(situation, Math.min(backlog, situation.somaxconn), situation.seed)
  const { notJudged, predicted, measured, asItHappened, run } = await confirm(scene)
  const found = disagreements(notJudged === undefined ? [predicted, measured] : [])
  const verdict =
    notJudged !== undefined
      ? `Not judged here: ${notJudged}.`
      : found.length === 0
        ? 'The lab agrees: with the same arrivals and stalls the kernel did what was predicted.'
        : 'The lab contradicts: see below.'
  const table = comparisonTable([predicted, measured, asItHappened])
  table.columns = ['', 'predicted for this run', 'lab', 'simulated as it happened']
  return {
    ...answer,
    answer: [...answer.answer, verdict],
    table: { columns: table.columns, rows: [...table.rows] },
    outcomes: [...answer.outcomes, measured],
    disagreements: [...answer.disagreements, ...found],
    data: { ...answer.data, confirmation: { notJudged, predicted, measured, asItHappened, run: summaryOf(run) } },
  }
}

/** A run without its stories and samples. */
const summaryOf = ({ stories, counters, shards, report }: LabRun) => ({
  connections: stories.length,
  ...{ counters, shards, outcomes: report.outcomes, scheduleLagMs: report.scheduleLagMs },
})

/** Plays a scene in a lab and holds the prediction against it. */
export async function confirm(scene: Scene): Promise<Confirmation> {
  const { system, window } = scene
  const asked = labSceneOf(system)
  const run = await playInLab(asked)
  const fidelity = fidelityOf(
    run,
    asked.backends.map(({ stalls }) => stalls),
    acceptsOf(system, run),
  )
  const perSecond = (system.arrivals.length / Math.max(1, system.arrivals.at(-1) ?? 1)) * 1000
  // What an accept costs in this lab is a fact about the machine, not about the plan.
  const here = withAcceptCost(system, run.acceptOverheadMs)
  const numbers = numbersOfLab(run, window)
  return {
    notJudged: fidelity.tooFarOff,
    predicted: predictRun(here, window),
    measured: outcomeOfLab(numbers, fidelity, perSecond / system.shards.length),
    asItHappened: predictRun(happened(system, run), window),
    run,
  }
}

function labSceneOf({ arrivals, halfOpen, shards, dealing, kernel, client }: System): LabScene {
  const loops = shards.flatMap((shard) =>
    shard.loops.map((loop) => ({ ...loop, backlog: shard.backlog, absences: shard.absences })),
  )
  if (loops.length > MOST_BACKENDS)
    throw new UsageError(
      `A lab has ${MOST_BACKENDS} backends at most, not ${number(loops.length)}`,
      'Confirm it with fewer, at the same rate for each',
    )
  if (arrivals.length > MOST_IN_LAB)
    throw new UsageError(
      `A lab plays ${number(MOST_IN_LAB)} connections at most, not ${number(arrivals.length)}`,
      'Look at a shorter time with --for, or a lower rate',
    )
  if (shards.length > 1 && shards.some((shard) => shard.loops.length > 1))
    throw new TypeError('Sockets are shared or sharded, not both')
  if (loops.some(({ acceptCv }) => acceptCv > 0))
    throw new UsageError('A lab’s backends always take the same time to accept', 'Leave out --accept-cv')
  if (client.rttMs > 1)
    throw new UsageError(`A lab’s round trip is below a millisecond, not ${duration(client.rttMs)}`, 'Leave out --rtt')
  return {
    mode: shards.length > 1 ? 'sharded' : loops.length > 1 ? 'shared' : 'single',
    arrivals,
    backends: loops.map(({ backlog, acceptMs, stalls, absences }) => ({
      backlog,
      acceptDelayMs: Math.round(acceptMs),
      stalls,
      absences,
    })),
    dealing,
    sysctls: {
      'net.core.somaxconn': Math.max(4096, ...shards.map(({ backlog }) => backlog)),
      'net.ipv4.tcp_syncookies': kernel.syncookies,
      'net.ipv4.tcp_synack_retries': kernel.synAckRetries,
      'net.ipv4.tcp_max_syn_backlog': kernel.maxSynBacklog,
      'net.ipv4.tcp_abort_on_overflow': Number(kernel.abortOnOverflow),
      'net.ipv4.tcp_migrate_req': Number(kernel.migrateReq),
    },
    clientTimeoutMs: client.timeoutMs,
    halfOpen:
      halfOpen.length === 0
        ? undefined
        : { perSecond: (halfOpen.length / halfOpen.at(-1)!) * 1000, forMs: Math.max(1000, arrivals.at(-1) ?? 0) },
  }
}

/** What a backend of a lab takes for a connection where nothing delays it: far below what any scene turns on. */
const UNDELAYED_MS = 0.3

/** What a lab's one process of clients takes for a request. */
const REQUEST_GAP_MS = 0.1

/** On a lab's wire a handshake is over within the call that sends the SYN: no other one comes between (facts 1). */
const withAcceptCost = (system: System, overheadMs: number): System => ({
  ...system,
  client: { ...system.client, rttMs: 0, requestGapMs: REQUEST_GAP_MS },
  shards: system.shards.map((shard) => ({
    ...shard,
    loops: shard.loops.map((loop) => ({
      ...loop,
      acceptMs: loop.acceptMs === 0 ? UNDELAYED_MS : Math.round(loop.acceptMs) + overheadMs,
      handleMs: 0,
    })),
  })),
})

/** What a delayed accept took while the scene ran, and should have taken; undefined where none was delayed or none waited. */
function acceptsOf(system: System, run: LabRun): { seenMs: number; expectedMs: number; delayMs: number } | undefined {
  const delays = system.shards.flatMap(({ loops }) => loops.map(({ acceptMs }) => Math.round(acceptMs)))
  const delayMs = Math.max(...delays)
  if (delayMs === 0 || system.shards[0]!.loops.length > 1) return undefined
  const delayed = run.stories.filter(({ backend }) => delays[Number(backend?.split('-').at(-1)) - 1] === delayMs)
  const seenMs = busyGapMs(delayed)
  return Number.isNaN(seenMs) ? undefined : { seenMs, expectedMs: delayMs + run.acceptOverheadMs, delayMs }
}

/** Arrivals, stalls and accepts as they really were. */
function happened(system: System, run: LabRun): System {
  const accepts = acceptsOf(system, run)
  const here = withAcceptCost(system, accepts === undefined ? run.acceptOverheadMs : accepts.seenMs - accepts.delayMs)
  return {
    ...here,
    arrivals: Float64Array.from(run.stories, ({ startedMs }) => startedMs).sort(),
    shards: here.shards.map((shard, i) => ({
      ...shard,
      loops: shard.loops.map((loop) => (run.stalls[i] === undefined ? loop : { ...loop, stalls: run.stalls[i]! })),
    })),
  }
}
