import type { PortSample } from '../snapshot.ts'
import { ConnectionTotals } from './connection-totals.ts'
import { PeakWindow } from './sliding-window.ts'

/** What makes listeners share a port group: see `PortIndex`. */
export interface ListeningEnd {
  readonly address: string
  readonly port: number
  readonly limit: number
}

/** A local address and port with at least one listener, and what is known of it by port alone. */
export class PortState {
  readonly address: string
  readonly port: number
  readonly family: number
  readonly bytes: Buffer
  /** Whether the address is 0.0.0.0 or ::. */
  readonly wildcard: boolean
  /** Whether an IPv6 wildcard also takes IPv4. */
  takesV4 = false
  readonly listeners = new Set<ListeningEnd>()
  /** Undefined until the first dump that may have shown any. */
  #requests: number | undefined
  #requestsBeingCounted = 0
  readonly #peak: PeakWindow
  #totals: ConnectionTotals | undefined
  #totalsBeingSummed = new ConnectionTotals()

  constructor(address: string, port: number, family: number, bytes: Buffer, windowMs: number) {
    this.address = address
    this.port = port
    this.family = family
    this.bytes = bytes
    this.wildcard = bytes.every((byte) => byte === 0)
    this.#peak = new PeakWindow(windowMs)
  }

  // A dump counts into a second set of numbers, so that a dump that fails halfway changes nothing that is shown.

  beginRequests(): void {
    this.#requestsBeingCounted = 0
  }
  countRequest(): void {
    this.#requestsBeingCounted++
  }
  /** Gives how many there are. */
  endRequests(nowMs: number): number {
    this.#requests = this.#requestsBeingCounted
    if (this.#requests > 0) this.#peak.raise(nowMs, this.#requests)
    return this.#requests
  }

  beginConnections(): void {
    this.#totalsBeingSummed.clear()
  }
  get connections(): ConnectionTotals {
    return this.#totalsBeingSummed
  }
  endConnections(): void {
    const shown = this.#totals
    this.#totals = this.#totalsBeingSummed
    this.#totalsBeingSummed = shown ?? new ConnectionTotals()
  }

  /** Undefined before the first dump that may have shown any half-open request. */
  synQueue(nowMs: number): PortSample['synQueue'] {
    if (this.#requests === undefined) return undefined
    let limit = 0
    for (const listener of this.listeners) limit += listener.limit
    return { length: this.#requests, peak: this.#peak.max(nowMs), limit }
  }

  /** Undefined before the first dump that may have shown any connection. */
  connectionSums(): ReturnType<ConnectionTotals['toSample']> | undefined {
    return this.#totals?.toSample()
  }

  toSample(nowMs: number): PortSample {
    const synQueue = this.synQueue(nowMs)
    return {
      address: this.address,
      port: this.port,
      ...(synQueue === undefined ? {} : { synQueue }),
      ...this.connectionSums(),
    }
  }
}
