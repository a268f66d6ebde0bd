/**
 * Where things are in a lab. 198.18.0.0/15 is set aside for benchmarks (RFC 2544), 2001:2::/48 for the same over IPv6
 * (RFC 5180): neither is ever routed. Hosts live in 198.18.0.0/24; half-open clients write SYNs from 198.19.0.0/16,
 * which the server routes to the client, where nobody answers.
 */
export const server = { address: '198.18.0.2', address6: '2001:2::2', device: 'server0' } as const
export const client = { address: '198.18.0.3', address6: '2001:2::3', device: 'client0' } as const
export const hostPrefix = 24
export const hostPrefix6 = 64
export const halfOpenSources = '198.19.0.0/16'

/** The port that the backends share. */
export const SHARED_PORT = 8080

/** The two hosts of a lab. */
export type Host = 'server' | 'client'
