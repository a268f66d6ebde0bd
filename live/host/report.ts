/** What `spillway check` finds on a host: listeners, findings, expectations. */
import { UsageError } from '#common/errors.ts'
import { hostFindingsOf } from '#findings/host/catalogue.ts'
import type { HostEvidence, NamespaceEvidence, QueueEvidence } from '#findings/host/evidence.ts'
import type { HostFound } from '#findings/host/finding.ts'
import type { ListenerRecording } from '#findings/recording/recorded.ts'
import { type Expectation, type Judged, judge, named } from './expectations.ts'

/** Which listeners are meant; everything where nothing is said. */
export interface Wanted {
  ports: readonly number[]
  pids: readonly number[]
  expectations: readonly Expectation[]
}

export interface HostReport {
  host: HostEvidence
  queues: readonly QueueEvidence[]
  findings: readonly HostFound[]
  expectations: readonly Judged[]
  /** Whether only some listeners were asked for: what concerns the whole host is left out then. */
  narrowed: boolean
}

/**
 * What holds for the listeners that are wanted. Counters and settings concern everybody on the host, so they are left out
 * where single listeners are asked for. Throws a UsageError where a port or a process has none.
 */
export function reportOf(host: HostEvidence, wanted: Wanted): HostReport {
  const expectations = wanted.expectations.map((expectation) => judge(expectation, host))
  const asked = wanted.ports.length > 0 || wanted.pids.length > 0
  const narrowed = asked || wanted.expectations.length > 0
  if (!narrowed) return { host, queues: queuesOf(host), findings: hostFindingsOf(host), expectations, narrowed }
  const meant = new Set(wanted.expectations.flatMap((expectation) => named(expectation, host)))
  const isWanted = (queue: QueueEvidence): boolean => meant.has(queue) || (asked && matches(queue, wanted))
  refuseEmpty(host, wanted)
  const isMeant = (shard: ListenerRecording): boolean =>
    queuesOf(host).some(
      (queue) =>
        isWanted(queue) && (['host', 'netns', 'address', 'port'] as const).every((name) => queue[name] === shard[name]),
    )
  const shown: HostEvidence = {
    ...host,
    ...(host.recordings && { recordings: host.recordings.filter(({ shards }) => shards.some(isMeant)) }),
    namespaces: host.namespaces.map(
      (space): NamespaceEvidence => ({
        ...space,
        queues: space.queues.filter(isWanted),
        udp: asked && wanted.pids.length === 0 ? space.udp.filter(({ port }) => wanted.ports.includes(port)) : [],
      }),
    ),
  }
  const findings = hostFindingsOf(shown).filter(({ about }) => about !== undefined && 'shard' in about)
  return { host: shown, queues: queuesOf(shown), findings, expectations, narrowed }
}

const queuesOf = ({ namespaces }: HostEvidence): QueueEvidence[] => namespaces.flatMap(({ queues }) => queues)

const matches = ({ port, processes }: QueueEvidence, { ports, pids }: Wanted): boolean =>
  (ports.length === 0 || (port !== undefined && ports.includes(port))) &&
  (pids.length === 0 || processes.some(({ pid }) => pids.includes(pid)))

/** A wrong number must not pass for a healthy listener. */
function refuseEmpty(host: HostEvidence, { ports, pids }: Wanted): void {
  const queues = queuesOf(host)
  const port = ports.find(
    (one) =>
      !queues.some((queue) => queue.port === one) &&
      !host.namespaces.some(({ udp }) => udp.some((socket) => socket.port === one)),
  )
  if (port !== undefined)
    throw new UsageError(
      `Nothing listens at port ${port}`,
      'spillway check without --port shows all listeners; --netns all also those of other namespaces',
    )
  const pid = pids.find((one) => !queues.some(({ processes }) => processes.some((process) => process.pid === one)))
  if (pid !== undefined)
    throw new UsageError(
      `Process ${pid} holds no listener${host.hidden > 0 ? ', or this user may not see that it does' : ''}`,
      'spillway check without --pid shows all listeners',
    )
}
