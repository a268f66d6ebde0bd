/**
 * Packets from addresses that no host has are for labs only. Before one is written, and while they are, the kernel is asked where
 * they would go: to a lab's server that is a neighbour in the network that RFC 2544 reserves for benchmarks, with no way out of
 * the client's network namespace; or, where server and clients share a namespace, to the loopback device, with answers that end
 * in a pair of devices of which both ends are here.
 */
import fs from 'node:fs'
import net from 'node:net'
import { UsageError } from '#common/errors.ts'
import { type Device, networkText, type Route, Routing, type Rule } from '#kernel/routing.ts'
import type { HalfOpenLoad } from '../agent/api.ts'

/** What is known of the network namespace in which the load would run. */
export interface Surroundings {
  /** The route that a packet to the target takes. */
  toTarget: Route | undefined
  /** The routes that the kernel chooses for some of the source addresses: the ways of the answers where the target is here. */
  toSources: readonly (Route | undefined)[]
  /** All of every table. */
  routes: readonly Route[]
  /** Rules that choose tables, beside those of every namespace. */
  rules: readonly Rule[]
  devices: readonly Device[]
  ipv6DefaultRoute: boolean
  /** Names of devices from which packets are forwarded: net.ipv4.conf.DEVICE.forwarding. */
  forwarding: readonly string[]
}

export type FloodPlan = Pick<HalfOpenLoad, 'target'> &
  Partial<Pick<HalfOpenLoad, 'durationMs' | 'ratePerSecond' | 'maxSyns' | 'sources'>>

export const MOST_SYNS = 50_000_000
const LONGEST_MS = 60_000
const HIGHEST_RATE = 10_000_000
const MOST_SOURCES = 65_536

const LAB = { destination: 0xc612_0000, prefix: 15 }
const SOURCES = { destination: 0xc613_0000, prefix: 16 }
/** Asked for one by one: both ends and some between. That no other route lies among them is seen from all routes. */
const SOME_SOURCES = ['198.19.0.1', '198.19.63.7', '198.19.128.0', '198.19.255.254']
/** A route to half of the internet or more is a default route by another name (0.0.0.0/1 and 128.0.0.0/1). */
const SHORTEST_PREFIX = 8
/** The tables that the rules of every namespace name: default, main and local. */
const TABLES_IN_USE = [253, 254, 255]

const remedy =
  "Run it in a lab's client namespace, where its load agent runs: `spillway up` creates one, and the chart's lab a pod"

/** Why this load may not run in these surroundings, or undefined. Pure: sends no packet, reads no file. */
export function objectionTo(plan: FloodPlan, surroundings: Surroundings): string | undefined {
  const { host } = plan.target
  if (!net.isIPv4(host)) return `the target ${host} is not an IPv4 address`
  const target = ipv4Number(host)
  if (!within(target, LAB)) return `the target ${host} lies outside the lab's network ${networkText(LAB)}`
  if (within(target, SOURCES))
    return `the target ${host} is in ${networkText(SOURCES)}, the source addresses of half-open clients`
  const [rule] = surroundings.rules
  if (rule !== undefined)
    return `a routing rule (ip rule, priority ${rule.priority}) may send packets another way than the tables say`
  const { toTarget } = surroundings
  return (
    (toTarget?.fate === 'local' ? objectionHere(host, toTarget, surroundings) : objectionBeyond(host, surroundings)) ??
    outOfBounds('durationMs', plan.durationMs ?? 1, LONGEST_MS) ??
    outOfBounds('ratePerSecond', plan.ratePerSecond ?? 1, HIGHEST_RATE) ??
    outOfBounds('maxSyns', plan.maxSyns ?? 1, MOST_SYNS) ??
    outOfBounds('sources', plan.sources ?? 1, MOST_SOURCES)
  )
}

/** The target is another host: the SYNs leave this namespace, so there must be no way from it but to the lab's neighbour. */
function objectionBeyond(host: string, surroundings: Surroundings): string | undefined {
  const { toTarget, routes, devices, forwarding } = surroundings
  const wide = routes.find(
    ({ fate, table, prefix }) => fate === 'unicast' && TABLES_IN_USE.includes(table) && prefix < SHORTEST_PREFIX,
  )
  if (wide !== undefined)
    return `this network namespace has an IPv4 default route (through ${nameOf(wide.device, devices)})`
  if (surroundings.ipv6DefaultRoute) return 'this network namespace has an IPv6 default route'
  if (toTarget?.fate !== 'unicast') return `there is no route to the target ${host}`
  const device = nameOf(toTarget.device, devices)
  if (toTarget.indirect || toTarget.device === undefined || device === 'lo')
    return `the target ${host} is not directly connected: packets would leave through ${device} and a gateway`
  // A router answers the SYN-ACKs to 198.19.0.0/16 with ICMP, which makes the server drop the half-open request.
  if (forwarding.includes(device))
    return `this network namespace forwards packets, so half-open requests would be answered (set net.ipv4.ip_forward to 0 in it)`
  return undefined
}

/**
 * The target is an address of this namespace. The SYNs stay, over loopback; every answer to their sources must end in a pair of
 * devices of which this namespace has both ends, and of which neither passes anything on.
 */
function objectionHere(host: string, toTarget: Route, surroundings: Surroundings): string | undefined {
  const { toSources, routes, devices } = surroundings
  const on = devices.find(({ index }) => index === toTarget.device)
  if (on?.loopback !== true)
    return `the target ${host} is an address of this network namespace, and not of its loopback device, which no packet leaves (it is of ${on?.name ?? 'none'})`
  const apart = `the target ${host} is an address of this network namespace, and its answers to ${networkText(SOURCES)} could leave it: `
  for (const way of [...toSources, ...routes.filter(isAmongSources)]) {
    const why = whyNotKept(way, devices)
    if (why !== undefined) return apart + why
  }
  if (!toSources.every((way) => way !== undefined && way.prefix >= SHORTEST_PREFIX && way.fate === 'unicast'))
    return `${apart}there is no route that keeps them here`
  return undefined
}

/** Whether a route is to some of the sources, and not to all and more. */
const isAmongSources = ({ destination, prefix, table }: Route): boolean =>
  TABLES_IN_USE.includes(table) && prefix >= SOURCES.prefix && within(destination, SOURCES)

/** What is dropped on the spot stays too. */
const ends: readonly Route['fate'][] = ['blackhole', 'unreachable', 'prohibit']

function whyNotKept(way: Route | undefined, devices: readonly Device[]): string | undefined {
  if (way === undefined) return 'there is no route to them'
  if (ends.includes(way.fate)) return undefined
  const name = nameOf(way.device, devices)
  if (way.fate !== 'unicast') return `${networkText(way)} is of this host itself (${way.fate}, ${name})`
  if (way.indirect || way.device === undefined)
    return `the route to ${networkText(way)} leads to a gateway or several ways`
  const device = devices.find(({ index }) => index === way.device)
  const other = device?.peer === undefined ? undefined : devices.find(({ index }) => index === device.peer)
  if (device?.kind !== 'veth' || other === undefined || other.peer !== device.index)
    return `the route to ${networkText(way)} is through ${name}, which is no veth pair with both ends here`
  if (!device.noArp)
    return `${name} would ask for the link addresses of hosts that are not there, and the answers fail (ip link set ${name} arp off)`
  for (const end of [device, other]) {
    if (end.master !== undefined) return `${end.name} is a port of ${nameOf(end.master, devices)}`
    if (end.programmed) return `a program looks at what ${end.name} sends or receives (tc or XDP), and may redirect it`
  }
  return undefined
}

const nameOf = (index: number | undefined, devices: readonly Device[]): string =>
  devices.find((device) => device.index === index)?.name ?? 'several devices'

/**
 * Throws a UsageError that says what is wrong, unless the calling thread is in a lab and the load within its limits. Gives the
 * name of the one device that its packets leave by: `lo` where the target is in the same namespace.
 */
export function refuseOutsideLab(plan: FloodPlan, surroundings = readSurroundings(plan.target.host)): string {
  const objection = objectionTo(plan, surroundings)
  if (objection !== undefined) throw new UsageError(`This load runs only inside a lab: ${objection}`, remedy)
  return nameOf(surroundings.toTarget?.device, surroundings.devices)
}

/** How often the guard looks again while packets are written: routes and devices may change. */
const LOOK_AGAIN_MS = 100

/** Looks again and again until it is disposed of, and tells `stop` once, with the UsageError, that this is a lab no more. */
export function keepGuarding(plan: FloodPlan, stop: (why: unknown) => void): Disposable {
  const timer = setInterval(() => {
    try {
      refuseOutsideLab(plan)
    } catch (error) {
      clearInterval(timer)
      stop(error)
    }
  }, LOOK_AGAIN_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Reads the surroundings of the calling thread. Throws a UsageError or a KernelError if they cannot be read. */
function readSurroundings(target: string): Surroundings {
  using routing = new Routing()
  const devices = routing.devices()
  const known = net.isIPv4(target)
  return {
    toTarget: known ? routing.lookUp(target) : undefined,
    toSources: SOME_SOURCES.map((source) => routing.lookUp(source)),
    routes: routing.routes(),
    rules: routing.extraRules(),
    devices,
    ipv6DefaultRoute: hasIpv6DefaultRoute(read('/proc/thread-self/net/ipv6_route', 'absent without IPv6')),
    forwarding: devices.flatMap(({ name }) =>
      read(`/proc/sys/net/ipv4/conf/${name}/forwarding`, 'a device without IPv4').trim() === '1' ? [name] : [],
    ),
  }
}

const UP = 0x1
const REJECT = 0x200

/** True if /proc/net/ipv6_route has a usable default route; the null route of a new namespace rejects. */
export function hasIpv6DefaultRoute(text: string): boolean {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some((fields) => {
      if (fields.length < 10) return false
      // Shorter than /8 counts as a default route, as for IPv4; ff00::/8 and link-local routes are longer.
      return Number.parseInt(fields[1]!, 16) < 8 && (flags(fields[8]) & (UP | REJECT)) === UP
    })
}

const flags = (hex: string | undefined): number => Number.parseInt(hex ?? '', 16)

const within = (address: number, { destination, prefix }: { destination: number; prefix: number }): boolean =>
  (address & (0xffff_ffff << (32 - prefix))) >>> 0 === destination

const ipv4Number = (address: string): number => Buffer.from(address.split('.').map(Number)).readUInt32BE(0)

const outOfBounds = (name: string, value: number, most: number): string | undefined =>
  value > 0 && value <= most ? undefined : `${name} must be above 0 and at most ${most}`

function read(path: string, mayBeAbsent?: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (mayBeAbsent !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new UsageError(
      `This load runs only inside a lab: ${path} cannot be read, so it is unknown whether this is one`,
      remedy,
    )
  }
}
