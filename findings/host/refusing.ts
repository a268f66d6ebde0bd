/** Clients that are accepted and closed at once, because the server has as many as it may have: no queue shows them. */
import { gained } from './evidence.ts'
import type { HostFinding } from './finding.ts'
import { placesOf } from './mend.ts'
import { groups } from './queues.ts'
import { nameOf, perSecond, plural, whole } from './words.ts'

/** Fewer happen by mistake: a wrong password, a probe that asks for what is not there. */
const CLOSED_FIRST = 3
/** So many clients, and not one more or less between the looks, are a limit; fewer may be a pool of theirs. */
const MANY = 16

export const closedAfterAccept: HostFinding = function* closedAfterAccept(host) {
  // One process may listen at several addresses.
  const told = new Set<string>()
  for (const { group, space } of groups(host)) {
    const [queue] = group
    const { server, accepted = 0, acceptedBefore, closedFirst = 0 } = queue ?? {}
    if (queue === undefined || server?.pool?.fills !== 'refuses') continue
    const { clientsEnd = false, refusesFrom } = server.pool
    const closes = closedFirst >= CLOSED_FIRST
    const name = nameOf(queue)
    const evidence = { accepted, closed_first: closedFirst }
    const about = { about: queue, who: queue.who, mends: placesOf(server.pool) }
    if (queue.taken !== undefined) {
      const { taken, someFrom, allFrom } = queue.taken
      const key = queue.processes.map(({ pid }) => pid).join()
      if (taken < someFrom || told.has(key)) continue
      told.add(key)
      yield {
        code: 'closed-after-accept',
        severity: taken >= allFrom ? 'critical' : 'warning',
        sure: 'certain',
        ...about,
        words: `${name} has ${whole(taken)} ${server.pool.what}, as its title says, ${taken >= allFrom ? `and may have ${whole(allFrom)}: whoever comes now is accepted and closed at once` : `and accepts and closes at once a share of those who come now, from ${whole(allFrom)} on all`}, which no queue and no counter of drops shows.`,
        evidence: { taken, some_from: someFrom, all_from: allFrom },
      }
      continue
    }
    const then =
      'whoever comes beyond that is accepted and closed at once, which no queue and no counter of drops shows'
    if (clientsEnd && refusesFrom !== undefined) {
      if (!closes || accepted < Math.max(1, refusesFrom(queue.limit))) continue
      yield {
        code: 'closed-after-accept',
        severity: 'warning',
        sure: 'likely',
        ...about,
        words: `${name} has ${plural(accepted, 'client')} here, about as many as it may have by its backlog, and was the first to close ${plural(closedFirst, 'connection')} within about a minute: ${then}.`,
        evidence,
      }
      continue
    }
    if (accepted < MANY || accepted !== acceptedBefore) continue
    const resets = gained(space, host, 'Tcp_OutRsts')
    if (clientsEnd ? !closes : resets === 0) continue
    const seen = clientsEnd
      ? `was the first to close ${plural(closedFirst, 'connection')} within about a minute`
      : `${perSecond(resets)} RSTs a second leave this network namespace, as where clients send to connections that were closed at once`
    yield {
      code: 'closed-after-accept',
      severity: 'note',
      sure: 'possible',
      ...about,
      words: `${name} has ${whole(accepted)} clients here, not one more or less than at the first look, and ${seen}. It may have as many as it is allowed to: ${then}. Its log says so.`,
      evidence: { ...evidence, resets_per_second: Math.round(resets) },
    }
  }
}
