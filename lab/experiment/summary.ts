import type { Recording } from './recording.ts'
import type { CaseSummary } from './verdict.ts'

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
    lateSamples,
    lateness,
  }
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
