import { UsageError } from '#common/errors.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseDurationMs, parseListen } from '#common/parse.ts'
import { ExporterAddress } from '#live/host/exporter-address.ts'
import { type Order, orders } from '#live/host/order.ts'
import type { ExactWish } from '#services/exporter/sampler/message.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { readNamespaces } from '../namespaces.ts'
import { credentialsFrom } from '../plan/credentials.ts'
import { TOP_PACE } from './pace.ts'

export const help = `Usage: spillway top [OPTION…]

Shows the queues of this host as they are now: every TCP and UNIX listener and every UDP socket, the worst first, with whose
it is, how full it is, its peak, how long clients wait, and what the kernel drops. It only reads, and needs no privilege for
its own network namespace.

  --exporter ADDRESS      shows what a running exporter reads instead: HOST:PORT, unix:/path, or a URL (http, https)
  --auth-file FILE        who asks the exporter, where it has a login: lines such as Basic USER:PASSWORD or Bearer TOKEN
  --netns NAMESPACE       self, all, NAME of 'ip netns', NAME=PATH or NAME=PID; repeat for more
                          (default: all for root, else self)
  --sample-interval TIME  how often the queues are read, 1ms to 1s (default ${TOP_PACE.pace.sampleIntervalMs}ms), or as often as about
                          four hundredths of a core allow; a queue that is full for less may be missed
  --exact auto|on|off     has BPF programs count what happens at TCP listeners: peaks and full queues are exact then, however short, and
                          the queues are read every ${TOP_PACE.pace.watchedIntervalMs} ms only. Needs Linux 6.3, and CAP_BPF and CAP_PERFMON, or
                          CAP_SYS_ADMIN, or that 'spillway exact install' has loaded them for this user; without that auto
                          samples, and on ends with a sentence (default auto)
  --order ORDER           ${orders.join(', ')} (default worst)
  --filter WORDS          only rows in which all of these words occur: an address, a port, a process, a unit
  --once                  print the table once, after some three seconds, and end
  --web[=[HOST:]PORT]     serve the board of this host instead, read-only, on loopback (default 127.0.0.1:10510; 0: any free port)
  --open                  with --web: open it in the browser
  --json                  print the rows as one JSON object per line, once a second, and nothing else
  --help                  this text

The keys are shown below the table. Without a terminal the table is printed once.
`

export interface TopOptions {
  exporter: ExporterAddress | undefined
  namespaces: NamespaceSource[]
  sampleIntervalMs: number
  exact: ExactWish | undefined
  order: Order
  filter: string
  once: boolean
  /** Where the board is served instead, and whether it is opened. */
  web: { listen: ListenTarget; open: boolean } | undefined
  json: boolean
}

const exactWishes = ['auto', 'on', 'off'] as const
/** It begins after the first rows are shown, unless it must. */
const wishes = { auto: 'later', on: 'on', off: undefined } as const

const DEFAULT_BOARD = '127.0.0.1:10510'

export const grammar = {
  command: 'spillway top',
  options: {
    exporter: { type: 'string' },
    'auth-file': { type: 'string', path: 'file' },
    netns: { type: 'string', multiple: true, words: ['self', 'all'] },
    'sample-interval': { type: 'string', default: `${TOP_PACE.pace.sampleIntervalMs}ms` },
    exact: { type: 'string', values: exactWishes },
    order: { type: 'string', default: 'worst', values: orders },
    filter: { type: 'string', default: '' },
    once: { type: 'boolean', default: false },
    web: { type: 'string', alone: DEFAULT_BOARD },
    open: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
} as const satisfies Grammar

/** Reads the options of `spillway top`; undefined if help was asked for. Throws a UsageError that names the option. */
export const readOptions = (args: readonly string[]): TopOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    if (values.exporter !== undefined && values.netns !== undefined)
      throw new UsageError('--netns is for reading here: an exporter reads the namespaces it was started with')
    if (values.exporter !== undefined && values.exact !== undefined)
      throw new UsageError('--exact is for reading here: an exporter has an option of its own')
    if (values['auth-file'] !== undefined && values.exporter === undefined)
      throw new UsageError('--auth-file is for an exporter: --exporter says which')
    if (values.open && values.web === undefined) throw new UsageError('--open opens the board: --web serves it')
    if (values.web !== undefined && (values.json || values.once))
      throw new UsageError(`--web serves a page, and --${values.json ? 'json' : 'once'} prints: choose one of them`)
    return {
      exporter:
        values.exporter === undefined
          ? undefined
          : ExporterAddress.parse('--exporter', values.exporter, credentialsFrom(values['auth-file'])),
      namespaces: readNamespaces('--netns', values.netns ?? [process.geteuid?.() === 0 ? 'all' : 'self']),
      sampleIntervalMs: parseDurationMs('--sample-interval', values['sample-interval'], { min: 1, max: 1000 }),
      exact: wishes[oneOf('--exact', values.exact ?? 'auto', exactWishes)],
      order: oneOf('--order', values.order, orders),
      filter: values.filter,
      once: values.once,
      web: values.web === undefined ? undefined : { listen: webTarget(values.web), open: values.open },
      json: values.json,
    }
  })

/** A port alone is one of loopback. */
const webTarget = (text: string): ListenTarget => parseListen('--web', /^\d+$/.test(text) ? `:${text}` : text)
