/** What a person looks at in `spillway top`: the order, the filter, the row that is chosen, and the keys that change them. Pure. */
import type { HostRow } from '#live/host/rows.ts'

export const orders = ['worst', 'fill', 'peak', 'wait', 'drops', 'place'] as const
export type Order = (typeof orders)[number]

const fillOf = ({ length, room }: HostRow): number => length / Math.max(1, room)
const peakOf = ({ peak, room }: HostRow): number => peak / Math.max(1, room)

/** What spills first, then what has just spilled, then the fullest; a queue at rest stays where it is. */
function worse(a: HostRow, b: HostRow): number {
  const trouble = (row: HostRow): number =>
    (row.dropsPerSecond ?? 0) > 0 || fillOf(row) >= 1 ? 2 : row.happenedMs !== undefined ? 1 : 0
  return trouble(b) - trouble(a) || fillOf(b) - fillOf(a) || peakOf(b) - peakOf(a) || (b.drops ?? 0) - (a.drops ?? 0)
}

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

export class Choice {
  order: Order = 'worst'
  filter = ''
  /** While the filter is typed. */
  typing = false
  frozen = false
  expanded = false
  help = false
  /** The key of the row that is chosen; undefined is the first. */
  chosen: string | undefined
  #shown: readonly HostRow[] = []
  /** Places in order: comparing addresses and names as people order them costs more than all else. */
  #places = new Map<string, number>()

  /** The rows to show, in order. Ties are ordered by place, so that rows at rest do not dance. */
  arrange(rows: readonly HostRow[]): HostRow[] {
    this.#putInPlace(rows)
    const words = this.filter
      .toLowerCase()
      .split(' ')
      .filter((word) => word !== '')
    const text = (row: HostRow): string =>
      `${row.place} ${row.process} ${row.kind} ${row.netns} ${row.unit} ${row.container} ${row.pids.join(' ')}`.toLowerCase()
    const shown = rows
      .filter((row) => words.every((word) => text(row).includes(word)))
      .toSorted((a, b) => compare[this.order](a, b) || (this.#places.get(a.key) ?? 0) - (this.#places.get(b.key) ?? 0))
    this.#shown = shown
    return shown
  }

  #putInPlace(rows: readonly HostRow[]): void {
    if (rows.length === this.#places.size && rows.every(({ key }) => this.#places.has(key))) return
    this.#places = new Map(rows.toSorted(byPlace).map(({ key }, index) => [key, index]))
  }

  /** Where the chosen row stands; 0 if it has gone. */
  get at(): number {
    return Math.max(
      0,
      this.#shown.findIndex(({ key }) => key === this.chosen),
    )
  }

  /** Takes a key; true if it asks for the end. */
  key(key: string): boolean {
    if (this.typing) this.#type(key)
    else
      switch (key) {
        case 'q':
        case '\x03':
          return true
        case 's':
          this.order = orders[(orders.indexOf(this.order) + 1) % orders.length] ?? 'worst'
          break
        case '/':
          this.typing = true
          break
        case ' ':
          this.frozen = !this.frozen
          break
        case '\r':
          this.expanded = !this.expanded
          break
        case '?':
          this.help = !this.help
          break
        case 'j':
        case '\x1b[B':
          this.#move(1)
          break
        case 'k':
        case '\x1b[A':
          this.#move(-1)
          break
        case '\x1b[6~':
          this.#move(10)
          break
        case '\x1b[5~':
          this.#move(-10)
          break
        case '\x1b':
          this.filter = ''
          this.expanded = false
          this.help = false
          break
      }
    return false
  }

  #type(key: string): void {
    if (key === '\r') this.typing = false
    else if (key === '\x1b' || key === '\x03') {
      this.typing = false
      this.filter = ''
    } else if (key === '\x7f' || key === '\b') this.filter = this.filter.slice(0, -1)
    else if (/^[\x20-\x7e]$/.test(key)) this.filter += key
  }

  #move(by: number): void {
    const to = Math.min(this.#shown.length - 1, Math.max(0, this.at + by))
    this.chosen = this.#shown[to]?.key
  }
}
