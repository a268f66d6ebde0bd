import { addressBytes } from '#kernel/address.ts'
import { AF_INET } from '#kernel/libc.ts'
import { ClosedListeners } from './closed-listeners.ts'
import { type ListeningEnd, PortState } from './port-state.ts'

/** A socket's local end, as a record of a dump shows it. */
export interface LocalEnd {
  readonly family: number
  readonly port: number
  /** Of the device that it is bound to, 0 for none. A connection has that of its listener (inet_request_bound_dev_if). */
  readonly interfaceIndex: number
  hasAddress(bytes: Buffer): boolean
}

/**
 * Which listening port a half-open request or a connection belongs to. Neither names its listener, so it is found as
 * the kernel would: by exact address, else by the wildcard of the same family; of these by the device that it is bound to,
 * else by none. IPv4 clients of a dual-stack listener are AF_INET6 records with ::ffff:a.b.c.d, half-open or not, so families
 * never mix here.
 */
export class PortIndex {
  readonly #byPort = new Map<number, PortState[]>()
  readonly #groupOf = new Map<ListeningEnd, PortState>()
  readonly #windowMs: number
  readonly closed = new ClosedListeners()
  /** Changes whenever the set of listening ports may have changed. */
  version = 0
  /** All of them, as of a version: every reading walks over them several times. */
  #groups: readonly PortState[] = []
  #groupsVersion = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  add(listener: ListeningEnd, family: number, v6only: boolean): void {
    const groups = this.#byPort.get(listener.port) ?? []
    let group = groups.find(
      ({ address, deviceIndex }) => address === listener.address && deviceIndex === listener.deviceIndex,
    )
    if (group === undefined) {
      const closed = this.closed.returned(listener)
      group = new PortState(family, addressBytes(listener.address), closed, this.#windowMs)
      groups.push(group)
      // Exact addresses are tried before the wildcard, and what is bound to a device before what is bound to none.
      groups.sort((a, b) => Number(a.wildcard) - Number(b.wildcard) || b.deviceIndex - a.deviceIndex)
      this.#byPort.set(listener.port, groups)
    }
    group.takesV4 ||= family !== AF_INET && !v6only
    group.listeners.add(listener)
    this.#groupOf.set(listener, group)
    this.version++
  }

  /** The listener has closed. */
  remove(listener: ListeningEnd): void {
    const group = this.#groupOf.get(listener)
    if (group === undefined) return
    this.#groupOf.delete(listener)
    group.listeners.delete(listener)
    this.version++
    this.closed.add(group.closed, listener, group.listeners.size)
    if (group.listeners.size > 0) return
    const rest = (this.#byPort.get(group.port) ?? []).filter((other) => other !== group)
    if (rest.length > 0) this.#byPort.set(group.port, rest)
    else this.#byPort.delete(group.port)
  }

  /** The listening port that a socket's local end belongs to; undefined if there is no listener for it. */
  find(end: LocalEnd): PortState | undefined {
    const groups = this.#byPort.get(end.port)
    if (groups === undefined) return undefined
    for (const group of groups) {
      if (group.family !== end.family) continue
      if (group.deviceIndex !== 0 && group.deviceIndex !== end.interfaceIndex) continue
      if (!group.wildcard) {
        if (end.hasAddress(group.bytes)) return group
      } else if (end.family === AF_INET || group.takesV4 || !isMapped(end)) return group
    }
    return undefined
  }

  /** The port of a listener; undefined once it has closed. */
  of(listener: ListeningEnd): PortState | undefined {
    return this.#groupOf.get(listener)
  }

  groups(): readonly PortState[] {
    if (this.#groupsVersion !== this.version) this.#groups = [...this.#byPort.values()].flat()
    this.#groupsVersion = this.version
    return this.#groups
  }

  /** The ports with a listener on every address. */
  wildcardPorts(): number[] {
    return [...this.#byPort].filter(([, groups]) => groups.some(({ wildcard }) => wildcard)).map(([port]) => port)
  }

  /** The ports with a listener. */
  ports(): number[] {
    return [...this.#byPort.keys()]
  }

  /** Whether anything listens. */
  get any(): boolean {
    return this.#byPort.size > 0
  }
}

const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex')
const isMapped = (end: LocalEnd): boolean => end.hasAddress(MAPPED_PREFIX)
