/** A moderate rate for hours: what grows slowly (connections that are never closed, queues of bytes) has time to show. */
import { optionsFor, settings, visit, vus } from './common.ts'

const run = settings({ rate: 50, durationSeconds: 8 * 3600 })

export const options = optionsFor('soak', {
  executor: 'constant-arrival-rate',
  rate: run.rate,
  duration: `${run.durationSeconds}s`,
  gracefulStop: run.timeout,
  ...vus(run.rate),
})

export default (): void => visit(run)
