/** What a person looks at in `spillway top`: the order, the filter, the row that is chosen, and the keys that change them. Pure. */
import { matcher, type Order, orders, RowOrder } from '#live/host/order.ts'
import type { HostRow } from '#live/host/rows.ts'

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
  readonly #order = new RowOrder()

  /** The rows to show, in order. Ties are ordered by place, so that rows at rest do not dance. */
  arrange(rows: readonly HostRow[]): HostRow[] {
    this.#shown = this.#order.sort(rows, this.order).filter(matcher(this.filter))
    return [...this.#shown]
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
