import type { Situation } from '../situation.ts'
import { defaultClient, defaultKernel } from '../system.ts'

/** One backend that accepts at once, 1,000 connections a second, and nothing in their way; with `parts` in place of that. */
export const situationWith = (parts: Partial<Situation> = {}): Situation => ({
  arrivals: { shape: 'poisson', ratePerSecond: 1000 },
  forMs: 5000,
  backends: 1,
  mode: 'sharded',
  steering: 'hash',
  backlog: undefined,
  somaxconn: 4096,
  accept: { ms: 0, cv: 0, handleMs: 0, perTurn: 1 },
  stall: undefined,
  slow: undefined,
  restart: undefined,
  halfOpenPerSecond: 0,
  kernel: defaultKernel,
  client: defaultClient,
  target: { delayedShare: 0, sureness: 0.99, waitMs: undefined },
  seed: 1,
  ...parts,
})
