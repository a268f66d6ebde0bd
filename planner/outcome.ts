/** What a way of predicting says, in one shape for all ways, so that they can be held against each other. */

/** A number and what it may be off by: sampling, and what the method leaves out. */
export interface Estimate {
  value: number
  low: number
  high: number
}

export const quantities = {
  backlog: 'smallest backlog',
  delayedShare: 'connections that lost a SYN',
  falseShare: 'connections that lost a final ACK',
  lostShare: 'connections not answered in time',
  lateShare: 'served after the client gave up',
  drops: 'ListenDrops',
  retries: 'SYNs sent again',
  connectP99Ms: 'connect, 99th percentile',
  answerP99Ms: 'first answer, 99th percentile',
  acceptWaitP99Ms: 'accept wait, 99th percentile',
  acceptWaitMaxMs: 'accept wait, longest',
  queuePeak: 'longest accept queue',
  synQueuePeak: 'longest SYN queue',
  resets: 'connections reset',
} as const

export type Quantity = keyof typeof quantities

type Method = 'closed form' | 'simulation' | 'lab'

export interface Outcome {
  method: Method
  /** What it rests on, in a few words. */
  basis: string
  estimates: Partial<Record<Quantity, Estimate>>
}

/** Off by a share of itself, and by so much on top. */
export const within = (value: number, share: number, absolute = 0): Estimate => ({
  value,
  low: Math.max(0, value * (1 - share) - absolute),
  high: value * (1 + share) + absolute,
})

/** At least this; how much more, the method cannot tell. */
export const atLeast = (value: number): Estimate => ({ value, low: value, high: Number.POSITIVE_INFINITY })

export interface Disagreement {
  quantity: Quantity
  methods: [Method, Method]
  estimates: [Estimate, Estimate]
}

/** Every quantity on which two outcomes differ by more than their errors allow. */
export function disagreements(outcomes: readonly Outcome[]): Disagreement[] {
  const found: Disagreement[] = []
  for (const [i, one] of outcomes.entries())
    for (const other of outcomes.slice(i + 1))
      for (const quantity of Object.keys(quantities) as Quantity[]) {
        const [a, b] = [one.estimates[quantity], other.estimates[quantity]]
        if (a === undefined || b === undefined || (a.low <= b.high && b.low <= a.high)) continue
        found.push({ quantity, methods: [one.method, other.method], estimates: [a, b] })
      }
  return found
}
