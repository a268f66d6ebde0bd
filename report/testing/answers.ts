/** An answer for tests, small and fixed, with what a lab says of it. */
import { type Answer, answerOf, backlogSettings, comparisonTable, type Judgement } from '#planner/answer.ts'
import { type Outcome, within } from '#planner/outcome.ts'
import type { Asked } from '../plan/asked.ts'

export const asked: Asked = {
  command: 'spillway plan --rate 100/s --stall 500ms --backlog 9 --confirm',
  confirming: undefined,
  at: '2026-11-22T22:24:29.106Z',
  machine: {
    kernel: '6.18.44',
    cores: 2,
    processor: 'a processor',
    memoryBytes: 2 ** 34,
    node: 'v24.21.0',
    spillway: '0.1.0',
  },
}

const closed: Outcome = {
  method: 'closed form',
  basis: 'arrivals against N + 1',
  estimates: { drops: within(40, 0.05), delayedShare: within(0.8, 0.01) },
}

const simulated: Outcome = {
  method: 'simulation',
  basis: '40 runs',
  estimates: { drops: within(41, 0.1), delayedShare: within(0.82, 0.01), connectP99Ms: within(1020, 0.01) },
}

/** Ten pieces of 20 ms each: a queue fills to ten, is full for a while, and empties. No sample came in the last piece but two. */
export const lengths = {
  low: [0, 1, 3, 5, 8, 10, 10, 4, 1, 0],
  mean: [0.5, 2, 4.5, 7, 9, 10, 9.5, 6, 2.5, 0.25],
  high: [1, 3, 6, 9, 10, 10.5, 10, 8, 4, 1],
  measured: [0, 3, 4, 8, 9, 10, 11, null, 2, 0],
}

/** Two shards, of which the second one has nothing to do. */
export const judgement = (changes: Partial<Judgement> = {}): Judgement => ({
  name: 'a backlog of 9',
  verdict: 'contradicts',
  reason: null,
  predicted: {
    method: 'simulation',
    basis: 'these very arrivals, dealt 40 times',
    estimates: {
      delayedShare: within(0.25, 0.04),
      drops: within(40, 0.1),
      queuePeak: within(10, 0),
      connectP99Ms: within(1020, 0.01),
      acceptWaitMaxMs: within(300, 0),
    },
  },
  measured: {
    method: 'lab',
    basis: 'one run on this machine',
    estimates: {
      delayedShare: within(0.2, 0),
      drops: within(32, 0.03),
      queuePeak: within(11, 0, 1),
      connectP99Ms: within(1032, 0.1),
      acceptWaitMaxMs: within(300, 0),
    },
  },
  asItHappened: {
    method: 'simulation',
    basis: 'these very arrivals, dealt 40 times',
    estimates: { drops: within(33, 0.1), queuePeak: within(10, 0) },
  },
  disagreements: [
    { quantity: 'drops', methods: ['simulation', 'lab'], estimates: [within(40, 0.1), within(32, 0.03)] },
  ],
  queues: [
    {
      shard: 0,
      limit: 9,
      everyMs: 20,
      measured: lengths.measured,
      stalls: [{ fromMs: 20, toMs: 150 }],
      predicted: { low: lengths.low, mean: lengths.mean, high: lengths.high },
    },
    {
      shard: 1,
      limit: 9,
      everyMs: 20,
      measured: lengths.measured.map(() => 0),
      stalls: [],
      predicted: { low: lengths.low.map(() => 0), mean: lengths.low.map(() => 0), high: lengths.low.map(() => 0) },
    },
  ],
  synQueue: null,
  connectMs: {
    shares: [0, 0.5, 0.75, 0.8, 0.9, 0.99, 1],
    predicted: [0, 0.5, 0.6, 1010, 1015, 1020, 1024],
    measured: [0.1, 0.2, 0.3, 0.4, 1028, 1032, 1040],
  },
  acceptWaitMs: {
    shares: [0, 0.5, 0.9, 0.99, 1],
    predicted: [0, 100, 250, 290, 300],
    measured: [0, 104, 248, 296, null],
  },
  played: {
    connections: 200,
    scheduleLagP99Ms: 1.5,
    acceptMs: 0.4,
    sampledEveryMs: 2,
    outcomes: { ok: 190, timedOut: 10, reset: 0 },
  },
  ...changes,
})

export function answer(lab: Judgement[] = [judgement()]): Answer {
  const outcomes = [closed, simulated]
  return {
    ...answerOf({
      question: 'What happens with a backlog of 9?',
      answer: ['80 % of the connections lose a SYN.', 'In the queue 99 % wait up to 290 ms.'],
      settings: backlogSettings(9, { somaxconn: 4096, mode: 'sharded' }),
      table: comparisonTable(outcomes),
      why: ['50 come, and N + 1 = 10 fit.'],
      howSure: ['Arrivals are independent of each other.'],
      outcomes,
    }),
    lab,
  }
}
