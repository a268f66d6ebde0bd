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
    oldestWaitMs: [],
    receiveBytes: [],
    sendBytes: [],
    zeroWindows: [],
  },
  counters: { atMs: [], name: [], value: [] },
})

/**
 * Takes down every sample while somebody listens at /samples. Snapshots show the last value; this keeps those between,
 * until the next `take`.
 */
export class SampleRecorder {
  #taken = new Map<number, RawSamples>()
  /** By namespace: what each counter was when it was last taken down. */
  readonly #counters = new Map<number, Map<string, number>>()

  /** Takes down what the last dump of this kind found. */
  record(kind: DumpKind, sampler: NamespaceSampler, atMs: number): void {
    const { netns, inode: namespace } = sampler.identity
    const samples = this.#taken.get(namespace) ?? emptySamples(netns, namespace)
    this.#taken.set(namespace, samples)
    switch (kind) {
      case 'listeners':
        for (const { address, port, inode, cookie, length, limit, drops } of sampler.listeners())
          append(samples.listeners, { atMs, address, port, inode, cookie, length, limit, drops })
        return
      case 'syn_queue':
        for (const state of sampler.ports()) {
          const { address, port, synQueue } = state.toSample(atMs)
          append(samples.synQueue, { atMs, address, port, length: synQueue.length, limit: synQueue.limit })
        }
        return
      case 'connections':
        for (const state of sampler.ports()) {
          const { address, port, connections, waiting, oldestWaitMs, receiveBytes, sendBytes, zeroWindows } =
            state.toSample(atMs)
          const { established = 0 } = connections
          const sums = { established, waiting, oldestWaitMs, receiveBytes, sendBytes, zeroWindows }
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

  /** All that was taken down since the last call. */
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
