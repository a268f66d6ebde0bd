import { UsageError } from '#common/errors.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { type ListenTarget, parseDurationMs, parseListen } from '#common/parse.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { readNamespaces } from '../namespaces.ts'
import { type Order, orders } from './choice.ts'
import { TOP_PACE } from './pace.ts'

export const help = `Usage: spillway top [OPTION…]

Shows the queues of this host as they are now: every TCP and UNIX listener and every UDP socket, the worst first, with whose
it is, how full it is, its peak, how long clients wait, and what the kernel drops. It only reads, and needs no privilege for
its own network namespace.

  --exporter ADDRESS      shows what a running exporter reads instead: HOST:PORT or unix:/path
  --netns NAMESPACE       self, all, NAME of 'ip netns', NAME=PATH or NAME=PID; repeat for more
                          (default: all for root, else self)
  --sample-interval TIME  how often the queues are read, 1ms to 1s (default ${TOP_PACE.pace.sampleIntervalMs}ms), or as often as two
                          hundredths of a core allow; a queue that is full for less may be missed
  --order ORDER           ${orders.join(', ')} (default worst)
  --filter WORDS          only rows in which all of these words occur: an address, a port, a process, a unit
  --once                  print the table once, after some three seconds, and end
  --json                  print the rows as one JSON object per line, once a second, and nothing else
  --help                  this text

The keys are shown below the table. Without a terminal the table is printed once.
`

export interface TopOptions {
  exporter: ListenTarget | undefined
  namespaces: NamespaceSource[]
  sampleIntervalMs: number
  order: Order
  filter: string
  once: boolean
  json: boolean
}

export const grammar = {
  command: 'spillway top',
  options: {
    exporter: { type: 'string' },
    netns: { type: 'string', multiple: true, words: ['self', 'all'] },
    'sample-interval': { type: 'string', default: `${TOP_PACE.pace.sampleIntervalMs}ms` },
    order: { type: 'string', default: 'worst', values: orders },
    filter: { type: 'string', default: '' },
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
} as const satisfies Grammar

/** Reads the options of `spillway top`; undefined if help was asked for. Throws a UsageError that names the option. */
export const readOptions = (args: readonly string[]): TopOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    if (values.exporter !== undefined && values.netns !== undefined)
      throw new UsageError('--netns is for reading here: an exporter reads the namespaces it was started with')
    return {
      exporter: values.exporter === undefined ? undefined : parseListen('--exporter', values.exporter),
      namespaces: readNamespaces('--netns', values.netns ?? [process.geteuid?.() === 0 ? 'all' : 'self']),
      sampleIntervalMs: parseDurationMs('--sample-interval', values['sample-interval'], { min: 1, max: 1000 }),
      order: oneOf('--order', values.order, orders),
      filter: values.filter,
      once: values.once,
      json: values.json,
    }
  })
