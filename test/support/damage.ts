/** Recordings as they would be if the kernel, the clients or the instrument had done something else. */
import { fullName, tcp, tcpExt } from '#kernel/queue-counters.ts'
import type { Recording } from '#lab/experiment/recording.ts'

type Damage = (recording: Recording) => void

const columnsTo =
  (part: 'listeners' | 'synQueue' | 'connections', change: (value: number, column: string) => number): Damage =>
  (recording) => {
    const columns: Record<string, number[]> = recording[part]
    for (const [name, values] of Object.entries(columns))
      if (name !== 'atMs' && name !== 'shard') columns[name] = values.map((value) => change(value, name))
  }

const countersTo =
  (host: 'counters' | 'clientCounters', change: (value: number, boundary: number) => number): Damage =>
  ({ boundaries }) => {
    for (const [at, boundary] of boundaries.entries())
      for (const name of [...tcp, ...tcpExt].map(fullName)) boundary[host][name] = change(boundary[host][name] ?? 0, at)
  }

const recordsTo =
  (change: (record: Recording['records'][number], at: number) => void): Damage =>
  ({ records }) => {
    for (const [at, record] of records.entries()) change(record, at)
  }

/** Every number another one, every word another word. */
function otherwise(value: unknown): unknown {
  if (typeof value === 'number') return value + 1000
  if (typeof value === 'string') return `${value} not`
  if (typeof value === 'boolean') return !value
  if (Array.isArray(value)) return value.map(otherwise)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, otherwise(inner)]))
  return value
}

/** Every number far larger, none as much as another, and no difference of two as large as the next. */
function farMore(value: unknown, next: { by: number }): unknown {
  if (typeof value === 'number') {
    next.by = 1.5 * next.by + 1e9
    return value + next.by
  }
  if (Array.isArray(value)) return value.map((inner) => farMore(inner, next))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, farMore(inner, next)]))
  return value
}

const allOf =
  (change: (value: number, shard: number) => number): Damage =>
  ({ boundaries }) => {
    for (const [at, boundary] of boundaries.entries())
      for (const [index, backend] of boundary.backends.entries()) {
        if (backend === null) continue
        backend.accepts = change(backend.accepts ?? Number.NaN, index * at)
        backend.responses = change(backend.responses ?? Number.NaN, index * at)
        for (const [number, process] of backend.processes.entries()) {
          process.accepts = change(process.accepts ?? Number.NaN, (number + 1) * at)
          process.cpuSeconds = change(process.cpuSeconds, (number + 1) * at)
        }
        if (backend.listener !== null) backend.listener.backlog += 1000
      }
  }

/** One counter more than there was, with each step of the experiment. */
const singly = (['counters', 'clientCounters'] as const).flatMap((host) =>
  [...tcp, ...tcpExt].map((name): [string, Damage] => [
    `${name} moves on its own (${host})`,
    ({ boundaries }) => {
      for (const [at, boundary] of boundaries.entries())
        boundary[host][fullName(name)] = (boundary[host][fullName(name)] ?? 0) + 1111 * at
    },
  ]),
)

export const damages: Record<string, Damage> = {
  ...Object.fromEntries(singly),
  'no counter of the server moves': countersTo('counters', () => 0),
  'every counter of the server moves by thousands': countersTo('counters', (value, at) => value + 5000 * at),
  'the counters of the server count twice': countersTo('counters', (value) => value * 2),
  'no counter of the clients moves': countersTo('clientCounters', () => 0),
  'every counter of the clients moves by thousands': countersTo('clientCounters', (value, at) => value + 7000 * at),
  'no drops are counted against listeners': ({ boundaries }) => {
    for (const boundary of boundaries) for (const listener of boundary.listeners) listener.drops = 0
  },
  'many drops are counted against every listener': ({ boundaries }) => {
    for (const [at, boundary] of boundaries.entries())
      for (const listener of boundary.listeners) listener.drops += 3000 * at * listener.shard
  },
  'the accept queues stay empty': columnsTo('listeners', (value, column) => (column === 'length' ? 0 : value)),
  'the accept queues are overfull': columnsTo('listeners', (value, column) =>
    column === 'length' ? value + 9999 : value,
  ),
  'the limits are others': columnsTo('listeners', (value, column) => (column === 'limit' ? value + 77 : value)),
  'the SYN queue stays empty': columnsTo('synQueue', () => 0),
  'the SYN queue is overfull': columnsTo('synQueue', (value) => value + 99_999),
  'no connection is seen': columnsTo('connections', () => 0),
  'too much is seen of connections': columnsTo('connections', (value) => value + 1e9),
  'the queues of connections never come to rest': ({ connections }) => {
    const columns: Record<string, number[]> = connections
    for (const [name, values] of Object.entries(columns))
      if (name !== 'atMs') columns[name] = values.map((value, row) => value + 1000 * row)
  },
  'the backends accept nothing': allOf(() => 0),
  'the backends accept more and more': allOf((value, weight) => value + 900 * weight),
  'the backends accept and answer in every phase, the first one too': ({ boundaries }) => {
    for (const [at, { backends }] of boundaries.entries())
      for (const backend of backends) {
        if (backend === null) continue
        backend.accepts = (backend.accepts ?? Number.NaN) + 700 * at
        backend.responses = (backend.responses ?? Number.NaN) + 700 * at
      }
  },
  'no client has a record': (recording) => {
    recording.records = []
  },
  'half of the clients are missing': (recording) => {
    recording.records = recording.records.filter((_, at) => at % 2 === 0)
  },
  'clients are doubled': (recording) => {
    recording.records.push(...recording.records)
  },
  'every client is reset': recordsTo((record) => {
    record.outcome = 'reset'
  }),
  'every client is refused': recordsTo((record) => {
    record.outcome = 'refused'
  }),
  'every backend has one process more': ({ boundaries }) => {
    for (const { backends } of boundaries)
      for (const backend of backends) if (backend !== null) backend.processes.push(backend.processes[0]!)
  },
  'every client is served': recordsTo((record) => {
    record.outcome = 'ok'
  }),
  'no client connects': recordsTo((record) => {
    for (const name of ['connectedMs', 'acceptedMs', 'acceptWaitMs', 'firstByteMs', 'backend'] as const)
      delete record[name]
    record.outcome = 'timedOut'
  }),
  'all connect at once and wait for nothing': recordsTo((record) => {
    const { startedMs } = record
    const soon = startedMs + 0.1
    Object.assign(record, {
      connectedMs: soon,
      acceptedMs: soon,
      firstByteMs: soon,
      closedMs: soon,
      acceptWaitMs: 0,
      synRetransmits: 0,
    })
    record.scheduledMs = startedMs
  }),
  'all connect six and a half seconds late': recordsTo((record) => {
    const late = 6500
    for (const name of ['connectedMs', 'acceptedMs', 'firstByteMs', 'closedMs', 'acceptWaitMs'] as const)
      if (record[name] !== undefined) record[name] += late
    record.synRetransmits = 9
  }),
  'all connect with the second SYN': recordsTo((record) => {
    for (const name of ['connectedMs', 'acceptedMs', 'firstByteMs', 'closedMs'] as const)
      if (record[name] !== undefined) record[name] += 1050
    record.synRetransmits = (record.synRetransmits ?? 0) + 1
  }),
  'all connect between two SYNs': recordsTo((record) => {
    for (const name of ['connectedMs', 'firstByteMs', 'closedMs'] as const)
      if (record[name] !== undefined) record[name] += 700
  }),
  'one backend answers all': recordsTo((record) => {
    if (record.backend !== undefined) record.backend = 'backend-1'
  }),
  'another backend answers all': recordsTo((record) => {
    if (record.backend !== undefined) record.backend = 'backend-2'
  }),
  'the phases find other things': ({ phases }) => {
    for (const phase of phases) phase.result = otherwise(phase.result)
  },
  'the phases find far more': ({ phases }) => {
    const next = { by: 0 }
    for (const phase of phases) phase.result = farMore(phase.result, next)
  },
  'the phases take hours': ({ phases }) => {
    for (const phase of phases) phase.endedMs += 3_600_000
  },
  'the loads begin nothing': ({ boundaries }) => {
    for (const { loads } of boundaries) for (const load of loads) load.started = 0
  },
  'the loads begin more': ({ boundaries }) => {
    for (const [at, { loads }] of boundaries.entries()) for (const load of loads) load.started += 4000 * at
  },
}
