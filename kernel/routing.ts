/**
 * What the kernel does with a packet that would be sent: where it looks its way up (NETLINK_ROUTE), over which devices it can
 * go, and what decides that. IPv4. Bytes are built and read by pure functions; numbers are those of linux/rtnetlink.h,
 * linux/if_link.h and linux/fib_rules.h.
 */
import { addressBytes, formatAddress } from './address.ts'
import { errnoName, KernelError } from './errors.ts'
import * as libc from './libc.ts'
import { NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, NLMSG_HEADER_BYTES } from './sock-diag/layout.ts'

const NETLINK_ROUTE = 0
const [GET_LINK, GET_ROUTE, GET_RULE, GET_QDISC] = [18, 26, 34, 38]
const [NEW_LINK, NEW_ROUTE, NEW_RULE, NEW_QDISC] = [16, 24, 32, 36]
const ROUTE_BYTES = 12
const LINK_BYTES = 16
const RULE_BYTES = 12
const QDISC_BYTES = 20
/** RTM_F_FIB_MATCH: the answer is the route that matches, with all its ways, and not the one way that a packet would take. */
const FIB_MATCH = 0x2000

const route = { dst: 1, oif: 4, gateway: 5, multipath: 9, table: 15, via: 18, encapType: 21, nexthop: 30 } as const
const link = { name: 3, peer: 5, master: 10, info: 18, peerNetns: 37, xdp: 43 } as const
const rule = { priority: 6, table: 15, suppressPrefix: 14, protocol: 21 } as const
const IFLA_INFO_KIND = 1
const IFLA_XDP_ATTACHED = 2
const TCA_KIND = 1
const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
const IFF_NOARP = 0x80
const FR_ACT_TO_TBL = 1

/** What becomes of a packet, by the number that the kernel has for it. */
const fates = [
  'unspecified',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
] as const
export type Fate = (typeof fates)[number] | 'other'

/** A route of IPv4, from any table. */
export interface Route {
  fate: Fate
  /** 254 is `main`, 255 `local`, 253 `default`. */
  table: number
  /** The first address of the network, as a number in host order, and how many bits of it count. */
  destination: number
  prefix: number
  /** Index of its one device; undefined where it has several, or none. */
  device: number | undefined
  /** Whether another host passes the packets on, or several ways share them, or they are wrapped. */
  indirect: boolean
}

/** A network device. */
export interface Device {
  index: number
  name: string
  /** `veth`, `bridge`, …; undefined for hardware and loopback. */
  kind: string | undefined
  up: boolean
  loopback: boolean
  /** It asks nobody for the link address of a neighbour, so that whoever gets a packet takes it for somebody else's. */
  noArp: boolean
  /** Of a pair: index of the other end; undefined where that is in another network namespace. */
  peer: number | undefined
  /** Index of the bridge or bond that it is a port of. */
  master: number | undefined
  /** Whether a program (XDP) or a classifier (tc: clsact, ingress) looks at what it receives or sends, and may redirect it. */
  programmed: boolean
}

/** A rule that chooses routing tables, as far as it differs from the three that every namespace begins with. */
export interface Rule {
  priority: number
}

/** Rules of a new namespace, by their priority: the table that each names. */
const PLAIN_RULES: Record<number, number> = { 0: 255, 32766: 254, 32767: 253 }

const BUFFER_BYTES = 65_536

/** A socket that asks the network namespace in which the calling thread made it. Needs no privilege. Calls block for microseconds. */
export class Routing implements Disposable {
  readonly #fd: number
  readonly #chunk = Buffer.from(new ArrayBuffer(BUFFER_BYTES))
  #sequence = 0
  #open = true

  constructor() {
    this.#fd = libc.socket(
      libc.AF_NETLINK,
      libc.SOCK_RAW | libc.SOCK_CLOEXEC,
      NETLINK_ROUTE,
      'Opening the interface of the routing tables',
    )
  }

  /** The route that a packet to this address takes; undefined where there is none. Throws a KernelError. */
  lookUp(address: string): Route | undefined {
    const body = Buffer.concat([routeHeader(32, FIB_MATCH), attributeOf(route.dst, addressBytes(address))])
    try {
      return this.#ask(GET_ROUTE, NEW_ROUTE, NLM_F_REQUEST, body).map((bytes) => routeIn(bytes))[0]
    } catch (error) {
      if (error instanceof KernelError && /^(ENETUNREACH|EHOSTUNREACH|EACCES|EINVAL)$/.test(error.code))
        return undefined
      throw error
    }
  }

  /** Every route of every table. */
  routes(): Route[] {
    return this.#dump(GET_ROUTE, NEW_ROUTE, routeHeader(0, 0)).map((bytes) => routeIn(bytes))
  }

  /** Rules beside the three that every namespace begins with. */
  extraRules(): Rule[] {
    try {
      const header = Buffer.alloc(RULE_BYTES)
      header[0] = libc.AF_INET
      return this.#dump(GET_RULE, NEW_RULE, header).flatMap((bytes) => extraRuleIn(bytes) ?? [])
    } catch (error) {
      if (error instanceof KernelError && error.code === 'EOPNOTSUPP') return [] // a kernel without policy routing
      throw error
    }
  }

  devices(): Device[] {
    const classified = new Set(
      this.#dump(GET_QDISC, NEW_QDISC, Buffer.alloc(QDISC_BYTES)).flatMap((bytes) => classifiedIn(bytes) ?? []),
    )
    return this.#dump(GET_LINK, NEW_LINK, Buffer.alloc(LINK_BYTES)).map((bytes) => {
      const device = deviceIn(bytes)
      return { ...device, programmed: device.programmed || classified.has(device.index) }
    })
  }

  #dump(request: number, answer: number, body: Buffer): Buffer[] {
    return this.#ask(request, answer, NLM_F_REQUEST | NLM_F_DUMP, body)
  }

  /** The messages of one kind in the kernel's answer, each without its header. */
  #ask(request: number, answer: number, flags: number, body: Buffer): Buffer[] {
    const doing = 'Asking the kernel for its routes'
    this.#sequence = (this.#sequence + 1) >>> 0
    const header = Buffer.alloc(NLMSG_HEADER_BYTES)
    header.writeUInt32LE(NLMSG_HEADER_BYTES + body.length, 0)
    header.writeUInt16LE(request, 4)
    header.writeUInt16LE(flags, 6)
    header.writeUInt32LE(this.#sequence, 8)
    libc.send(this.#fd, Buffer.concat([header, body]), 0, doing)
    const answers: Buffer[] = []
    for (;;) {
      const length = libc.recv(this.#fd, this.#chunk, 0, doing)
      if (takeMessages(this.#chunk.subarray(0, length), this.#sequence, answer, answers)) return answers
      if ((flags & NLM_F_DUMP) === 0 && answers.length > 0) return answers
    }
  }

  close(): void {
    if (this.#open) libc.close(this.#fd)
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Adds the messages of one kind in a chunk to `into`; true at the end of a dump. Throws a KernelError that the kernel reports. */
export function takeMessages(chunk: Buffer, sequence: number, kind: number, into: Buffer[]): boolean {
  let at = 0
  while (at + NLMSG_HEADER_BYTES <= chunk.length) {
    const bytes = chunk.readUInt32LE(at)
    if (bytes < NLMSG_HEADER_BYTES || at + bytes > chunk.length)
      throw new KernelError('rtnetlink', 'EBADMSG', 'Reading a route of the kernel, which is longer than its answer')
    const type = chunk.readUInt16LE(at + 4)
    if (chunk.readUInt32LE(at + 8) === sequence) {
      if (type === NLMSG_ERROR || type === NLMSG_DONE) {
        const status = bytes >= NLMSG_HEADER_BYTES + 4 ? chunk.readInt32LE(at + NLMSG_HEADER_BYTES) : 0
        if (status < 0) throw new KernelError('rtnetlink', errnoName(-status), 'Asking the kernel for its routes')
        return true
      }
      if (type === kind) into.push(Buffer.from(chunk.subarray(at + NLMSG_HEADER_BYTES, at + bytes)))
    }
    at += (bytes + 3) & ~3
  }
  return false
}

/** A `struct rtmsg` that asks for IPv4. */
function routeHeader(destinationBits: number, flags: number): Buffer {
  const header = Buffer.alloc(ROUTE_BYTES)
  header[0] = libc.AF_INET
  header[1] = destinationBits
  header.writeUInt32LE(flags, 8)
  return header
}

function attributeOf(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + ((value.length + 3) & ~3))
  bytes.writeUInt16LE(4 + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  value.copy(bytes, 4)
  return bytes
}

/** The attributes behind a header, by their number; the highest two bits of that are flags. */
function attributesIn(bytes: Buffer, from: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  let at = from
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) break
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}

const uint32 = (value: Buffer | undefined): number | undefined =>
  value === undefined || value.length < 4 ? undefined : value.readUInt32LE(0)

/** A route as a `struct rtmsg` and its attributes say it. */
export function routeIn(bytes: Buffer): Route {
  const attributes = attributesIn(bytes, ROUTE_BYTES)
  const destination = attributes.get(route.dst)
  return {
    fate: fates[bytes[7] ?? 0] ?? 'other',
    table: uint32(attributes.get(route.table)) ?? bytes[4] ?? 0,
    destination: destination === undefined ? 0 : destination.readUInt32BE(0),
    prefix: bytes[1] ?? 0,
    device: uint32(attributes.get(route.oif)),
    indirect: [route.gateway, route.multipath, route.via, route.encapType, route.nexthop].some((one) =>
      attributes.has(one),
    ),
  }
}

/** A device as a `struct ifinfomsg` and its attributes say it; what `tc` has attached to it is told elsewhere. */
export function deviceIn(bytes: Buffer): Device {
  const attributes = attributesIn(bytes, LINK_BYTES)
  const flags = bytes.readUInt32LE(8)
  const info = attributes.get(link.info)
  const kind = info === undefined ? undefined : attributesIn(info, 0).get(IFLA_INFO_KIND)
  const xdp = attributes.get(link.xdp)
  const peer = uint32(attributes.get(link.peer))
  return {
    index: bytes.readInt32LE(4),
    name: textOf(attributes.get(link.name)) ?? '',
    kind: textOf(kind),
    up: (flags & IFF_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    noArp: (flags & IFF_NOARP) !== 0,
    peer: attributes.has(link.peerNetns) || peer === 0 ? undefined : peer,
    master: uint32(attributes.get(link.master)),
    programmed: xdp !== undefined && (attributesIn(xdp, 0).get(IFLA_XDP_ATTACHED)?.[0] ?? 0) !== 0,
  }
}

const textOf = (value: Buffer | undefined): string | undefined =>
  value === undefined ? undefined : value.toString('latin1').replace(/\0.*$/, '')

/** A rule that a new namespace has not, as a `struct fib_rule_hdr` and its attributes say it. */
export function extraRuleIn(bytes: Buffer): Rule | undefined {
  const attributes = attributesIn(bytes, RULE_BYTES)
  const priority = uint32(attributes.get(rule.priority)) ?? 0
  const table = uint32(attributes.get(rule.table)) ?? bytes[4]
  const known = new Set<number>([rule.priority, rule.table, rule.suppressPrefix, rule.protocol])
  const plain =
    bytes[1] === 0 && // of any destination
    bytes[2] === 0 && // from any source
    bytes[3] === 0 && // of any type of service
    bytes[7] === FR_ACT_TO_TBL &&
    bytes.readUInt32LE(8) === 0 &&
    (uint32(attributes.get(rule.suppressPrefix)) ?? NONE) === NONE &&
    [...attributes.keys()].every((one) => known.has(one)) &&
    PLAIN_RULES[priority] === table
  return plain ? undefined : { priority }
}
const NONE = 0xffff_ffff

/** The device that a `struct tcmsg` is of, where classifiers may be attached to it. */
function classifiedIn(bytes: Buffer): number | undefined {
  const kind = textOf(attributesIn(bytes, QDISC_BYTES).get(TCA_KIND))
  return kind === 'clsact' || kind === 'ingress' ? bytes.readInt32LE(4) : undefined
}

/** An IPv4 network as people write it. */
export function networkText({ destination, prefix }: Pick<Route, 'destination' | 'prefix'>): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(destination)
  return `${formatAddress(libc.AF_INET, bytes)}/${prefix}`
}
