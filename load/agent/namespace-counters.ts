import { monotonicMs } from '#common/clock.ts'
import { CounterFile, type Counters } from '#kernel/counters.ts'
import type { CountersReport } from './api.ts'

/** The counters of the clients' network namespace: what their kernel says about their connections. */
export class NamespaceCounters {
  // Of the main thread, where the agent serves.
  readonly #files = ['/proc/self/net/netstat', '/proc/self/net/snmp'].map((path) => new CounterFile(path))
  readonly #counters: Counters = new Map()

  /** Reads them now; those at zero are left out. */
  read(): CountersReport {
    for (const file of this.#files) file.read(this.#counters)
    const shown = [...this.#counters].filter(([name, value]) => value !== 0 && /^Tcp(Ext)?_/.test(name))
    return { monotonicMs: monotonicMs(), counters: Object.fromEntries(shown) }
  }
}
