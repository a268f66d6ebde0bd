/** A report as lines of JSON: docs/check.md has the fields. */
import type { Place, QueueEvidence, UdpEvidence } from '#findings/host/evidence.ts'
import { listensForMs, perDay } from '#findings/host/evidence.ts'
import type { HostFound } from '#findings/host/finding.ts'
import type { HostReport } from '#live/host/report.ts'

/** One object a line, each with its `type`; what is not known is null. */
export function jsonLines({ host, queues, findings, expectations, narrowed }: HostReport): string {
  const lines: object[] = [
    ...queues.map(listener),
    ...host.namespaces.flatMap(({ udp }) => udp.map(udpSocket)),
    ...findings.map(finding),
    ...expectations.map((judged) => ({ type: 'expectation', ...judged })),
    {
      type: 'summary',
      listeners: queues.length,
      namespaces: host.namespaces.map(({ netns }) => netns),
      findings: findings.length,
      critical: findings.filter(({ severity }) => severity === 'critical').length,
      warnings: findings.filter(({ severity }) => severity === 'warning').length,
      notes: findings.filter(({ severity }) => severity === 'note').length,
      hidden_processes: host.hidden,
      unread_namespaces: host.unread?.namespaces ?? null,
      processes_of_unknown_namespaces: host.unread?.processes ?? null,
      only_some_listeners: narrowed,
      seconds_between_looks: Math.round(host.apartMs) / 1000,
      uptime_seconds: host.machine.uptimeMs === undefined ? null : Math.round(host.machine.uptimeMs / 1000),
    },
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

const place = ({ netns, host, address, port, path, shard }: Place): object => ({
  ...(host === undefined ? {} : { host }),
  netns,
  ...(path === undefined ? { address, port } : { path }),
  shard,
})

function listener(queue: QueueEvidence): object {
  const forMs = listensForMs(queue)
  const { setBy } = queue
  return {
    type: 'listener',
    protocol: queue.path === undefined ? (queue.mptcp === true ? 'mptcp' : 'tcp') : 'unix',
    ...place(queue),
    shards: queue.shards,
    server: queue.server?.name ?? null,
    process: queue.who ?? null,
    pids: queue.processes.map(({ pid }) => pid),
    acceptors: queue.acceptors ?? null,
    ...(queue.unseen === undefined
      ? {}
      : { not_looked_into: queue.unseen.processes, may_hold_it_too: queue.unseen.related }),
    unit: queue.unit,
    container: queue.container,
    pod: queue.pod,
    kubernetes: queue.kubernetes ?? null,
    length: queue.length,
    limit: queue.limit,
    limit_set_by: setBy.by,
    asked: 'asked' in setBy ? (setBy.asked ?? null) : null,
    drops: queue.drops ?? null,
    drops_per_second: queue.dropsPerSecond === undefined ? null : Math.round(queue.dropsPerSecond * 10) / 10,
    drops_per_day:
      queue.drops === undefined || forMs === undefined ? null : Math.round(perDay(queue.drops, forMs) * 10) / 10,
    listens_at_most_seconds: forMs === undefined ? null : Math.round(forMs / 1000),
    oldest_wait_ms: queue.oldestWaitMs === undefined ? null : Math.round(queue.oldestWaitMs),
    oldest_wait_is: queue.oldestWaitMs === undefined ? null : queue.isExact ? 'exact' : 'sampled',
    hung_up: queue.hungUp ?? null,
    accepted: queue.accepted ?? null,
    never_read: queue.unserved?.connections ?? null,
    syn_queue: queue.synQueue?.length ?? null,
    syn_queue_of_this_socket: queue.halfOpen ?? null,
  }
}

const udpSocket = (udp: UdpEvidence): object => ({
  type: 'udp',
  netns: udp.netns,
  address: udp.address,
  port: udp.port,
  bytes: udp.bytes,
  limit_bytes: udp.limitBytes,
  drops: udp.drops,
  drops_per_second: udp.dropsPerSecond === undefined ? null : Math.round(udp.dropsPerSecond * 10) / 10,
})

function finding({ code, severity, sure, about, who, words, evidence, mends }: HostFound): object {
  const where = about === undefined ? null : 'shard' in about ? place(about) : { netns: about.netns }
  return { type: 'finding', code, severity, sure, about: where, process: who ?? null, says: words, evidence, mends }
}
