/** Two snapshots of an exporter as evidence, where its host is out of reach: what it says of processes is all there is. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import { serverOf } from '#findings/servers/recognise.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import type { Behind, Behinds } from './behind.ts'
import { readAtMs } from './host-watch.ts'
import { namespaceEvidence } from './namespace-evidence.ts'
import { namespaceName } from './places.ts'
import { limitSetBy } from './set-by.ts'

/** `host` is what its host is called in what is said. */
export function evidenceOfSnapshots(before: Snapshot, after: Snapshot, host: string): HostEvidence {
  const apartMs = Math.max(1, readAtMs(after) - readAtMs(before))
  const files = new Map(
    (after.processes ?? []).map(({ pid, open, limit }) => [pid, { open, limit: limit ?? undefined }]),
  )
  const processes: Behinds = {
    behind({ process, pids, acceptors, unseen, unit, container, pod, kubernetes, length, limit }, somaxconn): Behind {
      const server = process === '' ? undefined : serverOf([{ command: process, commandLine: '' }])
      return {
        server,
        who: server === undefined || server.name === 'Go' ? process || undefined : server.name,
        activated: false,
        ...{ unit, container, pod, kubernetes, length, limit },
        processes: pids.map((pid) => ({
          pid,
          command: process,
          ageMs: undefined,
          state: undefined,
          cpuShare: undefined,
          files: files.get(pid),
        })),
        acceptors: acceptors ?? undefined,
        unseen,
        setBy: limitSetBy(limit, server, [], somaxconn),
      }
    },
  }
  const memory = after.namespaces.find(({ tcpMemory }) => tcpMemory?.limitPages != null)
  return {
    apartMs,
    hidden: 0,
    namespaces: after.namespaces.map((space) =>
      namespaceEvidence(
        space,
        before.namespaces.find(({ inode }) => inode === space.inode),
        {
          apartMs,
          own: false,
          host: after.namespaces.length === 1 ? host : `${host}, in network namespace ${namespaceName(space)}`,
          processes,
        },
      ),
    ),
    machine: {
      uptimeMs: undefined,
      softnet: undefined,
      backlogPackets: undefined,
      tcpMemory:
        memory === undefined
          ? undefined
          : {
              pressure: memory.tcpMemory?.pressure ?? undefined,
              usedPages: memory.sockstat?.TCP_mem,
              highPages: memory.tcpMemory?.limitPages?.high,
            },
    },
  }
}
