/** Options that make no sense together: pairs that contradict each other, and options that need another one. */
import { UsageError } from '#common/errors.ts'
import type { Question } from '#planner/ask.ts'
import type { PlanCommand } from './command.ts'
import type { OptionName, Said } from './options.ts'

interface Asked {
  question: Question
  said: Said
  migrate: boolean
  /** Whether the rate has two ends. */
  growing: boolean
  has(option: OptionName): boolean
  /** What an error message calls an option. */
  name(option: OptionName): string
}

interface Rule {
  refuses(asked: Asked): boolean
  problem(asked: Asked): string
  remedy?: string
}

/** What an error message calls an option: as it was written, on the command line or in a file. */
export const nameOf = ({ names }: PlanCommand, option: OptionName): string => names[option] ?? `--${option}`

/** Throws a UsageError for the first rule that refuses. */
export function refuseContradictions(command: PlanCommand, question: Question): void {
  const { said, migrate } = command
  const has = (option: OptionName): boolean => said[option] !== undefined
  const growing = command.rateHigh !== undefined
  const asked: Asked = { question, said, migrate, growing, has, name: (option) => nameOf(command, option) }
  const broken = rules.find((rule) => rule.refuses(asked))
  if (broken !== undefined) throw new UsageError(broken.problem(asked), broken.remedy)
}

const isRecorded = ({ arrivals }: Said): boolean =>
  arrivals !== undefined && arrivals !== 'poisson' && arrivals !== 'constant'
const costsNothing = ({ has }: Asked): boolean => !has('accept') && !has('handle')

/** What the question asks for cannot be given as well. */
const answers: Rule[] = [
  {
    refuses: ({ question, has }) => question === 'backlog' && has('backlog'),
    problem: ({ name }) => `${name('backlog')} is what the question asks for`,
    remedy: 'Leave it out, or ask what happens with it: spillway plan setting',
  },
  {
    refuses: ({ question, has }) => question === 'setting' && !has('backlog'),
    problem: () => '--backlog is missing: which backlog is to be examined?',
  },
  {
    refuses: ({ question, has }) => question === 'stall' && has('stall'),
    problem: ({ name }) => `${name('stall')} is what the question asks for`,
    remedy: 'Leave it out',
  },
  {
    refuses: ({ question, has }) => question === 'rate' && has('rate'),
    problem: ({ name }) => `${name('rate')} is what the question asks for`,
    remedy: 'Leave it out',
  },
  {
    refuses: ({ question, said }) => question === 'rate' && isRecorded(said),
    problem: ({ name }) => `${name('arrivals')}: the rate of a recording is fixed`,
  },
]

/** What a question requires. */
const needs: Rule[] = [
  {
    refuses: ({ question, has }) => question === 'scale-out' && !(has('within') && has('delay')),
    problem: ({ name, has }) => `${name(has('within') ? 'delay' : 'within')} is missing`,
    remedy: 'For example --rate 800..1500/s --within 5min --delay 90s --accept 1ms',
  },
  {
    refuses: (asked) => asked.question === 'scale-out' && costsNothing(asked),
    problem: () => 'Nothing would be overloaded: no cost per accept is given',
    remedy: 'Give --accept TIME, or --workers N --service-time TIME',
  },
  {
    refuses: ({ question, growing }) => question === 'scale-out' && !growing,
    problem: ({ name }) => `${name('rate')} has one end: how does the load grow?`,
    remedy: 'Give both: --rate 800..1500/s',
  },
  {
    refuses: ({ question, has }) => question !== 'scale-out' && (has('within') || has('delay') || has('more')),
    problem: ({ name, has }) =>
      `${name(has('within') ? 'within' : has('delay') ? 'delay' : 'more')} is about a load that grows`,
    remedy: 'Ask: spillway plan scale-out',
  },
  {
    refuses: (asked) => asked.question === 'timeout' && !asked.has('stall') && costsNothing(asked),
    problem: () => 'Nobody would wait: neither a stall nor a cost per accept is given',
    remedy: 'Give --accept TIME, --stall TIME, or --workers N --service-time TIME',
  },
  {
    refuses: (asked) => asked.question === 'rate' && !asked.has('stall') && costsNothing(asked),
    problem: () => 'Nothing would limit the rate: neither a stall nor a cost per accept is given',
    remedy: 'Give --accept TIME, or --stall TIME',
  },
  {
    refuses: (asked) => asked.question === 'backends' && !asked.has('backlog') && costsNothing(asked),
    problem: () => 'Nothing determines how many backends are needed: neither a cost per accept nor a backlog is given',
    remedy: 'Give --accept TIME, or --backlog N',
  },
  {
    refuses: ({ question, has }) => question === 'slow' && !has('slow-backends'),
    problem: () => '--slow-backends is missing: how many are slow?',
  },
  {
    refuses: ({ question, has }) => question === 'syn-queue' && !has('half-open'),
    problem: () => '--half-open is missing: how many per second?',
  },
]

const slowBackends: Rule[] = [
  {
    refuses: ({ has }) => has('slow-backends') !== has('slow-accept'),
    problem: () => '--slow-backends and --slow-accept must be given together',
  },
  {
    refuses: ({ said }) => (said['slow-backends'] ?? 0) > (said.backends ?? 1),
    problem: ({ name, said }) => `${name('slow-backends')} is more than the number of backends (${said.backends ?? 1})`,
  },
  {
    refuses: ({ said }) => said['slow-accept'] !== undefined && said['slow-accept'] <= (said.accept ?? 0),
    problem: ({ name, has }) =>
      `${name('slow-accept')} is not slower than ${has('accept') ? name('accept') : 'the others, which take no time: give --accept TIME'}`,
  },
]

const ofPorts = ['local-ports', 'sources', 'destinations', 'open', 'tw-reuse'] as const

/** What a closed loop decides, or what cannot be said of one. */
const notOfLoops = [
  'rate',
  'arrivals',
  'instances',
  'half-open',
  'slow-backends',
  'drain',
  'away',
  'abort-on-overflow',
] as const

/** So many clients that each ask again. */
const ofLoops: Rule[] = [
  {
    refuses: ({ question, has }) => question === 'clients' && !has('clients'),
    problem: () => '--clients is missing: how many are there?',
    remedy: 'For example --clients 200 --think-time 1s --workers 8 --service-time 50ms',
  },
  {
    refuses: ({ question, has }) => question !== 'clients' && has('clients'),
    problem: ({ name, question }) => `${name('clients')} is a question of its own, and '${question}' another one`,
    remedy: 'Leave one of them out: spillway plan clients; or say with --client who connects, as in --client browser',
  },
  {
    refuses: ({ has }) => has('think-time') && !has('clients'),
    problem: ({ name }) => `${name('think-time')} needs the number of clients`,
    remedy: 'Give --clients N',
  },
  {
    refuses: ({ has }) => has('clients') && has('rate'),
    problem: ({ name }) =>
      `${name('clients')} and ${name('rate')} contradict each other: clients that wait for their answers come as fast as they are answered`,
    remedy: 'Leave one of them out',
  },
  {
    refuses: ({ has }) => has('clients') && has('arrivals'),
    problem: ({ name }) =>
      `${name('clients')} and ${name('arrivals')} contradict each other: clients that wait for their answers come as fast as they are answered`,
    remedy: 'Leave one of them out',
  },
  {
    refuses: ({ has }) => has('clients') && has('instances'),
    problem: ({ name }) => `${name('clients')} are those of one instance, so that ${name('instances')} says nothing`,
    remedy: 'Give the clients of one instance',
  },
  {
    refuses: ({ has }) => has('clients') && notOfLoops.some(has),
    problem: ({ name, has }) => `${name(notOfLoops.find(has) ?? 'rate')} and ${name('clients')} cannot be combined`,
  },
  {
    refuses: (asked) => asked.has('clients') && costsNothing(asked),
    problem: ({ name }) =>
      `Nobody would wait, and ${name('clients')} would ask without end: no cost per accept is given`,
    remedy: 'Give --workers N --service-time TIME, or --accept TIME',
  },
]

/** Options that mean something only beside another one. */
const companions: Rule[] = [
  {
    refuses: ({ question, has }) => question !== 'ports' && ofPorts.some(has),
    problem: ({ name, has }) => `${name(ofPorts.find(has) ?? 'sources')} is about the source ports of a client`,
    remedy: 'Ask: spillway plan ports --rate RATE',
  },
  {
    refuses: ({ question, has }) => has('stalled') && !has('stall') && question !== 'stall',
    problem: ({ name }) => `${name('stalled')} needs a stall`,
    remedy: 'Give --stall TIME',
  },
  {
    refuses: ({ has }) => has('accept-cv') && !has('accept'),
    problem: ({ name }) => `${name('accept-cv')} needs a cost per accept`,
    remedy: 'Give --accept TIME',
  },
  {
    refuses: ({ migrate, said }) => migrate && (said.mode === 'shared' || (said.backends ?? 1) === 1),
    problem: () => '--migrate needs several sockets to move connections between',
    remedy: 'Give --backends 2 or more, without --mode shared',
  },
]

const pairs: Rule[] = [
  {
    refuses: ({ has }) => has('client') && has('timeout'),
    problem: ({ name }) =>
      `${name('client')} and ${name('timeout')} contradict each other: both say how long clients wait`,
    remedy: 'Leave one of them out',
  },
  {
    refuses: ({ said, has }) => said.mode === 'shared' && has('steering'),
    problem: ({ name }) =>
      `${name('steering')} and ${name('mode')} shared contradict each other: there is only one socket to choose from`,
  },
  {
    refuses: ({ has }) => has('loss') && has('sure'),
    problem: ({ name }) => `${name('loss')} and ${name('sure')} contradict each other`,
    remedy: '--sure is about no loss at all; leave one of them out',
  },
  {
    refuses: ({ has }) => (has('drain') || has('away')) && has('stall'),
    problem: ({ has, name }) => `${name(has('drain') ? 'drain' : 'away')} and ${name('stall')} cannot be combined`,
  },
  {
    refuses: ({ said }) => said.sure === 1,
    problem: ({ name }) => `${name('sure')} of 100% cannot be met: any backlog can be exceeded by chance`,
    remedy: 'Give 99% or 99.9%',
  },
  {
    refuses: ({ said, has }) => isRecorded(said) && has('for'),
    problem: ({ name }) =>
      `${name('for')} and ${name('arrivals')} contradict each other: a recording has its own length`,
  },
  {
    refuses: ({ said }) => said.for !== undefined && (said.stall?.everyMs ?? 0) > said.for,
    problem: ({ name }) => `${name('for')} is shorter than the period of ${name('stall')}`,
  },
]

const rules: readonly Rule[] = [...ofLoops, ...answers, ...needs, ...slowBackends, ...companions, ...pairs]
