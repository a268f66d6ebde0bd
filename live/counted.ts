/** Totals from which arrivals can be derived, as one snapshot and the backends' statuses give them. */
import type { Told } from '#lab/told.ts'
import type { WaitHistogram } from '#services/backend/api.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'

export interface Counted {
  /** How often the exporter has read the kernel's counters: between two readings nothing moves. */
  readings: number
  /** Connections that the kernel has finished in the server's namespace, whatever their port (PassiveOpens). */
  opens: number
  /** SYNs, and final ACKs, that met a full accept queue there (ListenOverflows). */
  overflows: number
  /** Connections that came into the queues of the shared port, by the process that accepts them: accepted, or still waiting. */
  entered: Record<string, number>
  /** Other ports of that namespace with a listener: their connections are among `opens`. */
  otherPorts: number[]
  /** The longest accept wait, so far, of all that were accepted within the last second or wait still. */
  longestWaitMs: number
}

/** What is counted at one moment. */
interface Counting {
  snapshot: Snapshot
  backends: readonly (Told | undefined)[]
}

/** What is counted `now`; waits are since `before`. `port` is the one that the backends share. */
export function countedOf(now: Counting, before: Counting | undefined, port: number): Counted {
  const { snapshot, backends } = now
  const namespace = snapshot.namespaces[0]
  const ports = namespace?.ports ?? []
  const waits = backends.map((backend, index) => {
    const earlier = before?.backends[index]
    return backend?.acceptWait === undefined || earlier?.acceptWait === undefined || earlier.pid !== backend.pid
      ? 0
      : longestBetween(earlier.acceptWait, backend.acceptWait)
  })
  return {
    readings: snapshot.sampler.dumps.counters.count,
    opens: namespace?.counters.Tcp_PassiveOpens ?? 0,
    overflows: namespace?.counters.TcpExt_ListenOverflows ?? 0,
    entered: Object.fromEntries(
      backends.flatMap((backend) =>
        backend?.accepts === undefined ? [] : [[backend.pid, backend.accepts + (backend.listener?.length ?? 0)]],
      ),
    ),
    otherPorts: [...new Set(ports.map((other) => other.port))].filter((other) => other !== port),
    longestWaitMs: Math.max(ports.find((one) => one.port === port)?.oldestWaitMs ?? 0, ...waits),
  }
}

/** The longest wait that a histogram has gained; 0 if it has gained none. */
function longestBetween(before: WaitHistogram, now: WaitHistogram): number {
  const earlier = new Map(before.upToMs.map((bound, index) => [bound, before.counts[index] ?? 0]))
  const gained = now.upToMs.findLast((bound, index) => (now.counts[index] ?? 0) > (earlier.get(bound) ?? 0))
  return gained ?? 0
}
