import type { Target } from '../agent/api.ts'

/** A target as the Host header writes it. */
export const hostHeader = ({ host, port }: Target): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
