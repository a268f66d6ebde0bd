/** The backlog that the last minute needs at one place of a host, and the line that sets it. */
import { plural } from '#common/quantities.ts'
import type { QueueEvidence } from '#findings/host/evidence.ts'
import { backlogOf, somaxconnFor } from '#findings/host/mend.ts'
import type { NamespaceSample, Snapshot } from '#services/exporter/snapshot.ts'
import { LastMinute } from '../last-minute.ts'
import { LastSpells, type Whose, withSpells } from '../last-spells.ts'
import { portNow } from '../port-now.ts'
import type { BacklogAdvice } from '../state.ts'
import type { PlaceRows } from './overview.ts'
import { namespaceName } from './places.ts'

const KEPT_MS = 60_000

/** Why nothing is planned, in one sentence. */
export const noPlan = (words: string): BacklogAdvice => ({
  stallMs: 0,
  longestWaitMs: 0,
  words: [words],
  basis: [],
  backlog: undefined,
  sockets: [],
})

export class HostPlan {
  /** By namespace: the kernel does not count by port who comes. */
  readonly #minutes = new Map<string, LastMinute>()
  /** By place: the longest wait at each look in which anybody waited. */
  readonly #waits = new Map<string, { atMs: number; waitMs: number }[]>()
  /** By place. */
  readonly #spells = new Map<string, LastSpells>()

  /** Takes a snapshot, with the places in it. */
  see(snapshot: Snapshot, places: ReadonlyMap<string, PlaceRows>): void {
    const { monotonicMs } = snapshot
    for (const space of snapshot.namespaces) {
      if (space.agesSeconds.counters == null) continue
      const name = namespaceName(space)
      const minute = this.#minutes.get(name) ?? new LastMinute()
      this.#minutes.set(name, minute)
      minute.see({ ...totals(snapshot, space), monotonicMs })
    }
    for (const [key, [{ kind, portSample }]] of places) {
      const waitMs = kind === 'tcp' ? (portSample?.oldestWaitMs ?? 0) : 0
      const kept = (this.#waits.get(key) ?? []).filter(
        ({ atMs }) => atMs >= monotonicMs - KEPT_MS && atMs <= monotonicMs,
      )
      if (waitMs > 0) kept.push({ atMs: monotonicMs, waitMs })
      if (kept.length === 0) this.#waits.delete(key)
      else this.#waits.set(key, kept)
    }
    for (const key of this.#waits.keys()) if (!places.has(key)) this.#waits.delete(key)
    this.#seeSpells(snapshot, places)
  }

  #seeSpells({ timeMs, namespaces }: Snapshot, places: ReadonlyMap<string, PlaceRows>): void {
    const byName = new Map(namespaces.map((space) => [namespaceName(space), space]))
    for (const [key, rows] of places) {
      const [{ kind, netns, portSample }] = rows
      if (kind !== 'tcp' || portSample?.used === false) continue
      const queues = rows.map(({ shard, length, room, fullSecondsTotal = 0, drops = 0, acceptors }) => ({
        shard,
        length,
        limit: room - 1,
        fullSeconds: fullSecondsTotal,
        drops,
        acceptors: acceptors?.length,
      }))
      const spells = this.#spells.get(key) ?? new LastSpells()
      this.#spells.set(key, spells)
      spells.see(timeMs, portNow(byName.get(netns), queues, portSample))
    }
    for (const key of this.#spells.keys()) if (!places.has(key)) this.#spells.delete(key)
  }

  /** What came before a gap is not held against what comes after it. */
  forget(): void {
    this.#minutes.clear()
    this.#waits.clear()
    this.#spells.clear()
  }

  /** `evidence` of its sockets, as far as it was gathered; `elsewhere` is how many other ports listen in its namespace. */
  plan(
    key: string,
    rows: PlaceRows,
    stallMs: number | undefined,
    {
      evidence,
      somaxconn,
      elsewhere,
    }: { evidence: readonly QueueEvidence[]; somaxconn?: number | undefined; elsewhere: number },
  ): BacklogAdvice {
    const [{ kind, netns, port, portSample }] = rows
    if (kind === 'udp' || port === undefined)
      return noPlan(
        kind === 'udp'
          ? 'A UDP socket has no backlog: its limit is SO_RCVBUF, and the sysctl net.core.rmem_default.'
          : 'The kernel counts no connections to UNIX sockets: there is nothing to plan from.',
      )
    const minute = this.#minutes.get(netns)
    if (minute === undefined) return noPlan('Nothing has been counted yet.')
    const longestWaitMs = Math.max(0, ...(this.#waits.get(key) ?? []).map(({ waitMs }) => waitMs))
    if (portSample?.used === false)
      return { ...noPlan('No client has been seen at this port: there is nothing to plan for.'), longestWaitMs }
    const shards = rows
      .map(({ shard, room }) => ({ shard, state: 'listening' as const, limit: room - 1 }))
      .toSorted((a, b) => a.shard - b.shard)
    const advice = minute.plan(stallMs, { port, shards, longestWaitMs })
    const { backlog } = advice
    const found =
      this.#spells.get(key)?.found({
        of: (shard) => placeOf(evidence.find((one) => one.shard === shard) ?? evidence[0], { netns, port }),
        alone: elsewhere === 0,
        somaxconn,
      }) ?? []
    if (backlog === undefined) return withSpells(advice, found)
    const short = advice.sockets.some(({ enough }) => !enough)
    const [queue] = evidence
    const whole: BacklogAdvice = {
      ...advice,
      ...(elsewhere > 0 ? { upperBound: true } : {}),
      ...(short && queue !== undefined
        ? { mends: [...somaxconnFor(queue, backlog, somaxconn), ...backlogOf(queue, backlog)] }
        : {}),
      basis: [
        ...advice.basis,
        ...(elsewhere === 0
          ? []
          : [
              `The kernel counts ${plural(elsewhere, 'other port')} of this network namespace together with it: what came there is in these numbers, and less may do.`,
            ]),
        ...(shards.length > 1 ? ['Arrivals are taken to be spread over its sockets by the kernel’s hash.'] : []),
      ],
    }
    return withSpells(whole, found)
  }
}

/** Whose socket it is, as far as it was gathered. */
const placeOf = (
  evidence: QueueEvidence | undefined,
  { netns, port }: { netns: string; port: number },
): ReturnType<Whose['of']> => ({
  netns,
  own: evidence?.own ?? false,
  ...(evidence?.address === undefined ? {} : { address: evidence.address }),
  port,
  server: evidence?.server,
  who: evidence?.who,
  activated: evidence?.activated ?? false,
  setBy: evidence?.setBy ?? { by: 'application' },
})

const totals = (
  { sampler }: Snapshot,
  { counters, limits }: NamespaceSample,
): Omit<Parameters<LastMinute['see']>[0], 'monotonicMs'> => ({
  counted: {
    readings: sampler.dumps.counters.count,
    opens: counters.Tcp_PassiveOpens ?? 0,
    overflows: counters.TcpExt_ListenOverflows ?? 0,
    entered: {},
    otherPorts: [],
    longestWaitMs: 0,
  },
  shards: [],
  steering: { by: 'hash' },
  sysctls: { somaxconn: limits?.['net.core.somaxconn'] ?? -1 },
  port: 0,
})
