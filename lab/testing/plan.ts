/** What a lab of one backend is made of, for tests that start none. */
import type { LabPlan } from '../driver.ts'

export const plan: LabPlan = {
  mode: 'sharded',
  address: '198.18.0.2',
  port: 8080,
  backends: [{ backlog: 8, workers: 3 }],
  sysctls: {},
  sampleIntervalMs: 10,
  synIntervalMs: 20,
  connectionsIntervalMs: 100,
  cpuShare: 0.2,
  peakWindowMs: 30_000,
}
