/** From RATE up to PEAK, then a while at the top: the rate at which a queue begins to build up is the server's capacity. */
import { optionsFor, settings, visit, vus } from './common.ts'

const run = settings()
const up = run.durationSeconds * 0.8

export const options = optionsFor('ramp', {
  executor: 'ramping-arrival-rate',
  startRate: run.rate,
  stages: [
    { duration: `${up}s`, target: run.peak },
    { duration: `${run.durationSeconds - up}s`, target: run.peak },
  ],
  gracefulStop: run.timeout,
  ...vus(run.peak),
})

export default (): void => visit(run)
