import { addressBytes } from '#kernel/address.ts'
import { AF_INET, AF_INET6, IPPROTO_UDP } from '#kernel/libc.ts'
import { PreparedDump, type SocketRecord, states, wants } from '#kernel/sock-diag.ts'
import type { UdpSocketSample } from '../snapshot.ts'
import type { SamplingPace } from './pace.ts'
import { PeakWindow } from './sliding-window.ts'

/** How long a socket must have been open to count as one that serves: it may be a client that waits for one answer. */
const SETTLED_MS = 1000
/** The same for a port that the kernel hands out to those who ask for none. */
const SETTLED_EPHEMERAL_MS = 10_000
/** A socket that is missing from two dumps is gone: udp_diag may miss one while others come and go. */
const DUMPS_UNTIL_GONE = 2
/** How long the drops of a port without a socket are remembered: a server that is restarted goes on counting. */
const REMEMBERED_MS = 3_600_000
const KEPT_MS = 10_000
export const MOST_UDP_PORTS = 1000
const MOST_SOCKETS = 20_000

const families = [AF_INET, AF_INET6] as const
const U32 = 2 ** 32

/** What of a socket's record is needed. */
export type UdpRecord = Pick<
  SocketRecord,
  | 'family'
  | 'address'
  | 'port'
  | 'hasAddress'
  | 'cookieHigh'
  | 'shortCookie'
  | 'receiveQueue'
  | 'receiveBufferBytes'
  | 'drops'
>

/** Who asks the kernel. */
export interface UdpSource {
  dump(request: PreparedDump, visit: (record: UdpRecord) => void): void
}

interface Socket {
  readonly group: Group
  readonly firstMs: number
  seen: number
  missed: number
  drops: number
}

/** An address and port with its sockets: several with SO_REUSEPORT, or one for each receiver of a multicast. */
interface Group {
  readonly address: string
  readonly bytes: Buffer
  readonly port: number
  readonly peak: PeakWindow
  sockets: number
  shown: boolean
  lastMs: number
  drops: number
  /** Of the fullest socket in the dump under way, and in the last whole one. */
  fullest: { bytes: number; limitBytes: number }
  last: { bytes: number; limitBytes: number }
}

/**
 * The receive queues of the bound, unconnected UDP sockets of one namespace, by address and port. Sockets connected to a peer
 * are clients, and are not asked for. Drops are added up, so they do not fall when a socket of several is closed.
 * docs/decisions/0014-which-sockets-make-a-series.md says why.
 */
export class UdpSocketTable {
  readonly #dumps = families.map(
    (family) => new PreparedDump({ family, protocol: IPPROTO_UDP, states: states.unconnected, wants: wants.skmeminfo }),
  )
  readonly #peakWindowMs: number
  readonly #settlesMs: number | undefined
  readonly #groups = new Map<number, Group[]>()
  #groupCount = 0
  readonly #sockets = new Map<number, Map<number, Socket>>()
  #count = 0
  #dumpNumber = 0
  #nowMs = 0
  #leftOut = 0
  /** False once this dump has found that no port can be forgotten: looking again for each socket would not be linear. */
  #hasRoom = true
  #answered = false
  #lastSeenMs = Number.NEGATIVE_INFINITY
  /** net.ipv4.ip_local_port_range of the namespace. */
  ephemeral: { first: number; last: number } = { first: 32_768, last: 60_999 }

  constructor({ peakWindowMs, udpSettlesMs }: Pick<SamplingPace, 'peakWindowMs' | 'udpSettlesMs'>) {
    this.#peakWindowMs = peakWindowMs
    this.#settlesMs = udpSettlesMs
  }

  inUse(nowMs: number): boolean {
    return nowMs - this.#lastSeenMs < KEPT_MS
  }

  sample(diag: UdpSource, nowMs: number): void {
    this.#nowMs = nowMs
    this.#dumpNumber++
    this.#leftOut = 0
    this.#hasRoom = true
    for (const group of this.#allGroups()) group.fullest = { bytes: 0, limitBytes: 0 }
    for (const dump of this.#dumps) diag.dump(dump, this.#visit)
    this.#answered = true
    if (this.#count > 0) this.#lastSeenMs = nowMs
    for (const group of this.#allGroups()) {
      group.last = group.fullest
      group.peak.raise(nowMs, group.fullest.bytes)
    }
    this.#sweep()
  }

  /** What is known now, by port; undefined if the kernel has never answered. */
  toRaw(nowMs: number): { udpSockets: UdpSocketSample[]; udpSocketsLeftOut: number } | undefined {
    if (!this.#answered) return undefined
    const samples: UdpSocketSample[] = []
    for (const { address, port, sockets, shown, last, drops, peak } of this.#allGroups())
      if (shown && sockets > 0) samples.push({ address, port, sockets, ...last, peakBytes: peak.max(nowMs), drops })
    return { udpSockets: samples.sort(byPlace), udpSocketsLeftOut: this.#leftOut }
  }

  readonly #visit = (record: UdpRecord): void => {
    if (record.port === 0) return
    const socket = this.#sockets.get(record.cookieHigh | 0)?.get(record.shortCookie | 0) ?? this.#meet(record)
    if (socket === undefined) {
      this.#leftOut++
      return
    }
    if (socket.seen === this.#dumpNumber) return
    socket.seen = this.#dumpNumber
    socket.missed = 0
    const { group } = socket
    group.lastMs = this.#nowMs
    const drops = record.drops ?? socket.drops
    group.drops += (drops - socket.drops + U32) % U32 // 32 bits wide
    socket.drops = drops
    const limitBytes = record.receiveBufferBytes ?? 0
    const bytes = record.receiveQueue
    const { fullest } = group
    // Compared as shares of the limits, without dividing by a limit that may be 0.
    const more = bytes * fullest.limitBytes - fullest.bytes * limitBytes
    if (fullest.limitBytes === 0 || more > 0 || (more === 0 && limitBytes < fullest.limitBytes))
      group.fullest = { bytes, limitBytes }
    if (!group.shown) group.shown = this.#nowMs - socket.firstMs >= this.#settlesAfterMs(group.port)
  }

  #settlesAfterMs(port: number): number {
    if (this.#settlesMs !== undefined) return this.#settlesMs
    const { first, last } = this.ephemeral
    return port >= first && port <= last ? SETTLED_EPHEMERAL_MS : SETTLED_MS
  }

  #meet(record: UdpRecord): Socket | undefined {
    if (this.#count >= MOST_SOCKETS) return undefined
    const group = this.#groupOf(record)
    if (group === undefined) return undefined
    const socket: Socket = { group, firstMs: this.#nowMs, seen: 0, missed: 0, drops: 0 }
    const byLow = this.#sockets.get(record.cookieHigh | 0) ?? new Map<number, Socket>()
    this.#sockets.set(record.cookieHigh | 0, byLow.set(record.shortCookie | 0, socket))
    this.#count++
    group.sockets++
    return socket
  }

  #groupOf(record: UdpRecord): Group | undefined {
    const ofPort = this.#groups.get(record.port) ?? []
    const known = ofPort.find(({ bytes }) => record.hasAddress(bytes) && bytes.length === bytesIn(record.family))
    if (known !== undefined) return known
    if (this.#groupCount >= MOST_UDP_PORTS) {
      this.#hasRoom &&= this.#forgetOldest()
      if (!this.#hasRoom) return undefined
    }
    const { address, port } = record
    const group: Group = {
      address,
      bytes: addressBytes(address),
      port,
      peak: new PeakWindow(this.#peakWindowMs),
      sockets: 0,
      shown: false,
      lastMs: this.#nowMs,
      drops: 0,
      fullest: { bytes: 0, limitBytes: 0 },
      last: { bytes: 0, limitBytes: 0 },
    }
    this.#groups.set(port, [...(this.#groups.get(port) ?? []), group])
    this.#groupCount++
    return group
  }

  #sweep(): void {
    for (const [high, byLow] of this.#sockets) {
      for (const [low, socket] of byLow) {
        if (socket.seen === this.#dumpNumber || ++socket.missed < DUMPS_UNTIL_GONE) continue
        byLow.delete(low)
        this.#count--
        socket.group.sockets--
      }
      if (byLow.size === 0) this.#sockets.delete(high)
    }
    for (const group of this.#allGroups()) {
      const remembered = group.shown ? this.#nowMs - group.lastMs < REMEMBERED_MS : false
      if (group.sockets === 0 && !remembered) this.#forget(group)
    }
  }

  /** Makes room by forgetting the port that has been without a socket for longest. False if all have one. */
  #forgetOldest(): boolean {
    let oldest: Group | undefined
    for (const group of this.#allGroups())
      if (group.sockets === 0 && !(oldest !== undefined && oldest.lastMs <= group.lastMs)) oldest = group
    if (oldest === undefined) return false
    this.#forget(oldest)
    return true
  }

  #forget(group: Group): void {
    const rest = (this.#groups.get(group.port) ?? []).filter((other) => other !== group)
    if (rest.length > 0) this.#groups.set(group.port, rest)
    else this.#groups.delete(group.port)
    this.#groupCount--
  }

  *#allGroups(): Iterable<Group> {
    for (const ofPort of this.#groups.values()) yield* ofPort
  }
}

const bytesIn = (family: number): number => (family === AF_INET ? 4 : 16)

const byPlace = (a: UdpSocketSample, b: UdpSocketSample): number =>
  a.port - b.port || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0)
