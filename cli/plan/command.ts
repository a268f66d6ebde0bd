/** The command line of `spillway plan`: what is asked, and what is given. */

import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import type { OwnServer } from '#lab/confirm/own-server.ts'
import type { Question } from '#planner/ask.ts'
import { addressWithoutUserinfo } from '#planner/inputs/credentials.ts'
import { readServer, serverHelp, serverOptionNames, serverOptions, splitCommand } from '../server/options.ts'
import { readPlanFile, type Written } from './file.ts'
import { formerNames, type OptionName, optionsInWords, type PlanOption, planOptions, type Said } from './options.ts'
import { parseRateInterval } from './units.ts'

const questions = {
  backlog: 'the smallest backlog that is enough (the default)',
  setting: 'what happens with a given --backlog (the default if one is given)',
  backends: 'how many backends a load needs',
  rate: 'the highest rate for which a backlog is enough',
  stall: 'the longest stall that a backlog survives',
  shared: 'one socket per backend, or one shared by all',
  slow: 'what --slow-backends cost',
  restart: 'what a rolling restart costs, with and without migration',
  'syn-queue': 'what --half-open clients do, and how SYN cookies help',
  memory: 'how much kernel memory full queues take',
  timeout:
    'the largest backlog that does not outlast its clients (--client, --timeout), and what they get of a larger one',
  'scale-out': 'from which load on new backends must be asked for, and who is trapped in old queues',
  clients: 'what --clients need that each ask again after their answer (a closed loop)',
  ports: 'whether the source ports of a client last for the rate at which it connects',
} satisfies Record<Question, string>

export const help = `Usage: spillway plan [QUESTION] [OPTION…]
       spillway plan FILE.yaml [OPTION…]
       spillway plan --from http://PROMETHEUS
       spillway plan [QUESTION] [OPTION…] --confirm -- COMMAND…

Says what queues a load needs: a number, the reasoning, and how certain it is.

  spillway plan --rate 3000/s --backends 4 --stall 80ms
  spillway plan --rate 3000/s --backends 4 --stall 80ms --backlog 60
  spillway plan backends --rate 20k/s --accept 0.2ms --accept-cv 1 --backlog 511 --loss 0.1%

Questions
${Object.entries(questions)
  .map(([name, words]) => `  ${name.padEnd(12)} ${words}`)
  .join('\n')}

${optionsInWords()}

Other options
  --migrate                      tcp_migrate_req=1
  --from URL                     says what was wrong, by what a Prometheus that scrapes the exporter has kept
  --confirm                      plays the same arrivals and stalls in a lab, and compares
  --report FILE                  writes the answer, and what a lab measured, as one HTML file with plots
  --json                         prints one JSON object, and nothing else on standard output
  --help                         this text

${serverHelp.replace('takes the place of the backends: give', 'is planned for, and confirms the plan: give')}
For a Prometheus that requires authentication, give --auth-file, or set SPILLWAY_PROMETHEUS_USER and
SPILLWAY_PROMETHEUS_PASSWORD, SPILLWAY_PROMETHEUS_TOKEN, or SPILLWAY_PROMETHEUS_HEADER ('Name: value').
A FILE (YAML or JSON) has the names of the options as keys; the command line overrides the file.
Exit status: 0 answered, 1 the prediction methods disagree or the lab contradicts them, 2 no answer could be given.
`

export interface PlanCommand {
  /** As it was asked; undefined where the options decide. */
  question: Question | undefined
  said: Said
  /** What an error message calls each option that was given. */
  names: Partial<Record<OptionName, string>>
  /** The upper end, where --rate is an interval; `said` has the lower one. */
  rateHigh: number | undefined
  migrate: boolean
  from: string | undefined
  confirm: boolean
  /** The server that confirms it; undefined where the backends of a lab do. */
  own: OwnServer | undefined
  /** Where the HTML file goes; undefined where none is wanted. */
  report: string | undefined
  json: boolean
}

/** What stands behind --, with the options that are about it. */
function ownServer(typed: readonly string[] | undefined, values: Record<string, unknown>): OwnServer | undefined {
  const said = Object.fromEntries(
    serverOptionNames.flatMap((name) => {
      const value = values[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
  const { server, ...rest } = readServer(typed, said)
  return server === undefined ? undefined : { ...rest, server }
}

const isOption = (key: string): key is OptionName => Object.hasOwn(planOptions, key)

/** A unit of a time, a rate or a share, without its number. */
const isUnit =
  /^(?:[kKM]?\s*(?:[rqct]p[smh]|(?:re?qs?|requests?|conns?|connections?)?(?:\/|per)(?:s|sec|second|m|min|minute|h|hour)?)|%|ns|[uµμ]s|ms|m?secs?|s|seconds?|mins?|minutes?|hours?|h|requests|connections)$/i

const isQuestion = (word: string): word is Question => Object.hasOwn(questions, word)

/** What load generators, servers and people call these options. */
const meant: Readonly<Record<string, OptionName | 'from' | 'report'>> = {
  rps: 'rate',
  qps: 'rate',
  cps: 'rate',
  requests: 'rate',
  'req-rate': 'rate',
  throughput: 'rate',
  load: 'rate',
  duration: 'for',
  csv: 'arrivals',
  log: 'arrivals',
  trace: 'arrivals',
  input: 'arrivals',
  pcap: 'arrivals',
  prometheus: 'from',
  prom: 'from',
  url: 'from',
  promql: 'query',
  since: 'range',
  window: 'range',
  shards: 'backends',
  listeners: 'backends',
  replicas: 'backends',
  pods: 'backends',
  processes: 'backends',
  pause: 'stall',
  gc: 'stall',
  freeze: 'stall',
  block: 'stall',
  'queue-size': 'backlog',
  'listen-backlog': 'backlog',
  'accept-time': 'accept',
  'connect-timeout': 'timeout',
  latency: 'rtt',
  ping: 'rtt',
  retries: 'syn-retries',
  interval: 'between',
  unit: 'time-unit',
  'keep-alive': 'requests-per-connection',
  html: 'report',
  output: 'report',
}

export const grammar: Grammar = {
  command: 'spillway plan',
  options: {
    ...Object.fromEntries(
      Object.entries<PlanOption<unknown>>(planOptions).map(([name, { values, words, path }]) => [
        name,
        { type: 'string', ...(values && { values }), ...(words && { words }), ...(path && { path }) },
      ]),
    ),
    ...Object.fromEntries(Object.keys(formerNames).map((name) => [name, { type: 'string' }])),
    migrate: { type: 'boolean' },
    from: { type: 'string' },
    confirm: { type: 'boolean' },
    report: { type: 'string', path: 'file' },
    json: { type: 'boolean' },
    ...serverOptions,
  },
  words: 'a question and a file',
  meant,
  offers: { words: Object.keys(questions), path: 'file' },
}

/** Reads the command line; undefined if help was asked for. Throws a UsageError that names the option, or the field and line of the file. */
export function readCommand(all: readonly string[]): PlanCommand | undefined {
  const { args, command: typed } = splitCommand(all)
  return readCommandLine(grammar, args, ({ values, positionals }) => {
    const [asked, ...others] = positionals.filter(isQuestion)
    const [file, ...more] = positionals.filter((word) => !isQuestion(word))
    if ((others.length > 0 || more.length > 0) && !isUnit.test(file ?? ''))
      throw new UsageError(
        `At most one question and one file can be given: ${positionals.map(addressWithoutUserinfo).join(' ')}`,
      )
    if (file !== undefined && isUnit.test(file))
      throw new UsageError(
        `'${file}' stands alone: a shell takes a number and its unit for two words`,
        'Write them together, as in 80ms or 3000/s, or within quotes',
      )
    if (file !== undefined && !/\.(ya?ml|json)$/i.test(file))
      throw new UsageError(
        `There is no question '${addressWithoutUserinfo(file)}'${orNearest(file, Object.keys(questions))}`,
        `Questions: ${Object.keys(questions).join(', ')}; a file ends in .yaml, .yml or .json`,
      )
    const said: Record<string, unknown> = {}
    const names: Partial<Record<string, string>> = {}
    let rateHigh: number | undefined
    const take = (all: Written): void => {
      for (const { key, name, text } of all) {
        const option = formerNames[key] ?? key
        if (!isOption(option)) continue
        if (option !== key && all.some((other) => other.key === option))
          throw new UsageError(`${name} is the former name of ${option}: both are given`, 'Leave it out')
        const interval = option === 'rate' ? parseRateInterval(name, text) : undefined
        if (option === 'rate') rateHigh = interval?.[1]
        said[option] = interval?.[0] ?? planOptions[option].parse(name, text)
        names[option] = name
      }
    }
    const written = file === undefined ? [] : readPlanFile(file)
    take(written)
    take(
      Object.entries(values).flatMap(([key, text]) =>
        typeof text === 'string' ? [{ key, name: `--${key}`, text }] : [],
      ),
    )
    // A query is about arrivals, whichever option names the Prometheus.
    const from = typeof values.from === 'string' ? values.from : undefined
    const queried = from !== undefined && said.query !== undefined && said.arrivals === undefined
    if (queried) {
      said.arrivals = from
      names.arrivals = '--from'
    }
    return {
      question: asked,
      said,
      names,
      rateHigh,
      migrate: values.migrate === true || written.some(({ key, text }) => key === 'migrate' && text === 'true'),
      from: queried ? undefined : from,
      confirm: values.confirm === true,
      own: ownServer(typed, values),
      report: typeof values.report === 'string' ? values.report : undefined,
      json: values.json === true,
    }
  })
}
