/** One connection for each request, as from clients without keep-alive: the most handshakes for the least work. */
import { optionsFor, settings, visit, vus } from './common.ts'

const run = settings({ rate: 100, requests: 1 })

export const options = optionsFor(
  'no-reuse',
  {
    executor: 'constant-arrival-rate',
    rate: run.rate,
    duration: `${run.durationSeconds}s`,
    gracefulStop: run.timeout,
    ...vus(run.rate),
  },
  { noConnectionReuse: true },
)

export default (): void => visit(run)
