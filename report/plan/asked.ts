import type { Machine } from '#lab/experiment/verdict.ts'

/** How a question came to be asked. */
export interface Asked {
  /** As the person typed it. */
  command: string
  /** The same with a lab as judge; undefined where there is nothing that a lab could play. */
  confirming: string | undefined
  /** ISO 8601. */
  at: string
  machine: Omit<Machine, 'driver'>
}
