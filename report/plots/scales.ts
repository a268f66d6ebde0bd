/** Domains and ticks of axes. */

import { scaleLinear } from 'd3-scale'
import { byteUnit } from '#common/quantities.ts'
import { largest, smallest } from '../lane.ts'
import { inWords, type Quantity } from '../quantities.ts'
import type { Tick } from './frame.ts'

/** Ticks over time: a few for a narrow plot, more for a wide one. */
export function timeTicks(span: readonly [number, number]): { narrow: Tick[]; wide: Tick[] } {
  const scale = scaleLinear().domain(span).range([0, 1])
  const ticks = (count: number): Tick[] => {
    const found = scale.ticks(count)
    const step = (found[1] ?? 1000) - (found[0] ?? 0)
    const [size, unit] = step < 10 ? [1, 'ms'] : [1000, 's']
    const digits = Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9))
    return found.map((ms) => ({ at: scale(ms), label: `${(ms / size).toFixed(digits)} ${unit}` }))
  }
  return { narrow: ticks(4), wide: ticks(8) }
}

export interface Axis {
  top: number
  ticks: Tick[]
}

function unitOf(highest: number, quantity: Quantity): { unit: string; size: number } {
  if (quantity === 'bytes') return byteUnit(highest)
  return quantity === 'ms' && highest >= 1000 ? { unit: 's', size: 1000 } : { unit: 'ms', size: 1 }
}

/** An axis from 0 to a round number that is not below `highest`. */
export function axis(highest: number, quantity: Quantity, count = 4): Axis {
  const { unit, size } = unitOf(highest, quantity)
  const scale = scaleLinear()
    .domain([0, Math.max(highest / size, quantity === 'count' ? 1 : 1e-3)])
    .nice(count)
  const [, top = 1] = scale.domain()
  const values = scale.ticks(count).filter((value) => quantity !== 'count' || Number.isInteger(value))
  return {
    top: top * size,
    ticks: values.map((value) => ({
      at: value / top,
      label: value === 0 || quantity === 'count' ? inWords(value) : `${Number(value.toPrecision(6))} ${unit}`,
    })),
  }
}

/** A logarithmic axis; positions are powers of ten. */
export interface LogAxis {
  /** Exponents at both ends. */
  from: number
  to: number
  ticks: Tick[]
}

const rounds = [1, 2, 5, 10] as const

/** Keeps lines off the edge, in decades. */
const MARGIN = 0.05

/** From the round number below the smallest of these milliseconds to the one above the largest; 1 ms to 1 s if there are none. */
export function logAxis(values: readonly number[]): LogAxis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value))
  const low = Math.max(1e-3, positive.length === 0 ? 1 : smallest(positive))
  const high = Math.max(low, positive.length === 0 ? 1000 : largest(positive))
  const [from, to] = [Math.log10(roundBelow(low)) - MARGIN, Math.log10(roundAbove(high)) + MARGIN]
  const decades = Array.from({ length: 12 }, (_, at) => at - 3)
  const steps = to - from < 1.5 ? [1, 2, 5] : [1]
  const ticks = decades
    .flatMap((exponent) => steps.map((step) => step * 10 ** exponent))
    .map((ms) => ({ at: (Math.log10(ms) - from) / (to - from), label: tickInWords(ms) }))
  return { from, to, ticks: ticks.filter(({ at }) => at > -1e-9 && at < 1 + 1e-9) }
}

const roundBelow = (value: number): number => {
  const decade = 10 ** Math.floor(Math.log10(value) - 1e-9)
  return decade * rounds.findLast((round) => round * decade < value * 1.001)!
}
const roundAbove = (value: number): number => {
  const decade = 10 ** Math.floor(Math.log10(value) + 1e-9)
  return decade * rounds.find((round) => round * decade > value * 0.999)!
}

const tickInWords = (ms: number): string => {
  const [value, unit] = ms < 0.999 ? [ms * 1000, 'µs'] : ms < 999 ? [ms, 'ms'] : [ms / 1000, 's']
  return `${Number(value.toPrecision(3))} ${unit}`
}

/** A time on a logarithmic axis; zero, or a time shorter than the axis shows, is at its lower end. */
export const onLog = (ms: number, { from }: LogAxis): number => (ms > 0 ? Math.max(from, Math.log10(ms)) : from)
