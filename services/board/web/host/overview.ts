/** All queues of a host as small tanks, the worst first: one line of them, or all. */
import { bytes, duration, number, percent, plural, whole } from '#common/quantities.ts'
import type { HostState, PlaceView } from '#live/host/host-state.ts'
import { html, say, set } from '../page/dom.ts'
import { staleness } from '../picture/ages.ts'

/** Tanks that changed places below somebody's pointer could not be hit. */
const REORDER_MS = 2000

export interface OverviewHandlers {
  onChoose(key: string): void
  onFilter(words: string): void
}

export class Overview {
  readonly #handlers: OverviewHandlers
  readonly #root: HTMLElement
  readonly #list = html('ul', { class: 'places', 'aria-label': 'Queues' })
  readonly #words = html('p', { class: 'overview-words' })
  readonly #all: HTMLButtonElement
  readonly #filter: HTMLInputElement
  readonly #tiles = new Map<string, Tile>()
  #order: string[] = []
  #orderedMs = Number.NEGATIVE_INFINITY
  #chosen: string | undefined
  #state: HostState | undefined

  constructor(root: HTMLElement, handlers: OverviewHandlers) {
    this.#root = root
    this.#handlers = handlers
    this.#all = html(
      'button',
      { type: 'button', class: 'small', 'aria-pressed': 'false', 'aria-keyshortcuts': 'o' },
      'Show all',
    )
    this.#all.addEventListener('click', () => this.toggle())
    this.#filter = html('input', {
      type: 'search',
      'aria-label': 'Show only queues with these words: an address, a port, a process',
      placeholder: 'Filter: port, process …',
      'aria-keyshortcuts': '/',
      maxlength: 200,
    })
    this.#filter.addEventListener('input', () => {
      this.#orderedMs = Number.NEGATIVE_INFINITY
      handlers.onFilter(this.#filter.value.trim())
    })
    this.#list.addEventListener('keydown', (event) => this.#move(event))
    root.replaceChildren(
      html('div', { class: 'overview-tools' }, html('h2', {}, 'Queues'), this.#words, this.#filter, this.#all),
      this.#list,
    )
    new ResizeObserver(() => this.#say()).observe(this.#list)
  }

  /** One line of them, or all. */
  toggle(): void {
    const all = document.documentElement.dataset.all === undefined
    set(document.documentElement, 'data-all', all)
    set(this.#all, 'aria-pressed', String(all))
    this.#list.scrollTop = 0
    this.#say()
  }

  get showsAll(): boolean {
    return document.documentElement.dataset.all !== undefined
  }

  search(): void {
    this.#filter.focus()
  }

  draw(state: HostState): void {
    this.#state = state
    const { places, chosen } = state
    for (const place of places) {
      let tile = this.#tiles.get(place.key)
      if (tile === undefined) {
        tile = new Tile(place, () => this.#handlers.onChoose(place.key))
        this.#tiles.set(place.key, tile)
      }
      tile.draw(place)
    }
    this.#arrange(places)
    this.#choose(chosen?.key)
    this.#say()
  }

  /** The key of the tank so many places further. */
  beside(key: string | undefined, by: number): string | undefined {
    return this.#order[Math.min(this.#order.length - 1, Math.max(0, this.#order.indexOf(key ?? '') + by))]
  }

  /** What has gone goes at once; the rest moves now and then, and never below a pointer. */
  #arrange(places: readonly PlaceView[]): void {
    const wanted = places.map(({ key }) => key)
    const there = new Set(wanted)
    for (const [key, tile] of this.#tiles)
      if (!there.has(key)) {
        tile.element.remove()
        this.#tiles.delete(key)
      }
    const kept = this.#order.filter((key) => there.has(key))
    const known = new Set(kept)
    const nowMs = performance.now()
    const isHeld = this.#list.matches(':hover, :focus-within')
    if (!isHeld && nowMs - this.#orderedMs >= REORDER_MS) {
      this.#orderedMs = nowMs
      this.#order = wanted
    } else this.#order = [...kept, ...wanted.filter((key) => !known.has(key))]
    for (const [index, key] of this.#order.entries()) {
      const element = this.#tiles.get(key)?.element
      const before = this.#list.children[index]
      if (element !== undefined && before !== element) this.#list.insertBefore(element, before ?? null)
    }
  }

  #choose(key: string | undefined): void {
    const stop = key !== undefined && this.#tiles.has(key) ? key : this.#order[0]
    this.#chosen = key
    for (const [one, tile] of this.#tiles) tile.choose(one === key, one === stop)
  }

  /** How many are shown, and what of those that are not. */
  #say(): void {
    const state = this.#state
    if (state === undefined) return
    const { places, matching, all, fullestLeftOut, unread } = state
    const isCut = this.#list.scrollHeight > this.#list.clientHeight + 8
    this.#all.hidden = !this.showsAll && !isCut
    say(this.#all, this.showsAll ? 'One line' : `Show all ${number(places.length)}`)
    const full = places.filter((place) => place.full > 0).length
    const parts = [
      matching === all ? plural(all, 'queue') : `${number(matching)} of ${plural(all, 'queue')}`,
      full === 0 ? 'none is full' : `${number(full)} full`,
      ...(fullestLeftOut === undefined ? [] : [leftOutWords(matching - places.length, fullestLeftOut)]),
      ...(unread === 0 ? [] : [`${plural(unread, 'more socket')} not read by the exporter`]),
    ]
    say(this.#words, all === 0 ? 'Nothing listens here' : parts.join(' · '))
    set(this.#root, 'data-cut', isCut)
  }

  #move(event: KeyboardEvent): void {
    const columns = Math.max(
      1,
      Math.round(this.#list.clientWidth / Math.max(1, this.#list.firstElementChild?.clientWidth ?? 1)),
    )
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -1e6,
      End: 1e6,
    }
    const by = steps[event.key]
    if (by === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const at = this.#order.find((key) => this.#tiles.get(key)?.element.contains(document.activeElement) === true)
    const next = this.beside(at ?? this.#chosen, by)
    if (next === undefined) return
    this.#tiles.get(next)?.focus()
  }
}

class Tile {
  readonly element: HTMLLIElement
  readonly #button: HTMLButtonElement
  readonly #name = html('span', { class: 'place-process' })
  /** In which network namespace, and whether it is MPTCP. */
  readonly #within = html('span', { class: 'place-within' })
  /** What tells one from another stands at its end, of a path its file, of an address its port: it is cut in front. */
  readonly #place = html('bdi')
  readonly #water = html('i', { class: 'place-water' })
  readonly #peak = html('i', { class: 'place-peak' })
  readonly #figure = html('b')
  readonly #of = html('small')
  readonly #note = html('span', { class: 'place-note' })
  #key = ''

  constructor({ key }: PlaceView, choose: () => void) {
    this.#button = html(
      'button',
      { type: 'button', class: 'place', tabindex: -1 },
      this.#name,
      html('span', { class: 'place-where' }, this.#within, html('span', { class: 'place-end' }, this.#place)),
      html(
        'span',
        { class: 'place-tank' },
        this.#water,
        this.#peak,
        html('span', { class: 'place-figures' }, this.#figure, this.#of),
      ),
      this.#note,
    )
    this.#button.addEventListener('click', choose)
    this.element = html('li', { 'data-key': key }, this.#button)
  }

  focus(): void {
    this.#button.focus()
  }

  choose(chosen: boolean, stop: boolean): void {
    set(this.#button, 'aria-current', chosen ? 'true' : undefined)
    set(this.#button, 'tabindex', stop ? 0 : -1)
  }

  draw(place: PlaceView): void {
    const words = wordsOf(place)
    const key = `${words.label}${place.peak} ${staleness(place.oldestWaitMs ?? 0).toFixed(1)}`
    if (key === this.#key) return
    this.#key = key
    const { length, room, peak, full, trouble } = place
    const fill = Math.min(1, length / Math.max(1, room))
    say(this.#name, words.name)
    say(this.#within, words.within)
    say(this.#place, place.place)
    say(this.#figure, words.figure)
    say(this.#of, words.of)
    say(this.#note, words.note)
    set(this.#button, 'aria-label', words.label)
    set(this.#button, 'title', words.where)
    this.#water.style.height = length === 0 ? '0' : `${Math.max(4, Math.round(fill * 100))}%`
    this.#peak.style.bottom = `${Math.round(Math.min(1, peak / Math.max(1, room)) * 100)}%`
    set(this.#peak, 'hidden', peak <= length)
    const level = full > 0 ? ' full' : fill >= 0.5 ? ' half' : ''
    // The figures stand in the middle: in the water, above it, or across its edge.
    const past = fill >= 0.75 ? ' deep' : fill > 0.2 ? ' across' : ''
    this.#water.style.setProperty('--stale-share', `${Math.round(staleness(place.oldestWaitMs ?? 0) * 100)}%`)
    set(
      this.#button,
      'class',
      `place${place.oldestWaitMs === undefined ? ' ageless' : ''}${level}${past}${trouble === 2 ? ' trouble' : trouble === 1 ? ' was-trouble' : ''}`,
    )
  }
}

/** Of those beyond what can be drawn: how many, and how full the fullest of them is. */
function leftOutWords(count: number, fullest: number): string {
  const at = percent(Math.max(0.01, fullest))
  return count === 1
    ? `the emptiest one is left out, ${fullest === 0 ? 'and holds nothing' : `no fuller than ${at}`}`
    : `the ${number(count)} emptiest are left out, ${fullest === 0 ? 'all of them empty' : `none fuller than ${at}`}`
}

/** What a tile says, to eyes and to a screen reader. */
function wordsOf({
  kind,
  place,
  mptcp,
  netns,
  process,
  sockets,
  full,
  length,
  room,
  dropsPerSecond = 0,
  oldestWaitMs = 0,
  trouble,
}: PlaceView): Record<'name' | 'within' | 'where' | 'figure' | 'of' | 'note' | 'label', string> {
  const inBytes = kind === 'udp'
  const name = process === '' ? (inBytes ? 'UDP' : 'not seen') : process
  const many = sockets > 1 ? ` ×${number(sockets)}` : ''
  const within = [netns, mptcp === true ? 'mptcp' : undefined].filter((part) => part !== undefined).join(' ')
  const where = `${within} ${place}`.trimStart()
  const [figure, of] = inBytes ? [bytes(length), `of ${bytes(room)}`] : [number(length), `of ${number(room)}`]
  const note =
    dropsPerSecond >= 0.5
      ? `${whole(dropsPerSecond)}/s dropped`
      : full > 0
        ? sockets > 1
          ? `${number(full)} of ${number(sockets)} full`
          : 'full'
        : trouble === 1
          ? 'was full'
          : oldestWaitMs >= 100
            ? `waits ${duration(oldestWaitMs)}`
            : ''
  return {
    name: `${name}${many}`,
    within,
    where,
    figure,
    of,
    note,
    label: `${name} ${where}: ${figure} ${of}${note === '' ? '' : `, ${note}`}`,
  }
}
