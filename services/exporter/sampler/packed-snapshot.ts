import { type PackedRows, packRows, unpackRows } from './changed-rows.ts'
import { type DumpCost, type DumpKind, dumpKinds, perKind, type RawNamespace, type RawSnapshot } from './message.ts'

/** What often is as it was a snapshot ago, and large. The sampler gives the same object while it is. */
const lastingParts = ['counters', 'otherCounters', 'limits', 'outgoing'] as const
type Lasting = Pick<RawNamespace, (typeof lastingParts)[number]>

/** What is as it was a snapshot ago row by row. */
type Rows = Pick<RawNamespace, 'listeners' | 'ports'>

type PackedNamespace = Omit<RawNamespace, 'costs' | keyof Lasting | keyof Rows> & {
  listeners: PackedRows<Rows['listeners'][number]>
  ports: PackedRows<Rows['ports'][number]>
  /** What has changed since the last snapshot, or has come. */
  changed: Partial<Lasting>
  /** The rest of what there is, by its place in `lastingParts`: one bit each. */
  unchanged: number
}

/**
 * A snapshot on its way from the sampler's thread to the main thread. Copying a graph of objects costs both of them much
 * more than making it: what the other side has already is left out, and all costs are one column.
 */
export type PackedSnapshot = Omit<RawSnapshot, 'namespaces'> & { namespaces: PackedNamespace[]; costs: Float64Array }

/** The numbers of a cost, in the order of the column; NaN for null. */
const costFields = [
  'count',
  'sumSeconds',
  'cpuSeconds',
  'readMs',
  'goodForMs',
  'lastSeconds',
  'maxSeconds',
  'intervalSeconds',
] as const satisfies readonly (keyof DumpCost)[]
const COST_NUMBERS = dumpKinds.length * costFields.length

/** Packs the snapshots of one sampler, in order: each rests on those before it. */
export class SnapshotPacker {
  #sent = new Map<number, Lasting & Rows>()

  pack({ namespaces, ...rest }: RawSnapshot): PackedSnapshot {
    const costs = new Float64Array(namespaces.length * COST_NUMBERS)
    const sent = new Map<number, Lasting & Rows>()
    const packed = namespaces.map((namespace, at) => {
      writeCosts(namespace.costs, costs.subarray(at * COST_NUMBERS))
      sent.set(namespace.inode, lastingOf(namespace))
      return packNamespace(namespace, this.#sent.get(namespace.inode))
    })
    this.#sent = sent
    return { ...rest, namespaces: packed, costs }
  }
}

/** Unpacks all snapshots of one sampler, in order. */
export class SnapshotUnpacker {
  #received = new Map<number, Lasting & Rows>()

  unpack({ namespaces, costs, ...rest }: PackedSnapshot): RawSnapshot {
    const received = new Map<number, Lasting & Rows>()
    const unpacked = namespaces.map(({ changed, unchanged, listeners, ports, ...namespace }, at): RawNamespace => {
      const lasting: Partial<Lasting> = { ...changed }
      const before = this.#received.get(namespace.inode)
      for (const [bit, part] of lastingParts.entries())
        if (before !== undefined && (unchanged & (1 << bit)) !== 0) Object.assign(lasting, { [part]: before[part] })
      const { counters = {}, ...others } = lasting
      const whole = {
        ...namespace,
        listeners: unpackRows(listeners, before?.listeners),
        ports: unpackRows(ports, before?.ports),
        counters,
        ...others,
        costs: readCosts(costs.subarray(at * COST_NUMBERS)),
      }
      received.set(namespace.inode, lastingOf(whole))
      return whole
    })
    this.#received = received
    return { ...rest, namespaces: unpacked }
  }
}

const lastingOf = ({ counters, otherCounters, limits, outgoing, listeners, ports }: RawNamespace): Lasting & Rows => ({
  listeners,
  ports,
  counters,
  ...(otherCounters !== undefined && { otherCounters }),
  ...(limits !== undefined && { limits }),
  ...(outgoing !== undefined && { outgoing }),
})

function packNamespace(namespace: RawNamespace, sent: (Lasting & Rows) | undefined): PackedNamespace {
  const {
    costs: _costs,
    counters: _counters,
    otherCounters: _others,
    limits: _limits,
    outgoing: _,
    listeners,
    ports,
    ...rest
  } = namespace
  const changed: Partial<Lasting> = {}
  let unchanged = 0
  for (const [bit, part] of lastingParts.entries()) {
    const value = namespace[part]
    if (value === undefined) continue
    if (value === sent?.[part]) unchanged |= 1 << bit
    else Object.assign(changed, { [part]: value })
  }
  return {
    ...rest,
    listeners: packRows(listeners, sent?.listeners),
    ports: packRows(ports, sent?.ports),
    changed,
    unchanged,
  }
}

function writeCosts(costs: Record<DumpKind, DumpCost>, into: Float64Array): void {
  let at = 0
  for (const kind of dumpKinds) for (const field of costFields) into[at++] = costs[kind][field] ?? Number.NaN
}

function readCosts(from: Float64Array): Record<DumpKind, DumpCost> {
  return perKind((kind) => {
    const at = dumpKinds.indexOf(kind) * costFields.length
    const of = (field: keyof DumpCost): number => from[at + costFields.indexOf(field)]!
    return {
      count: of('count'),
      sumSeconds: of('sumSeconds'),
      cpuSeconds: of('cpuSeconds'),
      readMs: Number.isNaN(of('readMs')) ? null : of('readMs'),
      goodForMs: of('goodForMs'),
      lastSeconds: of('lastSeconds'),
      maxSeconds: of('maxSeconds'),
      intervalSeconds: of('intervalSeconds'),
    }
  })
}
