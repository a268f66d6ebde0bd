import { waitBoundsUs } from '#kernel/bpf/event-record.ts'
import type { ExactCounts, Recording } from './recording.ts'
import type { CaseSummary, ExactQueue } from './verdict.ts'

/** The part of a recording that goes into verdict.json; samples and connection records have files of their own. */
export function summaryOf(recording: Recording): CaseSummary {
  const { plan, sysctls, phases, events, loads, boundaries, lateSamples, lateness } = recording
  const originMs = originOf(recording)
  const since = (atMs: number): number => Math.round((atMs - originMs) * 1000) / 1000
  return {
    name: recording.case,
    plan: {
      mode: plan.mode,
      backends: plan.backends,
      ...(plan.server === undefined ? {} : { server: plan.server }),
      sysctls: plan.sysctls,
      sampleIntervalMs: plan.sampleIntervalMs,
    },
    sysctls,
    originMs,
    phases: phases.map(({ name, beganMs, endedMs }) => ({
      name,
      tMs: since(beganMs),
      endMs: Number.isNaN(endedMs) ? null : since(endedMs),
    })),
    events: events.map(({ atMs, what }) => ({ tMs: since(atMs), what })),
    counters: [...gained('server', boundaries, 'counters'), ...gained('client', boundaries, 'clientCounters')],
    loads,
    ...exactQueues(recording),
    lateSamples,
    lateness,
  }
}

/** What was counted from the first boundary to the last: a listener that came later began with nothing. */
function exactQueues({ boundaries, exactPeaks }: Recording): Pick<CaseSummary, 'exact'> {
  const sockets = new Map(
    boundaries.flatMap(({ listeners }) => listeners.map((listener) => [listener.cookie, listener] as const)),
  )
  const first = new Map(boundaries[0]?.listeners.map((listener) => [listener.cookie, listener.exact]))
  const shards = Map.groupBy(
    [...sockets.values()].filter(({ exact }) => exact !== undefined),
    ({ shard }) => shard,
  )
  const exact = [...shards]
    .toSorted(([one], [other]) => one - other)
    .map(([shard, listeners]): ExactQueue => {
      const sum = (of: (counts: ExactCounts) => number): number =>
        listeners.reduce((total, { cookie, exact }) => {
          const before = first.get(cookie)
          return total + (exact === undefined ? 0 : of(exact)) - (before === undefined ? 0 : of(before))
        }, 0)
      const peaks = listeners.map(({ cookie }) => exactPeaks[cookie]?.peak ?? 0)
      const counted = {
        shard,
        peak: Math.max(...peaks),
        timesFull: sum(({ timesFull }) => timesFull),
        joined: sum(({ joined }) => joined),
      }
      if (listeners.some(({ exact }) => exact?.accepted === undefined)) return counted
      return {
        ...counted,
        accepted: {
          connections: sum(({ accepted }) => accepted?.connections ?? 0),
          waitSumMs: sum(({ accepted }) => accepted?.waitSumMs ?? 0),
          waits: [...waitBoundsUs, null].map((boundUs, at) => ({
            upToMs: boundUs === null ? null : boundUs / 1000,
            connections: sum(({ accepted }) => accepted?.waits[at] ?? 0),
          })),
        },
      }
    })
  return exact.length === 0 ? {} : { exact }
}

/** The moment that counts as zero: when the first phase began. */
export const originOf = ({ phases, listeners }: Recording): number => phases[0]?.beganMs ?? listeners.atMs[0] ?? 0

/** The counters that moved. */
function gained(
  host: 'server' | 'client',
  boundaries: Recording['boundaries'],
  which: 'counters' | 'clientCounters',
): CaseSummary['counters'] {
  const [first, last] = [boundaries[0]?.[which] ?? {}, boundaries.at(-1)?.[which] ?? {}]
  return Object.keys(last)
    .sort()
    .map((name) => ({ host, name, before: first[name] ?? 0, after: last[name] ?? 0 }))
    .filter(({ before, after }) => before !== after)
}
