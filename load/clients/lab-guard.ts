/**
 * Packets from addresses that no host has are for labs only. Before one is written, the client's network namespace must
 * prove to be a lab's: no way out, and the target a neighbour in the network that RFC 2544 reserves for benchmarks.
 */
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import { UsageError } from '#common/errors.ts'
import type { HalfOpenLoad } from '../agent/api.ts'

/** A route of the main table, as /proc/net/route lists it; numbers in host order. */
export interface Route {
  device: string
  destination: number
  mask: number
  gateway: number
}

/** What is known of the network namespace in which the load would run. */
export interface Surroundings {
  routes: readonly Route[]
  ipv6DefaultRoute: boolean
  /** Devices from which packets are forwarded: net.ipv4.conf.DEVICE.forwarding. */
  forwarding: readonly string[]
  ownAddresses: readonly string[]
}

export type FloodPlan = Pick<HalfOpenLoad, 'target'> &
  Partial<Pick<HalfOpenLoad, 'durationMs' | 'ratePerSecond' | 'maxSyns' | 'sources'>>

export const MOST_SYNS = 50_000_000
const LONGEST_MS = 60_000
const HIGHEST_RATE = 10_000_000
const MOST_SOURCES = 65_536

const LAB = { network: 0xc612_0000, mask: 0xfffe_0000, text: '198.18.0.0/15' }
const SOURCES = { network: 0xc613_0000, mask: 0xffff_0000, text: '198.19.0.0/16' }
/** A route to half of the internet or more is a default route by another name (0.0.0.0/1 and 128.0.0.0/1). */
const SHORTEST_PREFIX_MASK = 0xff00_0000

const remedy = "Run it in a lab's client namespace, where its load agent runs: `spillway up` creates one"

/** Why this load may not run in these surroundings, or undefined. Pure: sends no packet, reads no file. */
export function objectionTo(plan: FloodPlan, surroundings: Surroundings): string | undefined {
  if (net.isIPv4(plan.target.host) === false) return `the target ${plan.target.host} is not an IPv4 address`
  const target = ipv4Number(plan.target.host)
  if (!within(target, LAB)) return `the target ${plan.target.host} lies outside the lab's network ${LAB.text}`
  if (within(target, SOURCES))
    return `the target ${plan.target.host} is in ${SOURCES.text}, the source addresses of half-open clients`
  if (surroundings.ownAddresses.includes(plan.target.host))
    return `the target ${plan.target.host} is an address of this network namespace, not of a lab's server`
  const wide = surroundings.routes.find(({ mask }) => mask >>> 0 < SHORTEST_PREFIX_MASK)
  if (wide !== undefined) return `this network namespace has an IPv4 default route (through ${wide.device})`
  if (surroundings.ipv6DefaultRoute) return 'this network namespace has an IPv6 default route'
  const route = surroundings.routes
    .filter(({ destination, mask }) => (target & mask) >>> 0 === destination)
    .toSorted((a, b) => b.mask - a.mask)[0]
  if (route === undefined) return `there is no route to the target ${plan.target.host}`
  if (route.gateway !== 0 || route.device === 'lo')
    return `the target ${plan.target.host} is not directly connected: packets would leave through ${route.device} and a gateway`
  // A router answers the SYN-ACKs to 198.19.0.0/16 with ICMP, which makes the server drop the half-open request.
  if (surroundings.forwarding.includes(route.device))
    return `this network namespace forwards packets, so half-open requests would be answered (set net.ipv4.ip_forward to 0 in it)`
  return (
    outOfBounds('durationMs', plan.durationMs ?? 1, LONGEST_MS) ??
    outOfBounds('ratePerSecond', plan.ratePerSecond ?? 1, HIGHEST_RATE) ??
    outOfBounds('maxSyns', plan.maxSyns ?? 1, MOST_SYNS) ??
    outOfBounds('sources', plan.sources ?? 1, MOST_SOURCES)
  )
}

/** Throws a UsageError that says what is wrong, unless the calling thread is in a lab and the load within its limits. */
export function refuseOutsideLab(plan: FloodPlan, surroundings = readSurroundings()): void {
  const objection = objectionTo(plan, surroundings)
  if (objection !== undefined) throw new UsageError(`This load runs only inside a lab: ${objection}`, remedy)
}

/** Reads the surroundings of the calling thread. Throws a UsageError if they cannot be read. */
function readSurroundings(): Surroundings {
  const routes = parseRoutes(read('/proc/thread-self/net/route'))
  const devices = [...new Set(routes.map(({ device }) => device))]
  return {
    routes,
    ipv6DefaultRoute: hasIpv6DefaultRoute(read('/proc/thread-self/net/ipv6_route', 'absent without IPv6')),
    forwarding: devices.filter((device) => read(`/proc/sys/net/ipv4/conf/${device}/forwarding`).trim() !== '0'),
    ownAddresses: Object.values(os.networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address),
    ),
  }
}

const UP = 0x1
const REJECT = 0x200

/** The usable routes in /proc/net/route: hexadecimal numbers in network order, read as little-endian. */
export function parseRoutes(text: string): Route[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length >= 8 && (flags(fields[3]) & (UP | REJECT)) === UP)
    .map((fields) => ({
      device: fields[0]!,
      destination: swapped(fields[1]!),
      gateway: swapped(fields[2]!),
      mask: swapped(fields[7]!),
    }))
}

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

const swapped = (hex: string): number => Buffer.from(hex, 'hex').readUInt32LE(0)

const within = (address: number, range: { network: number; mask: number }): boolean =>
  (address & range.mask) >>> 0 === range.network

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
