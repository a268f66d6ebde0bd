/** What a queue holds and how much fits, in the unit that it counts in. */
import { bytes, number, UNKNOWN } from '#common/quantities.ts'
import type { QueueView } from '#live/state.ts'

type Counted = Pick<QueueView, 'limit' | 'unit'>

/** As much fits: N + 1 connections, or N bytes. */
export const roomOf = ({ limit, unit }: Counted): number => (unit === 'bytes' ? limit : limit + 1)

export const amount = (value: number, unit: QueueView['unit']): string =>
  unit === 'bytes' ? bytes(value) : number(value)

/** A figure, or a dash where it is not known. */
export const ifKnown = (value: number | undefined, write: (value: number) => string): string =>
  value === undefined ? UNKNOWN : write(value)
