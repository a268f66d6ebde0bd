/** The places of a host, worst first. Pure. */

import { formatListen } from '#common/parse.ts'
import type { HostFound } from '#findings/host/finding.ts'
import type { FoundView, PlaceView } from './host-state.ts'
import { matcher, type RowOrder, troubleOf } from './order.ts'
import type { HostRow, HostView } from './rows.ts'

/** The rows of one place, the worst first. */
export type PlaceRows = readonly [HostRow, ...HostRow[]]

const placeKey = ({ netns, kind, place }: Pick<HostRow, 'netns' | 'kind' | 'place'>): string =>
  `${netns} ${kind} ${place}`

/** Every place, the one with the worst socket first. */
export function placesOf(view: HostView, order: RowOrder): Map<string, PlaceRows> {
  const places = new Map<string, [HostRow, ...HostRow[]]>()
  for (const row of order.sort(view.rows, 'worst')) {
    const key = placeKey(row)
    const rows = places.get(key)
    if (rows === undefined) places.set(key, [row])
    else rows.push(row)
  }
  return places
}

/** Those in one of whose rows all words of the filter occur. */
export function matching(places: ReadonlyMap<string, PlaceRows>, filter: string): [string, PlaceRows][] {
  const matches = matcher(filter)
  return [...places].filter(([, rows]) => rows.some(matches))
}

export function placeView(key: string, rows: PlaceRows, severalNamespaces: boolean): PlaceView {
  const [worst] = rows
  const fullest = rows.reduce((most, row) => (fillOf(row) > fillOf(most) ? row : most), worst)
  return {
    key,
    kind: worst.kind,
    place: worst.place,
    ...(worst.mptcp && { mptcp: worst.mptcp }),
    ...(severalNamespaces ? { netns: worst.netns } : {}),
    process: worst.process,
    sockets: rows.length,
    full: rows.filter((row) => fillOf(row) >= 1).length,
    length: fullest.length,
    room: fullest.room,
    peak: Math.max(...rows.map(({ peak }) => peak)),
    dropsPerSecond: sumKnown(rows.map(({ dropsPerSecond }) => dropsPerSecond)),
    drops: sumKnown(rows.map(({ drops }) => drops)),
    oldestWaitMs: highestKnown(rows.map(({ oldestWaitMs }) => oldestWaitMs)),
    trouble: troubleOf(worst),
  }
}

export const fillOf = ({ length, room }: Pick<HostRow, 'length' | 'room'>): number => length / Math.max(1, room)

/** Undefined where none of them is known. */
function sumKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}

function highestKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** Findings as they are shown, each with the place that it is about. */
export const foundViews = (
  findings: readonly HostFound[],
  places: ReadonlyMap<string, PlaceRows>,
  severalNamespaces: boolean,
): FoundView[] =>
  findings.map(({ code, severity, sure, about, who, words, mends }) => {
    const place =
      about === undefined || !('shard' in about)
        ? undefined
        : (about.path ?? formatListen({ host: about.address ?? '', port: about.port ?? 0 }))
    const key = (['tcp', 'unix', 'udp'] as const)
      .map((kind) => placeKey({ netns: about?.netns ?? '', kind, place: place ?? '' }))
      .find((one) => one.includes(' udp ') === (code === 'udp-queue-overflows') && places.has(one))
    const inside = severalNamespaces && about !== undefined ? about.netns : undefined
    const protocol = about !== undefined && 'mptcp' in about && about.mptcp === true ? 'mptcp' : undefined
    const where = [inside, protocol, place, who].filter((part) => part !== undefined).join(' ')
    return { code, severity, sure, key, where, words, mends }
  })
