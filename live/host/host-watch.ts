/** What two looks at a host say, with what is known of its processes and its machine at both. */
import fs from 'node:fs'
import type { HostEvidence } from '#findings/host/evidence.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { Processes } from './behind.ts'
import type { Looks } from './looks.ts'
import { setting, softnet, uptimeMs } from './machine.ts'
import { namespaceEvidence } from './namespace-evidence.ts'
import { factsOf } from './namespace-facts.ts'
import { ProcessWatch } from './processes.ts'

/** What is compared between two looks beside the snapshots: the processes, and what the machine counts. */
export class HostWatch {
  readonly #proc: string
  readonly #uptimeMs = uptimeMs()
  readonly #processes: ProcessWatch
  #droppedBefore: number | undefined

  constructor(proc = '/proc') {
    this.#proc = proc
    this.#processes = new ProcessWatch(proc, this.#uptimeMs)
  }

  /** The first look, at the processes that hold listeners. */
  begin(pids: Iterable<number>): void {
    this.#droppedBefore = softnet()?.dropped
    this.#processes.begin(pids)
  }

  /** After the second. */
  evidence(looks: Looks): HostEvidence {
    const { before, after, apartMs, hidden, unread, exact } = looks
    const processes = new Processes(this.#proc, this.#processes, looks)
    const here = fs.statSync('/proc/self/ns/net').ino
    return {
      apartMs,
      hidden,
      unread,
      ...(exact !== undefined && { exact: 'first' in exact ? null : exact.why }),
      namespaces: after.namespaces.map((space) => {
        const own = space.inode === here
        const earlier = before.namespaces.find(({ inode }) => inode === space.inode)
        return namespaceEvidence(space, earlier, {
          ...{ apartMs, own, processes },
          facts: factsOf(space, own, this.#proc),
          ...(exact !== undefined && 'first' in exact && { exact: { first: exact.first, nowMs: after.monotonicMs } }),
        })
      }),
      machine: this.#machine(after, apartMs),
    }
  }

  #machine({ namespaces }: Snapshot, apartMs: number): HostEvidence['machine'] {
    const packets = softnet()
    const before = this.#droppedBefore
    const droppedPerSecond =
      packets === undefined || before === undefined
        ? undefined
        : (Math.max(0, packets.dropped - before) * 1000) / apartMs
    const memory = namespaces.find(({ tcpMemory }) => tcpMemory?.limitPages != null)
    return {
      uptimeMs: this.#uptimeMs,
      softnet: packets === undefined ? undefined : { ...packets, droppedPerSecond },
      backlogPackets: setting('net.core.netdev_max_backlog'),
      tcpMemory:
        memory === undefined
          ? undefined
          : {
              pressure: memory.tcpMemory?.pressure ?? undefined,
              usedPages: memory.sockstat?.TCP_mem,
              highPages: memory.tcpMemory?.limitPages?.high,
            },
    }
  }
}

/** When the connections were read: on a busy machine the snapshot may have been made much later. */
export const readAtMs = ({ monotonicMs, namespaces }: Snapshot): number =>
  monotonicMs - (namespaces[0]?.agesSeconds.connections ?? 0) * 1000
