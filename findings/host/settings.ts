/** What was set: backlogs that were cut, and sysctls that contradict each other. */
import type { NamespaceEvidence } from './evidence.ts'
import type { HostFinding } from './finding.ts'
import { somaxconnFor, sysctl, whereOf } from './mend.ts'
import { groups } from './queues.ts'
import { nameOf, whole } from './words.ts'

/** A limit that is lower than what was asked for. */
export const clamped: HostFinding = function* clamped(host) {
  for (const { group, space } of groups(host)) {
    const queue = group.find(({ setBy }) => setBy.by === 'somaxconn' && setBy.asked !== undefined)
    if (queue?.setBy.by !== 'somaxconn' || queue.setBy.asked === undefined) continue
    const { asked, sure } = queue.setBy
    const somaxconn = space.settings['net.core.somaxconn']
    const now =
      somaxconn === undefined || somaxconn === queue.limit
        ? `net.core.somaxconn is ${whole(queue.limit)}`
        : `net.core.somaxconn was ${whole(queue.limit)} when it began to listen, and is ${whole(somaxconn)} now`
    const raise = somaxconnFor(queue, asked, somaxconn)
    yield {
      code: 'backlog-clamped',
      severity: 'warning',
      sure: sure ? 'certain' : 'likely',
      about: queue,
      who: queue.who,
      words: `${nameOf(queue)} asks for a backlog of ${whole(asked)}${sure ? '' : ' unless told otherwise'} and got ${whole(queue.limit)}: ${now}, and cuts what is larger without a word.`,
      evidence: { asked, limit: queue.limit, ...(somaxconn === undefined ? {} : { somaxconn }) },
      mends:
        raise.length > 0
          ? raise
          : [
              {
                line: queue.unit === '' ? `restart ${nameOf(queue)}` : `systemctl restart ${queue.unit}`,
                where: whereOf(queue),
                after: `it then gets ${whole(asked)}`,
              },
            ],
    }
  }
}

/** Settings that undo each other. */
export const contradictions: HostFinding = function* contradictions(host) {
  for (const space of host.namespaces) {
    const { settings } = space
    const [cookies, most] = [settings['net.ipv4.tcp_syncookies'], settings['net.ipv4.tcp_max_syn_backlog']]
    const largest = largestOf(space)
    // With cookies it is no limit at all.
    if (cookies === 0 && most !== undefined && largest !== undefined && most < largest.limit)
      yield {
        code: 'sysctls-contradict',
        severity: 'warning',
        sure: 'certain',
        about: space,
        words: `net.ipv4.tcp_max_syn_backlog is ${whole(most)} and syncookies are off: fewer half-open requests fit than the backlog of ${nameOf(largest)} allows (${whole(largest.limit)}), and the last quarter is kept for clients that are known.`,
        evidence: { tcp_syncookies: cookies, tcp_max_syn_backlog: most, largest_limit: largest.limit },
        mends: [
          sysctl('net.ipv4.tcp_syncookies', 1, whereOf(space)),
          sysctl('net.ipv4.tcp_max_syn_backlog', largest.limit * 2, whereOf(space)),
        ],
      }
  }
}

const largestOf = ({ queues }: NamespaceEvidence): NamespaceEvidence['queues'][number] | undefined =>
  queues
    .filter(({ path }) => path === undefined)
    .reduce<NamespaceEvidence['queues'][number] | undefined>(
      (most, queue) => (most === undefined || queue.limit > most.limit ? queue : most),
      undefined,
    )
