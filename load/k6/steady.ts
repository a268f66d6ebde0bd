/** Clients at a constant rate, each with a connection of its own: what a healthy server sees. */
import { optionsFor, settings, visit, vus } from './common.ts'

const run = settings()

export const options = optionsFor('steady', {
  executor: 'constant-arrival-rate',
  rate: run.rate,
  duration: `${run.durationSeconds}s`,
  gracefulStop: run.timeout,
  ...vus(run.rate),
})

export default (): void => visit(run)
