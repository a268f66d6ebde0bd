import { UsageError } from '#common/errors.ts'
import { type Grammar, oneOf, readCommandLine } from '#common/options.ts'
import { parseCount, parseDurationMs } from '#common/parse.ts'
import { type Severity, severities } from '#findings/host/finding.ts'
import { type Expectation, parseExpectation } from '#live/host/expectations.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { readNamespaces } from '../namespaces.ts'

export interface CheckOptions {
  namespaces: NamespaceSource[]
  ports: number[]
  pids: number[]
  expectations: Expectation[]
  /** The Prometheus that is asked instead, and over which time. */
  from: { url: string; rangeMs: number } | undefined
  json: boolean
  junit: string | undefined
  /** Findings of at least this severity make the command end with status 1. */
  failOn: Severity | 'never'
}

export const help = `Usage: spillway check [OPTION…]

Looks at every listening socket of this host for half a second, and says which turn clients away, whose they are, why, and
what to type to mend it. Needs no privilege; what this user may not see is said to be unknown.

  --netns NAMESPACE     which network namespace; may be repeated    (self)
                          self       the one it is started in
                          all        every namespace with a process in it (as root)
                          NAME       the one that 'ip netns' calls so; also NAME=PATH and NAME=PID
  --port N              only listeners at this port; may be repeated
  --pid N               only listeners of this process; may be repeated
  --expect EXPECTATION  what a listener must be like, such as 'port=8080 backlog>=1024'; may be repeated.
                        Fields: port, address, path, netns, process, backlog, shards, length, drops;
                        operators: = >= <= > <
  --from URL            ask a Prometheus that scrapes spillway exporter instead: all its hosts, without looking at this one
  --range TIME          with --from: over which time drops and counters are summed up, 1m to 30d    (1h)
  --fail-on SEVERITY    end with status 1 from this severity on: note, warning, critical, or never    (warning)
  --json                print one JSON object a line, and nothing else on standard output
  --junit FILE          also write findings and expectations as JUnit XML
  --help                this text

With --port, --pid or --expect, only what concerns those listeners is judged, and not the counters of the whole host.
Exit status: 0 nothing of that severity, 1 findings or an expectation that is not met, 2 could not look.
`

const HOUR_MS = 3_600_000
const RANGES = { min: 60_000, max: 720 * HOUR_MS }
const failOn = [...severities, 'never'] as const

export const grammar = {
  command: 'spillway check',
  options: {
    netns: { type: 'string', multiple: true, words: ['self', 'all'] },
    port: { type: 'string', multiple: true },
    pid: { type: 'string', multiple: true },
    expect: { type: 'string', multiple: true },
    from: { type: 'string' },
    range: { type: 'string' },
    'fail-on': { type: 'string', values: failOn },
    json: { type: 'boolean', default: false },
    junit: { type: 'string', path: 'file' },
  },
} as const satisfies Grammar

/** Reads the options of `spillway check`; undefined if help was asked for. Throws a UsageError. */
export const readOptions = (args: readonly string[]): CheckOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const namespaces = readNamespaces('--netns', values.netns ?? ['self'])
    if (values.from === undefined && values.range !== undefined)
      throw new UsageError('--range belongs to --from: without a Prometheus, counters are those since boot')
    if (values.from !== undefined && (values.netns ?? values.pid) !== undefined)
      throw new UsageError(
        '--from asks a Prometheus, which knows neither --netns nor --pid',
        'Leave them out; --port and --expect can be used with it',
      )
    const rangeMs = values.range === undefined ? HOUR_MS : parseDurationMs('--range', values.range, RANGES)
    return {
      namespaces,
      ports: (values.port ?? []).map((text) => parseCount('--port', text, { min: 1, max: 65_535 })),
      pids: (values.pid ?? []).map((text) => parseCount('--pid', text, { min: 1, max: 4_194_304 })),
      expectations: (values.expect ?? []).map((text) => parseExpectation('--expect', text)),
      from: values.from === undefined ? undefined : { url: values.from, rangeMs },
      json: values.json,
      junit: values.junit,
      failOn: values['fail-on'] === undefined ? 'warning' : oneOf('--fail-on', values['fail-on'], failOn),
    }
  })
