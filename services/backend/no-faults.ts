import type { Faults } from './api.ts'

/** Everything off: how a backend starts. */
export const noFaults: Faults = {
  stalled: false,
  acceptDelayMs: 0,
  readDelayMs: 0,
  responseDelayMs: 0,
  neverRead: false,
  responseBytes: 0,
}
