/** What may be wrong with the queues of a host: every finding, causes before symptoms. */
import { acceptedAndNeverRead, deadInTheQueue, forsakenShards, strangers, unevenShards } from './connections.ts'
import { abortsOnOverflow, overflowsOfOthers, synQueues } from './counters.ts'
import type { HostEvidence } from './evidence.ts'
import { type HostFinding, type HostFound, severities } from './finding.ts'
import { connectionTables, machineWide, sourcePorts, udpQueues } from './machine.ts'
import { descriptors, droppedBefore, filling, overflows, stalls } from './queues.ts'
import { incidents, withoutWhatIsJudged } from './recorded.ts'
import { closedAfterAccept } from './refusing.ts'
import { clamped, contradictions } from './settings.ts'

const catalogue: readonly HostFinding[] = [
  incidents,
  stalls,
  descriptors,
  acceptedAndNeverRead,
  closedAfterAccept,
  forsakenShards,
  strangers,
  overflows,
  clamped,
  deadInTheQueue,
  unevenShards,
  droppedBefore,
  filling,
  synQueues,
  abortsOnOverflow,
  sourcePorts,
  udpQueues,
  connectionTables,
  machineWide,
  contradictions,
  overflowsOfOthers,
]

/** All that holds, worst first; of the same severity causes before symptoms. */
export function hostFindingsOf(host: HostEvidence): HostFound[] {
  const found = withoutWhatIsJudged(
    host,
    catalogue.flatMap((finding) => [...finding(host)]),
  )
  return found.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
}
