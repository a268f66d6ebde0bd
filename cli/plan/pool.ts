/** A pool of workers and a number of instances, as people speak of them, in the terms of a situation. */
import { UsageError } from '#common/errors.ts'
import { duration, number, plural } from '#common/quantities.ts'
import { seededRandom } from '#load/random.ts'
import type { Question } from '#planner/ask.ts'
import { clientPresets } from '#planner/client-presets.ts'
import type { ArrivalsPlan, Situation } from '#planner/situation.ts'
import type { PlanCommand } from './command.ts'
import { nameOf } from './contradictions.ts'
import type { OptionName } from './options.ts'

/** What a pool decides, so that it cannot be said beside it. */
const decided: readonly OptionName[] = [
  'backends',
  'mode',
  'accept',
  'accept-cv',
  'handle',
  'accepts-per-turn',
  'steering',
]

/** How much service times vary where nobody says so: as independent ones of many kinds do, exponentially. */
export const USUAL_CV = 1

/**
 * The same command with a pool of workers as what it is to a queue: so many loops that accept from one socket, each busy for
 * a service time with every connection. Throws a UsageError for what says the same twice, or half.
 */
export function withPool(command: PlanCommand, question: Question): PlanCommand {
  const { said, names } = command
  const { workers, 'service-time': serviceMs, 'service-cv': cv } = said
  if (workers === undefined && serviceMs === undefined && cv === undefined) return command
  if (serviceMs === undefined)
    throw new UsageError(
      `${nameOf(command, workers === undefined ? 'service-cv' : 'workers')} needs the time that a worker takes for a request`,
      'Give --service-time TIME',
    )
  const asksHowMany = question === 'backends'
  if (workers === undefined && !asksHowMany)
    throw new UsageError(
      `${nameOf(command, 'service-time')} needs the number of workers`,
      'Give --workers N, or ask how many are needed: spillway plan backends',
    )
  if (workers !== undefined && asksHowMany)
    throw new UsageError(`${nameOf(command, 'workers')} is what the question asks for`, 'Leave it out')
  const other = decided.find((option) => said[option] !== undefined)
  if (other !== undefined)
    throw new UsageError(
      `${nameOf(command, other)} and ${nameOf(command, 'service-time')} contradict each other: the workers of a pool accept from one socket, and each is busy with its request`,
      `Leave ${nameOf(command, other)} out`,
    )
  return {
    ...command,
    said: { ...said, backends: workers ?? 1, mode: 'shared', accept: serviceMs, 'accept-cv': cv ?? USUAL_CV },
    names: {
      ...names,
      backends: nameOf(command, 'workers'),
      accept: nameOf(command, 'service-time'),
      'accept-cv': nameOf(command, 'service-cv'),
    },
  }
}

/** What comes to one of so many instances, each connection to any of them; a constant rate is dealt in turn. */
export function ofInstance(arrivals: ArrivalsPlan, instances: number, seed: number): ArrivalsPlan {
  if (instances === 1) return arrivals
  if (arrivals.shape !== 'recorded') return { ...arrivals, ratePerSecond: arrivals.ratePerSecond / instances }
  const random = seededRandom(seed + 2)
  const atMs = arrivals.atMs.filter(() => random() < 1 / instances)
  if (atMs.length < 2 || atMs[0] === atMs.at(-1))
    throw new UsageError(
      `${number(arrivals.atMs.length)} recorded arrivals are too few for ${plural(instances, 'instance')}`,
      'Give a longer recording',
    )
  const origin = atMs[0] ?? 0
  return { ...arrivals, atMs: atMs.map((time) => time - origin) }
}

/** How a pool and instances were understood: sentences of the answer. */
export function understoodInWords({ said }: PlanCommand, { accept }: Situation): string[] {
  const { instances, workers, 'service-time': serviceMs, client } = said
  const varies = accept.cv === 0 ? 'always' : `on average (coefficient of variation ${number(accept.cv)})`
  return [
    ...(serviceMs === undefined
      ? []
      : [
          `A pool is ${workers === undefined ? 'so many workers' : plural(workers, 'worker')}, called ${workers === 1 ? 'a backend' : 'backends'} here, that accept from one socket and serve one request at a time, ${duration(serviceMs)} ${varies}. A client that keeps its connection open holds a worker for as long.`,
        ]),
    ...(client === undefined ? [] : [`Clients: ${clientPresets[client].source}`]),
    ...(instances === undefined || instances === 1
      ? []
      : [
          `This is for one of ${number(instances)} instances, to which one in ${number(instances)} of the connections comes.`,
        ]),
  ]
}
