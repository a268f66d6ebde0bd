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
  #requests = 0
  #requestsBeingCounted = 0
  readonly #peak: PeakWindow
  #totals = new ConnectionTotals()
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
  endRequests(nowMs: number): void {
    this.#requests = this.#requestsBeingCounted
    this.#peak.raise(nowMs, this.#requests)
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
    this.#totalsBeingSummed = shown
  }

  toSample(nowMs: number): PortSample {
    let limit = 0
    for (const listener of this.listeners) limit += listener.limit
    return {
      address: this.address,
      port: this.port,
      synQueue: { length: this.#requests, peak: this.#peak.max(nowMs), limit },
      ...this.#totals.toSample(),
    }
  }
}
