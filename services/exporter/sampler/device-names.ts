/** Devices can be renamed, and their numbers be used again. */
const GOOD_FOR_MS = 10_000

/** The names of the network devices of one namespace, asked for when a socket is bound to one. */
export class DeviceNames {
  readonly #ask: (index: number) => string | undefined
  readonly #names = new Map<number, string>()
  #askedMs = Number.NEGATIVE_INFINITY

  /** `ask` gives the name of the device with this index, or undefined if there is none. */
  constructor(ask: (index: number) => string | undefined) {
    this.#ask = ask
  }

  /** The name of a device, or its number where the kernel gives no name; empty for none (0). */
  nameOf(index: number, nowMs: number): string {
    if (index === 0) return ''
    if (nowMs - this.#askedMs > GOOD_FOR_MS) {
      this.#names.clear()
      this.#askedMs = nowMs
    }
    const name = this.#names.get(index) ?? this.#nameNow(index)
    this.#names.set(index, name)
    return name
  }

  #nameNow(index: number): string {
    try {
      return this.#ask(index) ?? String(index)
    } catch {
      return String(index) // a snapshot is worth more than a name
    }
  }
}
