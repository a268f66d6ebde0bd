/** What keys do to the lab: stall and release, change backlogs, start and stop loads. */
import type { Lab } from '#lab/lab.ts'
import { backlogConfirmed, loadConfirmed, loadStopped, slowConfirmed, stallConfirmed } from '#live/confirmations.ts'
import type { Loads } from '#live/loads.ts'
import { loadInWords, loadName, stateNames } from '#live/names.ts'
import type { LoadName } from '#live/orders.ts'
import { isStalled } from '#live/view.ts'

const HALF_OPEN_PER_SECOND = 100
const SLOW_READERS = 20
/** Per cent of one CPU for a server that is to be slow. */
const SLOW_PERCENT = 10
const LOWEST_RATE = 1
const HIGHEST_RATE = 20_000

export class Controls {
  /** What the last key did, or what is being typed. */
  message = ''
  showHelp = false
  readonly #lab: Lab
  readonly #quit: () => void
  readonly #loads: Loads
  #rate: number
  #typing: string | undefined
  #changes = 0

  constructor(lab: Lab, loads: Loads, ratePerSecond: number, quit: () => void) {
    this.#lab = lab
    this.#loads = loads
    this.#rate = ratePerSecond
    this.#quit = quit
  }

  /** Starts the gentle load that a lab begins with. */
  async begin(): Promise<void> {
    if (this.#rate > 0) await this.#lab.orders.run(() => this.#loads.start('gentle', this.#rate))
    else this.#rate = 300
  }

  /** Looks at what is on: another display may have changed it. */
  see(): void {
    if (this.#changes > 0) return // the rate that was typed is not in force yet
    const gentle = this.#loads.list.find(({ name }) => name === 'gentle')
    if (gentle !== undefined) this.#rate = gentle.amount
  }

  get loadLine(): string {
    const { list } = this.#loads
    const part = (name: LoadName): string => {
      const load = list.find((one) => one.name === name)
      if (load === undefined) return `${loadName(name)} off`
      return loadInWords(name, name === 'gentle' ? this.#rate : load.amount)
    }
    return [part('gentle'), part('half-open'), part('slow-read')].join(' · ')
  }

  /** Obeys a key. A failure is shown, and never ends the view. */
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
      case 'k':
      case 's':
      case 'h':
        return this.#orderServer(key)
      case 'c':
        return this.#toggleSlow()
      case 'b':
        if (this.#server !== undefined) return // no other process can call listen() on its socket
        this.#typing = ''
        this.#prompt()
        return
      case 'l':
        return this.#toggleLoad('gentle')
      case 'f':
        return this.#toggleLoad('half-open')
      case 'r':
        return this.#toggleLoad('slow-read')
      case '+':
      case '=':
        return this.#changeRate(2)
      case '-':
        return this.#changeRate(0.5)
    }
  }

  async #toggleStall(number: number): Promise<void> {
    if (number > this.#lab.backends.length) return
    const backend = this.#lab.backend(number)
    const status = await this.#lab.orders.run(async () => backend.change({ stalled: !isStalled(await backend.told()) }))
    this.message = stallConfirmed(number, status)
  }

  get #server(): string | undefined {
    return this.#lab.backends[0]?.server
  }

  /** Somebody's server as a whole: kill, or start again; stop in order; reload. */
  async #orderServer(key: 'k' | 's' | 'h'): Promise<void> {
    const [backend] = this.#lab.backends
    if (backend?.server === undefined || (key === 'h' && this.#lab.plan.server?.reload === undefined)) return
    const { server } = backend
    this.message = await this.#lab.orders.run(async () => {
      if (key === 'k') {
        const { runs } = await backend.told()
        await (runs === false ? backend.restart() : backend.kill())
        return `${server} is ${runs === false ? stateNames.restarted : stateNames.killed}`
      }
      await backend.order(key === 's' ? 'stop' : 'reload')
      return `${server} is ${key === 's' ? stateNames.stopped : stateNames.reloaded}`
    })
  }

  /** Somebody's server as a whole gets little CPU time, or as much as there is; nothing where no quota can be set. */
  async #toggleSlow(): Promise<void> {
    const [backend] = this.#lab.backends
    if (backend?.server === undefined) return
    await this.#lab.orders.run(async () => {
      const { cpu } = await backend.told()
      if (cpu === undefined || 'missing' in cpu) return
      await backend.slow(cpu.percent === 0 ? SLOW_PERCENT : 0)
      this.message = slowConfirmed(await backend.told())
    })
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
      this.message = `'${typed}' is not a backlog: type 64, or 2:64 for shard 2`
      return
    }
    const backlog = Number(match[2])
    const chosen = match[1] === undefined ? this.#lab.backends : [this.#lab.backend(Number(match[1]))]
    const statuses = await this.#lab.orders.run(() => Promise.all(chosen.map((backend) => backend.limit(backlog))))
    this.message = statuses
      .map((status, index) => backlogConfirmed(chosen[index]?.number ?? 0, backlog, status))
      .join('. ')
  }

  async #changeRate(factor: number): Promise<void> {
    this.#rate = Math.round(Math.min(HIGHEST_RATE, Math.max(LOWEST_RATE, this.#rate * factor)))
    this.message = `Rate of the ${loadName('gentle')}: ${this.#rate}/s`
    this.#changes++
    try {
      await this.#lab.orders.run(async () => {
        if (!this.#loads.isOn('gentle')) return
        this.message = loadConfirmed('gentle', this.#rate, await this.#loads.start('gentle', this.#rate))
      })
    } finally {
      this.#changes--
    }
  }

  async #toggleLoad(name: LoadName): Promise<void> {
    this.message = await this.#lab.orders.run(async () => {
      const amount = this.#amount(name)
      if (!this.#loads.isOn(name)) return loadConfirmed(name, amount, await this.#loads.start(name, amount))
      await this.#loads.stop(name)
      return loadStopped(name)
    })
  }

  #amount(name: LoadName): number {
    if (name === 'half-open') return HALF_OPEN_PER_SECOND
    return name === 'slow-read' ? SLOW_READERS : this.#rate
  }
}
