import type { DumpKind, RawSamples } from './message.ts'
import type { NamespaceSampler } from './namespace-sampler.ts'

const emptySamples = (netns: string, namespace: number): RawSamples => ({
  netns,
  namespace,
  listeners: { atMs: [], address: [], port: [], inode: [], cookie: [], length: [], limit: [], drops: [] },
  synQueue: { atMs: [], address: [], port: [], length: [], limit: [] },
  connections: {
    atMs: [],
    address: [],
    port: [],
    established: [],
    waiting: [],
    waitingFinished: [],
    oldestWaitMs: [],
    receiveBytes: [],
    sendBytes: [],
    zeroWindows: [],
  },
  counters: { atMs: [], name: [], value: [] },
})

/**
 * Records every sample while /samples has a reader. Snapshots show the last value; this keeps the values in between,
 * until the next `take`.
 */
export class SampleRecorder {
  #taken = new Map<number, RawSamples>()
  /** By namespace: the value of each counter when it was last recorded. */
  readonly #counters = new Map<number, Map<string, number>>()

  /** Records what the last dump of this kind found. */
  record(kind: DumpKind, sampler: NamespaceSampler, atMs: number): void {
    const { netns, inode: namespace } = sampler.identity
    const samples = this.#taken.get(namespace) ?? emptySamples(netns, namespace)
    this.#taken.set(namespace, samples)
    switch (kind) {
      case 'unix':
      case 'udp':
      case 'limits':
        return // shown in snapshots only
      case 'listeners':
        for (const { address, port, inode, cookie, length, limit, drops } of sampler.listeners())
          append(samples.listeners, { atMs, address, port, inode, cookie, length, limit, drops })
        return
      case 'syn_queue':
        for (const state of sampler.ports()) {
          const { address, port } = state
          const queue = state.synQueue(atMs)
          if (queue === undefined) continue
          append(samples.synQueue, { atMs, address, port, length: queue.length, limit: queue.limit })
        }
        return
      case 'connections':
        for (const state of sampler.ports()) {
          const { address, port } = state
          const read = state.connectionSums()
          if (read === undefined) continue
          const { connections, waiting, waitingFinished = 0, oldestWaitMs, receiveBytes, sendBytes, zeroWindows } = read
          const { established = 0 } = connections
          const sums = { established, waiting, waitingFinished, oldestWaitMs, receiveBytes, sendBytes, zeroWindows }
          append(samples.connections, { atMs, address, port, ...sums })
        }
        return
      case 'counters': {
        const before = this.#counters.get(namespace) ?? new Map<string, number>()
        this.#counters.set(namespace, before)
        for (const [name, value] of sampler.counters()) {
          if (value === (before.get(name) ?? 0)) continue
          before.set(name, value)
          append(samples.counters, { atMs, name, value })
        }
      }
    }
  }

  /** Everything recorded since the last call. */
  take(): RawSamples[] {
    const taken = [...this.#taken.values()]
    this.#taken = new Map()
    return taken
  }
}

function append<Row extends Record<string, string | number>>(
  columns: { [Name in keyof Row]: Row[Name][] },
  row: Row,
): void {
  for (const name in row) columns[name].push(row[name])
}
