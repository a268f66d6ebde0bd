import type { EdgeLimits } from '#common/edge/limits.ts'

/** What readers of the exporter may take, all together. Twenty Prometheus servers and fifty boards stay far below. */
export const defaultLimits = { connections: 512, readers: 128 }
export type Limits = typeof defaultLimits

/** Longer than any scraper needs on the busiest machine. */
const HEADERS_MS = 10_000
const REQUEST_MS = 15_000

export const edgeLimits = ({ connections }: Limits): EdgeLimits => ({
  connections,
  headersMs: HEADERS_MS,
  requestMs: REQUEST_MS,
  remedy: 'close some, or raise --max-connections',
})
