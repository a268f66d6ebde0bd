/** What keys do to the lab: stall and release, change backlogs, start and stop loads. */
import type { Load, LoadOrder } from '#lab/clients.ts'
import type { Lab } from '#lab/lab.ts'
import type { LabView } from '#lab/view.ts'

const HALF_OPEN_PER_SECOND = 100
const HALF_OPEN_MS = 60_000
const SLOW_READERS = 20
const SLOW_READER_RESPONSE_BYTES = 8_000_000
const LOWEST_RATE = 1
const HIGHEST_RATE = 20_000

type LoadName = 'gentle' | 'half-open' | 'slow readers'

export class Controls {
  /** What the last key did, or what is being typed. */
  message = ''
  showHelp = false
  readonly #lab: Lab
  readonly #quit: () => void
  readonly #loads = new Map<LoadName, Load>()
  #rate: number
  #typing: string | undefined
  #view: LabView | undefined

  constructor(lab: Lab, ratePerSecond: number, quit: () => void) {
    this.#lab = lab
    this.#rate = ratePerSecond
    this.#quit = quit
  }

  /** Starts the gentle load that a lab begins with. */
  async begin(): Promise<void> {
    if (this.#rate > 0) await this.#startLoad('gentle')
    else this.#rate = 300
  }

  /** Tells the controls what is seen, so that they know what is on; a load that ended by itself is off. */
  see(view: LabView): void {
    this.#view = view
    for (const [name, load] of this.#loads)
      if (view.loads.some(({ id, state }) => id === load.id && state !== 'running')) this.#loads.delete(name)
  }

  get loadLine(): string {
    const part = (name: LoadName, on: string): string => (this.#loads.has(name) ? on : `${name} off`)
    return [
      `load  ${part('gentle', `${this.#rate} new connections/s`)}`,
      part('half-open', `half-open ${HALF_OPEN_PER_SECOND} SYNs/s`),
      part('slow readers', `${SLOW_READERS} slow readers`),
    ].join(' · ')
  }

  /** Obeys a key. What goes wrong is shown, and never ends the view. */
  key(key: string): void {
    this.#obey(key).catch((error: unknown) => {
      this.message = error instanceof Error ? error.message : String(error)
    })
  }

  async #obey(key: string): Promise<void> {
    if (key === '\x03') return this.#quit()
    if (this.#typing !== undefined) return this.#type(key)
    if (/^[1-9]$/.test(key)) return this.#toggleStall(Number(key))
    switch (key) {
      case 'q':
        return this.#quit()
      case '?':
        this.showHelp = !this.showHelp
        return
      case 'b':
        this.#typing = ''
        this.#prompt()
        return
      case 'l':
        return this.#toggleLoad('gentle')
      case 'f':
        return this.#toggleLoad('half-open')
      case 'r':
        return this.#toggleLoad('slow readers')
      case '+':
      case '=':
        return this.#changeRate(2)
      case '-':
        return this.#changeRate(0.5)
    }
  }

  async #toggleStall(number: number): Promise<void> {
    if (number > this.#lab.backends.length) return
    const stalled = this.#view?.shards.find(({ shard }) => shard === number)?.stalled ?? false
    const backend = this.#lab.backend(number)
    await (stalled ? backend.release() : backend.stall())
    this.message = stalled ? `Backend ${number} goes on` : `Backend ${number} is stalled: its event loop stands still`
  }

  #prompt(): void {
    this.message = `backlog, for all (64) or one shard (2:64): ${this.#typing}`
  }

  async #type(key: string): Promise<void> {
    if (key === '\x1b') this.#typing = undefined
    else if (key === '\r' || key === '\n') {
      const typed = this.#typing ?? ''
      this.#typing = undefined
      return this.#changeBacklog(typed)
    } else if (key === '\x7f' || key === '\b') this.#typing = this.#typing?.slice(0, -1)
    else if (/^[0-9:]$/.test(key) && (this.#typing?.length ?? 0) < 13) this.#typing += key
    if (this.#typing === undefined) this.message = ''
    else this.#prompt()
  }

  async #changeBacklog(typed: string): Promise<void> {
    const match = /^(?:(\d+):)?(\d+)$/.exec(typed)
    if (match === null || Number(match[2]) > 2_147_483_647) {
      this.message = `'${typed}' is no backlog: type 64, or 2:64 for shard 2`
      return
    }
    const backlog = Number(match[2])
    const chosen = match[1] === undefined ? this.#lab.backends : [this.#lab.backend(Number(match[1]))]
    await Promise.all(chosen.map((backend) => backend.relisten(backlog)))
    this.message = `listen() was called again with ${backlog}: what waits stays, the limit is new`
  }

  async #changeRate(factor: number): Promise<void> {
    this.#rate = Math.round(Math.min(HIGHEST_RATE, Math.max(LOWEST_RATE, this.#rate * factor)))
    this.message = `${this.#rate} new connections a second`
    if (!this.#loads.has('gentle')) return
    await this.#stopLoad('gentle')
    await this.#startLoad('gentle')
  }

  async #toggleLoad(name: LoadName): Promise<void> {
    await (this.#loads.has(name) ? this.#stopLoad(name) : this.#startLoad(name))
    this.message = ''
  }

  async #startLoad(name: LoadName): Promise<void> {
    this.#loads.set(name, await this.#lab.clients.start(this.#order(name)))
  }

  async #stopLoad(name: LoadName): Promise<void> {
    const load = this.#loads.get(name)
    this.#loads.delete(name)
    await load?.stop()
  }

  #order(name: LoadName): LoadOrder {
    switch (name) {
      case 'gentle':
        return { kind: 'connections', arrivals: { shape: 'poisson', ratePerSecond: this.#rate } }
      case 'half-open':
        return { kind: 'half-open', ratePerSecond: HALF_OPEN_PER_SECOND, durationMs: HALF_OPEN_MS }
      case 'slow readers':
        return {
          kind: 'slow-read',
          connections: SLOW_READERS,
          bytesPerSecond: 0,
          responseBytes: SLOW_READER_RESPONSE_BYTES,
        }
    }
  }
}
