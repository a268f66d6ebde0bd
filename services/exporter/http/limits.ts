/** What readers of the exporter may take, all of it in one place: docs/exporter.md has the same list. */
import type { EdgeLimits } from '#common/edge/limits.ts'

/** All together, at the same time. Twenty Prometheus servers and fifty boards stay far below. */
export const defaultLimits = { connections: 512, readers: 128 }
export type Limits = typeof defaultLimits

/** Longer than any scraper needs on the busiest machine, to say what it wants, and to begin to encrypt. */
const HEADERS_MS = 10_000
const REQUEST_MS = 15_000
export const HANDSHAKE_MS = 10_000

export const edgeLimits = ({ connections }: Limits): EdgeLimits => ({
  connections,
  headersMs: HEADERS_MS,
  requestMs: REQUEST_MS,
  remedy: 'close some, or raise --max-connections',
})

/** A reader that has not taken a whole answer by then is cut off. Prometheus gives up after ten seconds by default. */
export const TAKEN_WITHIN_MS = 60_000
/** What answers hold in memory, all together: the oldest of those that are still not taken are cut off above it. */
export const MOST_UNREAD_BYTES = 134_217_728
/** A reader of /samples with more than this unread is cut off: a recording with a gap is worse than one that ends. */
export const MOST_UNREAD_SAMPLES_BYTES = 67_108_864

/** Passwords whose answer is remembered, right ones and wrong ones apart: as many as in the toolkit. */
export const REMEMBERED_PASSWORDS = 100
/** Passwords that wait to be hashed. Hashing one takes a tenth of a second or so: it is meant to be dear. */
export const WAITING_PASSWORDS = 32

/** CPU time that readings which are asked for at once may take after a quiet time: hundreds, of an ordinary host. */
export const LOOK_BURST_SECONDS = 1
