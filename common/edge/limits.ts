/** What one client, or all together, may take of an edge. Ordinary clients never meet any of these. */
export interface EdgeLimits {
  /** Connections at the same time. Whoever comes after them is told so; idle ones make room first. */
  connections: number
  /** How long a request may take to end its headers. */
  headersMs: number
  /** How long a request may take to arrive, with its body. */
  requestMs: number
  /** What a person can do about too many connections. */
  remedy: string
}

/** How often it is looked for requests that take too long. */
export const CHECKED_EVERY_MS = 1000
/** Connections beyond the limit that are told why at the same time; those after them are closed without a word. */
export const MOST_REFUSED = 100
