/** The exercises of the chapters: what a participant's experiment must do and find. Pure. */
import { UNKNOWN } from '#common/quantities.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import type { Readings } from '#experiments/vocabulary/readings.ts'
import { AFTERWARDS, type Recording } from '#lab/experiment/recording.ts'
import { bandInWords, type JudgedExpectation, seenInWords } from '#lab/experiment/verdict.ts'

/** A lab of the participant's run. */
interface Case {
  recording: Recording
  readings: Readings
}

/** A run of the participant's file, to its end. */
interface Attempt {
  experiment: Experiment
  cases: readonly Case[]
  expectations: readonly JudgedExpectation[]
}

interface Requirement {
  asks: string
  /** What is still wrong, and where to look; undefined once it is met. */
  wrong(attempt: Attempt): string | undefined
}

interface Exercise {
  requirements: readonly Requirement[]
}

/** A requirement that some lab of the run must meet. */
const someCase = (asks: string, meets: (one: Case) => boolean, otherwise: (cases: readonly Case[]) => string) => ({
  asks,
  wrong: ({ cases }: Attempt) => (cases.some(meets) ? undefined : otherwise(cases)),
})

/** The numbers of all labs, as they are said: `4 and 9`. What was never read is a dash. */
const each = (cases: readonly Case[], of: (one: Case) => number | string): string =>
  [...new Set(cases.map(of).map((value) => (Number.isNaN(value) ? UNKNOWN : String(value))))].join(' and ')

const orders = ({ recording }: Case) => recording.loads.map(({ order }) => order)
const backlogs = ({ recording }: Case): number[] => recording.plan.backends.map(({ backlog }) => backlog ?? Number.NaN)
/** Connections that were reset while something happened: a load that is ended with the run abandons what is under way. */
const resets = ({ readings: { counters } }: Case): number =>
  counters.EstabResets.total - counters.EstabResets.during(AFTERWARDS)
const has = ({ recording }: Case, name: string, value: string): boolean => recording.sysctls[name] === value

/** The longest queue of shard 1, of all connections that came; 0 where BPF does not tell. */
const exactPeak = ({ recording }: Case): number =>
  Object.values(recording.exactPeaks).reduce((most, { shard, peak }) => (shard === 1 ? Math.max(most, peak) : most), 0)

/** In which phases BPF counted that the queue of shard 1 became full. */
const phasesFull = ({ recording: { phases, boundaries } }: Case): string[] => {
  const counts = boundaries.map(({ listeners }) => listeners.find(({ shard }) => shard === 1)?.exact?.timesFull ?? 0)
  return phases.flatMap(({ name }, at) => ((counts[at + 1] ?? 0) > (counts[at] ?? 0) ? [name] : []))
}

/** What the samples of a phase saw of it at most; NaN if there was none. */
const longestSample = ({ readings }: Case, phase: string): number => readings.listener(1).length.during(phase).max

/** An expectation of the kernel's that saw the answer: a reader has to state it, not only provoke it. */
const states = (asks: string, answers: (seen: JudgedExpectation['seen']) => boolean, look: string): Requirement => ({
  asks,
  wrong: ({ expectations }) =>
    expectations.some(({ counted, passed, seen }) => counted !== 'userspace' && passed && answers(seen))
      ? undefined
      : look,
})

const more = (clients: number): Requirement =>
  someCase(
    `at least ${clients + 1} clients come`,
    ({ readings }) => readings.clients.count > clients,
    (cases) => `there were ${each(cases, ({ readings }) => readings.clients.count)}; start more in a phase`,
  )

const backlogIs = (backlog: number): Requirement =>
  someCase(
    `a backend has the backlog ${backlog}`,
    (one) => backlogs(one).includes(backlog),
    (cases) => `it is ${each(cases, (one) => backlogs(one).join(', '))}; see lab: { backends: [{ backlog: … }] }`,
  )

const isPaced = (one: Case, ratePerSecond: number, shape?: string): boolean =>
  orders(one).some(
    (order) =>
      order.kind === 'connections' &&
      'ratePerSecond' in order.arrivals &&
      order.arrivals.ratePerSecond === ratePerSecond &&
      (shape === undefined || order.arrivals.shape === shape),
  )

/** Two labs, one that drops nothing and one with less that does. */
const twoBacklogs: readonly Requirement[] = [
  someCase(
    'with one backlog nothing is dropped',
    ({ readings }) => readings.counters.ListenDrops.total === 0,
    (cases) => `dropped were ${each(cases, ({ readings }) => readings.counters.ListenDrops.total)}; take a larger one`,
  ),
  someCase(
    'with a smaller one SYNs are dropped',
    ({ readings }) => readings.counters.ListenDrops.total > 0,
    () => 'nothing was dropped; compare two labs: comparison({ cases: { enough: …, tooSmall: … } })',
  ),
]

/** The smallest backlog of a lab that dropped nothing is no larger than `most`. */
const isHardlyLarger = (asks: string, most: number, rule: string): Requirement => ({
  asks,
  wrong({ cases }) {
    const enough = cases.filter(({ readings }) => readings.counters.ListenDrops.total === 0).flatMap(backlogs)
    if (enough.length === 0) return `with none of yours was nothing dropped; ${rule}`
    const least = Math.min(...enough)
    return least <= most ? undefined : `the smallest that dropped nothing was ${least}; ${rule}`
  },
})

export const exercises: Record<string, Exercise> = {
  'backlog-zero': {
    requirements: [
      backlogIs(0),
      more(1),
      states(
        'the kernel says what a backlog of 0 holds',
        (seen) => seen === 1,
        'no expectation in kernel: saw it; read listener(1).length during the phase of the load',
      ),
      someCase(
        'listen() is called again, with 3',
        ({ readings }) => readings.listener(1).limit.max === 3,
        (cases) =>
          `the largest limit was ${each(cases, ({ readings }) => readings.listener(1).limit.max)}; see backend(1).relisten(3)`,
      ),
      someCase(
        'the clients that were dropped get in',
        ({ readings }) => readings.listener(1).peak >= 2,
        () => 'the queue never held more than one: wait for their SYNs to come again, more than a second',
      ),
    ],
  },
  'two-processes': {
    requirements: [
      someCase(
        'two processes share one socket',
        ({ recording: { plan } }) => plan.mode === 'shared' && plan.backends.some(({ workers }) => workers === 2),
        () => "see lab: { mode: 'shared', backends: [{ backlog: 4, workers: 2 }] }",
      ),
      backlogIs(4),
      more(9),
      states(
        'the kernel says how many fit',
        (seen) => seen === 5,
        'no expectation in kernel: saw it; stall the backend before the load, then read listener(1).peak',
      ),
    ],
  },
  'small-answers': {
    requirements: [
      someCase(
        'clients request 32 kB and read nothing',
        (one) =>
          orders(one).some(
            (order) => order.kind === 'slow-read' && order.bytesPerSecond === 0 && order.responseBytes <= 65_536,
          ),
        () => 'see clients.readSlowly({ connections: 4, bytesPerSecond: 0, responseBytes: 32_768 })',
      ),
      someCase(
        'the backend finishes its answers',
        ({ readings }) => readings.backend(1).responses.total > 0,
        () => 'it finished none: wait in a phase until it has',
      ),
      states(
        'the kernel says what is left in the send queues',
        (seen) => seen === 0,
        'no expectation in kernel: saw it; read port.sendBytes',
      ),
    ],
  },
  'short-life': {
    requirements: [
      someCase(
        'tcp_synack_retries is 1',
        (one) =>
          has(one, 'net.ipv4.tcp_synack_retries', '1') ||
          one.recording.plan.sysctls?.['net.ipv4.tcp_synack_retries']?.toString() === '1',
        () => "see lab: { sysctls: { 'net.ipv4.tcp_synack_retries': 1 } }",
      ),
      someCase(
        'clients leave half-open requests behind',
        ({ readings }) => readings.port.synQueue.max >= 1,
        () => 'the SYN queue was empty; see clients.halfOpen({ syns: 5 })',
      ),
      someCase(
        'the run lasts until the requests are gone',
        ({ readings }) => readings.port.synQueue.last === 0,
        () => 'some were left at the end; wait in a phase: until(…, (now) => now.synQueue.length === 0)',
      ),
      states(
        'the kernel says how long they stay',
        (seen) => typeof seen === 'number' && seen > 2000 && seen < 5000,
        'no expectation in kernel: saw a time of two to five seconds; read durationMs of the phase that waits',
      ),
    ],
  },
  'just-enough': {
    requirements: [
      someCase(
        '80 connections a second arrive',
        (one) => isPaced(one, 80),
        () => 'see clients.connections({ ratePerSecond: 80, forMs: 750 })',
      ),
      ...twoBacklogs,
      isHardlyLarger('the backlog that is enough is hardly larger than it must be', 65, 'rate times stall is 60'),
    ],
  },
  'drain-then-close': {
    requirements: [
      someCase(
        'there are two backends, and tcp_migrate_req is 0',
        (one) =>
          one.recording.plan.backends.length >= 2 &&
          one.recording.plan.sysctls?.['net.ipv4.tcp_migrate_req']?.toString() !== '1',
        () => 'see lab: { backends: 2 }, and leave tcp_migrate_req alone',
      ),
      someCase(
        'connections had waited in the queue of the shard that closes',
        ({ readings }) => readings.listener(1).peak >= 1,
        () => 'its queue was always empty; slow its accepts: backend(1).set({ acceptDelayMs: 5 }), with a load',
      ),
      someCase(
        'the shard closes',
        ({ recording }) => recording.events.some(({ what }) => /clos/i.test(what)),
        () => 'no listener was closed; see backend(1).close()',
      ),
      someCase(
        'no client is reset',
        (one) => one.readings.clients.outcomes.reset === 0 && resets(one) === 0,
        (cases) =>
          `${each(cases, resets)} were; steer new connections to the other shard first, and wait until the queue is empty`,
      ),
    ],
  },
  'random-arrivals': {
    requirements: [
      someCase(
        '400 connections a second arrive at random',
        (one) => isPaced(one, 400, 'poisson'),
        () => "see clients.connections({ ratePerSecond: 400, forMs: 500, arrivals: 'poisson' })",
      ),
      ...twoBacklogs,
      isHardlyLarger(
        'the backlog that is enough is near the rule',
        160,
        'the mean is 100, its square root 10, and three of those are enough',
      ),
    ],
  },
  'hidden-burst': {
    requirements: [
      someCase(
        'what comes into the queue is counted by BPF',
        ({ recording }) => Object.keys(recording.exactPeaks).length > 0,
        () => "see lab: { exact: 'auto' }; without root, or spillway exact install, nobody counts it here",
      ),
      someCase(
        'the queues are read once a second',
        ({ recording }) => recording.plan.sampleIntervalMs >= 1000,
        () => 'see lab: { sampleIntervalMs: 1000 }',
      ),
      someCase(
        'the queue of shard 1 was full',
        (one) => exactPeak(one) > one.readings.listener(1).limit.max,
        (cases) =>
          `${each(cases, exactPeak)} waited at most, of ${each(cases, ({ readings }) => readings.listener(1).limit.max + 1)}; stall it, and let as many come as fit`,
      ),
      someCase(
        'in some phase it was full, and no sample saw more than half of it',
        (one) => phasesFull(one).some((phase) => !(longestSample(one, phase) > exactPeak(one) / 2)),
        (cases) =>
          `a sample saw ${each(cases, (one) => phasesFull(one).reduce((most, phase) => Math.max(most, longestSample(one, phase)), 0))}; release the backend as soon as all have come, and do it in more than one phase: a sample may come just then, above all on a busy machine`,
      ),
      someCase(
        'nothing was dropped',
        ({ readings }) => readings.counters.ListenDrops.total === 0,
        (cases) =>
          `${each(cases, ({ readings }) => readings.counters.ListenDrops.total)} were; N + 1 fit in a backlog of N, and no more may come`,
      ),
    ],
  },
}

/** What is asked for, and of each what is still wrong. First of all, that what the file expects is what was seen. */
export function examine(exercise: Exercise, attempt: Attempt): { asks: string; wrong?: string }[] {
  const unmet = attempt.expectations.filter(({ passed }) => !passed)
  const first = {
    asks: 'what the file expects is what was seen',
    ...(unmet.length === 0
      ? {}
      : {
          wrong: unmet
            .map((one) => `'${one.sentence}': expected ${bandInWords(one)}, seen ${seenInWords(one)}`)
            .join('; '),
        }),
  }
  return [
    first,
    ...exercise.requirements.map(({ asks, wrong }) => {
      const complaint = wrong(attempt)
      return complaint === undefined ? { asks } : { asks, wrong: complaint }
    }),
  ]
}
