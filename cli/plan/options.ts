/**
 * The options of a plan, defined once for everything that follows from them: the command line, the keys of a plan's file
 * with their schema, and the help.
 */
import fs from 'node:fs'
import { type TSchema, Type } from 'typebox'
import { UsageError } from '#common/errors.ts'
import { nearest, orNearest } from '#common/nearest.ts'
import { oneOf } from '#common/options.ts'
import { parseCount, parseDurationMs, parseShare } from '#common/parse.ts'
import { serverNamed, serverNames } from '#findings/servers/named.ts'
import { type ClientPreset, clientPresets } from '#planner/client-presets.ts'
import type { SaidOfSamples } from '#planner/inputs/recorded.ts'
import { LONGEST_RTT_MS } from '#planner/system.ts'
import { parseNumber, parseRatePerSecond, parseStall } from './units.ts'

/** One thing that can be said. `parse` takes it as text, with the name that an error message calls it by. */
export interface PlanOption<Value> {
  group: string
  /** How it is written in the help. */
  form: string
  help: string
  schema: TSchema
  /** The only values there are. */
  values?: readonly string[]
  /** Words that it takes beside the path of a file. */
  words?: readonly string[]
  /** Its value is the path of a file. */
  path?: 'file'
  parse(name: string, text: string): Value
}

const Text = Type.String({ minLength: 1 })
/** With a unit as text; a bare number is refused by its parser, which names the units. */
const Quantity = Type.Union([Type.String(), Type.Number()])

type Bounds = { min?: number; max?: number }

const rate = (group: string, help: string) => ({
  group,
  form: 'RATE',
  help,
  schema: Quantity,
  parse: parseRatePerSecond,
})
const duration = (group: string, help: string, bounds: Bounds = {}) => ({
  group,
  form: 'TIME',
  help,
  schema: Quantity,
  parse: (name: string, text: string) => parseDurationMs(name, text, bounds),
})
const share = (group: string, help: string) => ({ group, form: 'SHARE', help, schema: Quantity, parse: parseShare })
const count = (group: string, help: string, bounds: Required<Bounds>) => ({
  group,
  form: 'N',
  help,
  schema: Type.Integer({ minimum: bounds.min, maximum: bounds.max }),
  parse: (name: string, text: string) => parseCount(name, text, bounds),
})
const word = <const Word extends string>(group: string, help: string, words: readonly Word[]) => ({
  group,
  form: words.join('|'),
  help,
  schema: Type.Union(words.map((one) => Type.Literal(one))),
  values: words,
  parse: (name: string, text: string) => oneOf(name, text, words),
})
const text = (group: string, form: string, help: string) => ({
  group,
  form,
  help,
  schema: Text,
  parse: (_name: string, said: string) => said,
})

const load = 'The load'
const recording = 'How a recording is to be read'
const servers = 'The servers'
const pool = 'A pool of workers that accept from one socket'
const trouble = 'What goes wrong'
const outgoing = 'Source ports (plan ports)'
const growth = 'A load that grows (plan scale-out --rate 800..1500/s)'
const loop = 'Clients that each ask again, in place of a rate (plan clients)'
const target = 'What must hold'
const clients = 'Clients and kernel'

const randomArrivals = ['poisson', 'constant']

export const planOptions = {
  rate: rate(load, 'new connections: 3000/s, 3k/s, 180000/min; 800..1500/s where it is known no better'),
  arrivals: {
    ...text(
      load,
      'HOW',
      'poisson (default), constant; or recorded: a CSV, a log, a capture as text, sar, nstat twice, a run’s folder, http://PROMETHEUS',
    ),
    words: randomArrivals,
    path: 'file',
    parse: (name: string, said: string) => {
      // Whether a recording of that name can be read is seen later; what is nearly one of the words is meant to be it.
      if (randomArrivals.includes(said) || fs.existsSync(said) || nearest(said, randomArrivals) === undefined)
        return said
      throw new UsageError(
        `${name} '${said}' is neither ${randomArrivals.join(' nor ')}, and no such file exists${orNearest(said, randomArrivals)}`,
      )
    },
  },
  for: duration(load, 'how long the load is observed (default 10s)', { min: 100, max: 86_400_000 }),
  query: text(
    load,
    'PROMQL',
    'with a Prometheus: a query for connections per second; with a saved answer: the query that it answers',
  ),
  range: duration(load, 'with a Prometheus: how far back (default 1h)', { min: 60_000, max: 31 * 86_400_000 }),
  'auth-file': {
    ...text(load, 'FILE', 'with a Prometheus: holds Basic USER:PASSWORD, Bearer TOKEN, or Name: value'),
    path: 'file',
  },
  step: duration(load, 'with a Prometheus: time between samples (default 15s)', { min: 1000, max: 3_600_000 }),

  'time-unit': word(recording, 'of numbers in a column of times, where the file does not tell', [
    's',
    'ms',
    'us',
    'ns',
  ]),
  column: text(recording, 'NAME', 'the column of times, where several could be meant'),
  counts: text(recording, 'NAME', 'the column that counts the arrivals of each interval'),
  'requests-per-connection': {
    ...text(
      recording,
      'N|logged',
      'of a log of requests, on average (default 1); logged: each connection that the log tells apart',
    ),
    schema: Quantity,
    words: ['logged'],
    parse: (name: string, said: string): number | 'logged' => {
      if (said === 'logged') return said
      const requests = parseNumber(name, said, { max: 1_000_000 })
      if (requests < 1) throw new UsageError(`${name} '${said}' must be at least 1`)
      return requests
    },
  },
  port: { ...text(recording, 'PORT', 'of a capture: the server’s port, as the capture writes it'), schema: Quantity },
  frontend: text(recording, 'NAME', 'of HAProxy’s log: the frontend to plan for'),
  between: duration(recording, 'time between outputs of nstat or netstat -s that are pasted one after the other', {
    min: 10,
    max: 31 * 86_400_000,
  }),
  counters: word(recording, 'what such outputs hold', ['total', 'since-last']),
  samples: {
    ...text(
      recording,
      'rate|counter|TIME',
      'what the values of --query, of a saved answer or of a column are; a time for what came within it',
    ),
    words: ['rate', 'counter'],
    parse: (name: string, said: string): SaidOfSamples => {
      if (said === 'rate' || said === 'counter') return said
      if (!/^\.?\d/.test(said)) return oneOf(name, said, ['rate', 'counter'])
      return { windowMs: parseDurationMs(name, said, { min: 1 }) }
    },
  },

  backends: count(servers, 'how many share the port (default 1)', { min: 1, max: 10_000 }),
  backlog: count(servers, 'the backlog that is set; leave it out to ask for it', { min: 0, max: 2_147_483_647 }),
  somaxconn: count(servers, 'net.core.somaxconn (default 4096)', { min: 0, max: 2_147_483_647 }),
  server: {
    ...text(servers, 'NAME', 'in whose words settings are written: nginx, gunicorn, go, … (default Node and nginx)'),
    values: serverNames,
    parse: (name: string, said: string): string => {
      if (serverNamed(said) !== undefined) return said
      throw new UsageError(
        `${name} '${said}' is no server that is known${orNearest(said, serverNames)}`,
        `Known: ${serverNames.join(', ')}`,
      )
    },
  },
  mode: word(servers, 'one socket per backend (default), or one shared by all', ['sharded', 'shared']),
  steering: word(servers, 'how the kernel chooses a socket (default hash)', ['hash', 'random', 'cpu']),
  accept: duration(servers, 'time that the event loop needs for each accept', { min: 0, max: 60_000 }),
  'accept-cv': {
    ...text(servers, 'X', 'how that varies: 0 constant (default), 1 exponential'),
    schema: Type.Number({ minimum: 0, maximum: 10 }),
    parse: (name: string, said: string) => parseNumber(name, said, { max: 10 }),
  },
  handle: duration(servers, 'work per request, after the accepts of a loop iteration', { min: 0, max: 60_000 }),
  'accepts-per-turn': count(servers, 'accepts before other work (default 1: Node, nginx)', { min: 1, max: 1_000_000 }),

  workers: count(pool, 'how many there are, each with one request at a time (gunicorn, PHP-FPM, uWSGI)', {
    min: 1,
    max: 10_000,
  }),
  'service-time': duration(pool, 'how long one takes for a request, on average', { min: 0.001, max: 60_000 }),
  'service-cv': {
    ...text(pool, 'X', 'how that varies: 0 constant, 1 exponential (default)'),
    schema: Type.Number({ minimum: 0, maximum: 10 }),
    parse: (name: string, said: string) => parseNumber(name, said, { max: 10 }),
  },
  instances: count(load, 'machines that share the load evenly; the answer is for one (default 1)', {
    min: 1,
    max: 100_000,
  }),

  stall: {
    ...text(trouble, 'TIME[/TIME]', 'an event loop is blocked: 80ms once, 80ms/10s every ten seconds'),
    parse: parseStall,
  },
  stalled: word(trouble, 'what stalls: one backend at a time (default), or all', ['one', 'all']),
  'slow-backends': count(trouble, 'how many accept more slowly than the others', { min: 1, max: 10_000 }),
  'slow-accept': duration(trouble, 'time that those need for each accept', { min: 0, max: 60_000 }),
  drain: duration(trouble, 'restart: how long a backend still listens but no longer accepts', { min: 0, max: 600_000 }),
  away: duration(trouble, 'restart: how long its listener is gone', { min: 1, max: 600_000 }),
  'half-open': rate(trouble, 'SYNs whose senders never send the final ACK'),

  'local-ports': count(outgoing, 'how many ip_local_port_range gives (default 28232)', { min: 1, max: 65_535 }),
  sources: count(outgoing, 'own addresses that are connected from (default 1)', { min: 1, max: 65_535 }),
  destinations: count(outgoing, 'addresses with a port that are connected to (default 1)', { min: 1, max: 1_000_000 }),
  open: duration(outgoing, 'how long a connection is open before this side closes it (default 0s)', {
    min: 0,
    max: 86_400_000,
  }),
  'tw-reuse': count(outgoing, 'tcp_tw_reuse (default 2: on loopback only)', { min: 0, max: 2 }),

  within: duration(growth, 'how long it takes to grow that far', { min: 1000, max: 86_400_000 }),
  delay: duration(growth, 'from the decision until a new backend accepts', { min: 0, max: 86_400_000 }),
  more: count(growth, 'how many new backends come (default 1)', { min: 1, max: 10_000 }),

  loss: share(target, 'share of connections that may lose a SYN or a final ACK, e.g. 0.1% (default: none)'),
  sure: share(target, 'probability that no connection loses a SYN (default 99%)'),
  wait: duration(target, 'longest accept wait allowed for 99 % of the connections', { min: 0.1, max: 600_000 }),

  rtt: duration(clients, 'round trip (default 0.1ms; less than 900ms)', { min: 0, max: LONGEST_RTT_MS }),
  client: word(
    clients,
    'who connects: how long it goes on connecting, and waits for an answer',
    Object.keys(clientPresets) as ClientPreset[],
  ),
  timeout: duration(clients, 'how long a client waits (default 10s)', { min: 1, max: 3_600_000 }),
  'client-hosts': count(clients, 'client machines: clients on one machine retry in step (default 1000)', {
    min: 1,
    max: 1_000_000,
  }),
  'syn-retries': count(clients, 'tcp_syn_retries of the clients (default 6)', { min: 0, max: 127 }),
  'linear-timeouts': count(clients, 'tcp_syn_linear_timeouts of the clients (default 4; 0 on a kernel before 6.5)', {
    min: 0,
    max: 127,
  }),
  syncookies: count(clients, 'tcp_syncookies (default 1)', { min: 0, max: 2 }),
  'synack-retries': count(clients, 'tcp_synack_retries (default 5)', { min: 0, max: 127 }),
  'max-syn-backlog': count(clients, 'tcp_max_syn_backlog (default 2048)', { min: 1, max: 2_147_483_647 }),
  'abort-on-overflow': count(clients, 'tcp_abort_on_overflow (default 0)', { min: 0, max: 1 }),
  hz: count(clients, 'kernel ticks per second (default 250)', { min: 24, max: 1200 }),
  seed: count(clients, 'seed of the simulation (default 1)', { min: 0, max: 2_147_483_647 }),

  clients: count(loop, 'how many there are; each has one connection at a time', { min: 1, max: 100_000 }),
  'think-time': duration(loop, 'from an answer until the next connection, on average (default 0s)', {
    min: 0,
    max: 86_400_000,
  }),
} satisfies Record<string, PlanOption<unknown>>

/** Former names of options; each is accepted for one more version. */
export const formerNames: Record<string, OptionName> = { dealing: 'steering' }

export type OptionName = keyof typeof planOptions

/** The options that were given, parsed. */
export type Said = { [Name in OptionName]?: ReturnType<(typeof planOptions)[Name]['parse']> }

/** The keys of a plan's file: those of the options. */
export const PlanFile = Type.Object(
  {
    ...Object.fromEntries(Object.entries(planOptions).map(([name, { schema }]) => [name, Type.Optional(schema)])),
    ...Object.fromEntries(
      Object.entries(formerNames).map(([former, name]) => [former, Type.Optional(planOptions[name].schema)]),
    ),
    migrate: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** The options, in groups, as lines of help. */
export function optionsInWords(): string {
  const groups = Map.groupBy(Object.entries<PlanOption<unknown>>(planOptions), ([, { group }]) => group)
  return [...groups]
    .map(([group, options]) =>
      [`${group}`, ...options.map(([name, { form, help }]) => `  ${`--${name} ${form}`.padEnd(30)} ${help}`)].join(
        '\n',
      ),
    )
    .join('\n\n')
}
