/** The source addresses of half-open SYNs: 198.19.0.1 to 198.19.255.254, which no host has. */
const FIRST_SOURCE = 0xc613_0001
/** The range without its network and broadcast addresses, which a server in the same subnet does not accept as a host. */
const MOST_SOURCES = 65_534
const FIRST_PORT = 1024
const PORTS = 65_536 - FIRST_PORT

/** Gives the n-th pair of source address and port. */
export interface SynSource {
  address(n: number): number
  port(n: number): number
  /** The number of pairs before one repeats. */
  readonly pairs: number
}

/** Addresses first, then ports: consecutive SYNs differ in address, and no pair repeats before all have been used. */
export function countingSource(addresses: number): SynSource {
  const count = Math.min(addresses, MOST_SOURCES)
  const pairs = count * PORTS
  return {
    pairs,
    address: (n) => FIRST_SOURCE + (n % count),
    port: (n) => FIRST_PORT + (Math.floor(n / count) % PORTS),
  }
}

/** Any address with any port: a pair may repeat while the kernel still remembers it. */
export function randomSource(addresses: number, random: () => number): SynSource {
  const count = Math.min(addresses, MOST_SOURCES)
  return {
    pairs: count * PORTS,
    address: () => FIRST_SOURCE + Math.floor(random() * count),
    port: () => FIRST_PORT + Math.floor(random() * PORTS),
  }
}
