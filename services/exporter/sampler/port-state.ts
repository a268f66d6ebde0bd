import type { PortSample } from '../snapshot.ts'
import type { Closed } from './closed-listeners.ts'
import { type ConnectionRecord, type ConnectionSums, ConnectionTotals } from './connection-totals.ts'
import { ResetPlaces } from './reset-places.ts'
import { PeakWindow } from './sliding-window.ts'

/** Of a port at which a dump has found none. */
const noConnections = new ConnectionTotals()

/** What makes listeners share a port group: see `PortIndex`. */
export interface ListeningEnd {
  readonly address: string
  readonly port: number
  /** Index of the device that it is bound to, 0 for none. */
  readonly deviceIndex: number
  readonly limit: number
  /** Its accept queue: connections at the last sample, since when and for how many samples so many, and when last none. */
  readonly length: number
  readonly steadySinceMs: number
  readonly steadySamples: number
  readonly lastEmptyMs: number
  /** Whether a connection has ever waited here, or was dropped. */
  readonly used: boolean
}

/** A local address, port and device (if any) with at least one listener, and what is known of it by port alone. */
export class PortState {
  readonly address: string
  readonly port: number
  readonly deviceIndex: number
  readonly family: number
  readonly bytes: Buffer
  /** Whether the address is 0.0.0.0 or ::. */
  readonly wildcard: boolean
  /** Whether an IPv6 wildcard also takes IPv4. */
  takesV4 = false
  readonly listeners = new Set<ListeningEnd>()
  readonly closed: Closed
  readonly resetPlaces = new ResetPlaces()
  /** Undefined until the first dump that may have shown any. */
  #requests: number | undefined
  #used = false
  #requestsBeingCounted = 0
  #requestsRetried = 0
  #requestsRetriedBeingCounted = 0
  readonly #peak: PeakWindow
  #totals: ConnectionTotals | undefined
  /** Made for the first connection: most ports on a host with thousands have none. */
  #totalsBeingSummed: ConnectionTotals | undefined

  constructor(family: number, bytes: Buffer, closed: Closed, windowMs: number) {
    this.address = closed.address
    this.port = closed.port
    this.deviceIndex = closed.deviceIndex
    this.closed = closed
    this.family = family
    this.bytes = bytes
    this.wildcard = bytes.every((byte) => byte === 0)
    this.#peak = new PeakWindow(windowMs)
  }

  // A dump counts into a second set of numbers, so that a dump that fails halfway changes nothing that is shown.

  beginRequests(): void {
    this.#requestsBeingCounted = this.#requestsRetriedBeingCounted = 0
  }
  /** `retransmits` is how often its SYN-ACK was sent again. */
  countRequest(retransmits: number): void {
    this.#requestsBeingCounted++
    if (retransmits > 0) this.#requestsRetriedBeingCounted++
  }
  /** Gives how many there are. */
  endRequests(nowMs: number): number {
    this.#requests = this.#requestsBeingCounted
    this.#requestsRetried = this.#requestsRetriedBeingCounted
    if (this.#requests > 0) {
      this.#used = true
      this.#peak.raise(nowMs, this.#requests)
    }
    return this.#requests
  }

  beginConnections(): void {
    this.#totalsBeingSummed?.clear()
  }
  addConnection(record: ConnectionRecord): void {
    this.#totalsBeingSummed ??= new ConnectionTotals()
    this.#totalsBeingSummed.add(record)
  }
  /** Whether none of those of this dump can change without a segment that arrives or leaves. */
  get connectionsRest(): boolean {
    return this.#totalsBeingSummed?.rests ?? true
  }
  /** `lengthsAreWaiting` is false if an accept queue may hold others than the connections that wait. */
  endConnections(beganMs: number, lengthsAreWaiting: boolean): void {
    const totals = this.#totalsBeingSummed ?? noConnections
    this.resetPlaces.dumped(beganMs, this.listeners, totals.waiting, lengthsAreWaiting)
    if (totals.any) this.#used = true
    const shown = this.#totals
    this.#totals = totals
    this.#totalsBeingSummed = shown === noConnections ? undefined : shown
  }

  /** The connections are as they were at the last dump. */
  keepConnections(nowMs: number, lengthsAreWaiting: boolean): void {
    if (this.#totals !== undefined)
      this.resetPlaces.dumped(nowMs, this.listeners, this.#totals.waiting, lengthsAreWaiting)
  }

  /** Whether any client has ever been seen here: half-open, connected, waiting or dropped. */
  get used(): boolean {
    if (!this.#used) for (const listener of this.listeners) this.#used ||= listener.used
    return this.#used
  }

  /** Undefined before the first dump that may have shown any half-open request. */
  synQueue(nowMs: number): PortSample['synQueue'] {
    if (this.#requests === undefined) return undefined
    let limit = 0
    for (const listener of this.listeners) limit += listener.limit
    return { length: this.#requests, peak: this.#peak.max(nowMs), limit }
  }

  /** Undefined before the first dump that may have shown any connection. */
  connectionSums(): ConnectionSums | undefined {
    return this.#totals?.toSample()
  }

  /** `device` is the name of the one that its listeners are bound to. */
  toSample(nowMs: number, device: string): PortSample {
    const synQueue = this.synQueue(nowMs)
    const waitingReset = this.resetPlaces.count
    let length = 0
    for (const listener of this.listeners) length += listener.length
    return {
      address: this.address,
      port: this.port,
      ...(device !== '' && { device }),
      used: this.used,
      ...(synQueue !== undefined && { synQueue }),
      ...(synQueue !== undefined && synQueue.length > 0 && { synQueueRetried: this.#requestsRetried }),
      ...this.connectionSums(),
      ...(waitingReset !== undefined && length > 0 && { waitingReset }),
    }
  }
}
