import type { Machine } from '#lab/experiment/verdict.ts'

/** How a question was asked. */
export interface Asked {
  /** The command as it was typed. */
  command: string
  /** The same command with confirmation by a lab; undefined if there is nothing that a lab could play. */
  confirming: string | undefined
  /** ISO 8601. */
  at: string
  machine: Omit<Machine, 'driver'>
}
