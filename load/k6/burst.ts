/** RATE most of the time, and PEAK for two seconds every 15 s: bursts that no average shows and a backlog must absorb. */
import { optionsFor, settings, visit, vus } from './common.ts'

const run = settings({ peak: 400 })
const cycleSeconds = Math.min(15, run.durationSeconds)
const burstSeconds = Math.min(2, cycleSeconds / 3)
const cycles = Math.max(1, Math.round(run.durationSeconds / cycleSeconds))

/** A stage of no length jumps to its target. */
const cycle = [
  { duration: `${cycleSeconds - burstSeconds}s`, target: run.rate },
  { duration: '0s', target: run.peak },
  { duration: `${burstSeconds}s`, target: run.peak },
  { duration: '0s', target: run.rate },
]

export const options = optionsFor('burst', {
  executor: 'ramping-arrival-rate',
  startRate: run.rate,
  stages: Array.from({ length: cycles }, () => cycle).flat(),
  gracefulStop: run.timeout,
  ...vus(run.peak),
})

export default (): void => visit(run)
