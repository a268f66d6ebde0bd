/** In which order the queues of a host are shown, and which of them somebody looks for. Pure. */
import type { HostRow } from './rows.ts'

export const orders = ['worst', 'fill', 'peak', 'wait', 'drops', 'place'] as const
export type Order = (typeof orders)[number]

const fillOf = ({ length, room }: HostRow): number => length / Math.max(1, room)
const peakOf = ({ peak, room }: HostRow): number => peak / Math.max(1, room)

/** 2: it is full or spills now. 1: it has within the last seconds. */
export const troubleOf = (row: HostRow): 0 | 1 | 2 =>
  (row.dropsPerSecond ?? 0) > 0 || fillOf(row) >= 1 ? 2 : row.happenedMs !== undefined ? 1 : 0

/** What spills first, then what has just spilled, then the fullest; a queue at rest stays where it is. */
const worse = (a: HostRow, b: HostRow): number =>
  troubleOf(b) - troubleOf(a) || fillOf(b) - fillOf(a) || peakOf(b) - peakOf(a) || (b.drops ?? 0) - (a.drops ?? 0)

const compare: Record<Order, (a: HostRow, b: HostRow) => number> = {
  worst: worse,
  fill: (a, b) => fillOf(b) - fillOf(a),
  peak: (a, b) => peakOf(b) - peakOf(a),
  wait: (a, b) => (b.oldestWaitMs ?? -1) - (a.oldestWaitMs ?? -1),
  drops: (a, b) => (b.dropsPerSecond ?? -1) - (a.dropsPerSecond ?? -1) || (b.drops ?? -1) - (a.drops ?? -1),
  place: () => 0,
}

const collator = new Intl.Collator('en', { numeric: true })
const byPlace = (a: HostRow, b: HostRow): number =>
  collator.compare(a.netns, b.netns) ||
  a.kind.localeCompare(b.kind) ||
  (a.port ?? 0) - (b.port ?? 0) ||
  collator.compare(a.place, b.place) ||
  a.shard - b.shard

/** Orders rows of views that follow one another. Ties are ordered by place, so that rows at rest do not dance. */
export class RowOrder {
  /** Places in order: comparing addresses and names as people order them costs more than all else. */
  #places = new Map<string, number>()

  sort(rows: readonly HostRow[], order: Order): HostRow[] {
    if (rows.length !== this.#places.size || !rows.every(({ key }) => this.#places.has(key)))
      this.#places = new Map(rows.toSorted(byPlace).map(({ key }, index) => [key, index]))
    return rows.toSorted(
      (a, b) => compare[order](a, b) || (this.#places.get(a.key) ?? 0) - (this.#places.get(b.key) ?? 0),
    )
  }
}

/** Whether all the words of a filter occur in a row. */
export function matcher(filter: string): (row: HostRow) => boolean {
  const words = filter
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '')
  const text = (row: HostRow): string =>
    `${row.place} ${row.process} ${row.mptcp === true ? 'mptcp' : row.kind} ${row.netns} ${row.unit} ${row.container} ${row.pod ?? ''} ${row.pids.join(' ')}`.toLowerCase()
  return (row) => words.length === 0 || words.every((word) => text(row).includes(word))
}
