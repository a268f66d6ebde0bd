/** Predicted and measured numbers as table cells, with their uncertainty. */

import { number, percent, UNKNOWN } from '#common/quantities.ts'
import { estimateInWords } from '#planner/answer.ts'
import type { Estimate, Quantity } from '#planner/outcome.ts'
import { type Html, html } from '../html.ts'
import { type Interval, intervals } from '../plots/intervals.ts'
import { NBSP, together } from '../quantities.ts'

/** The value, and below it the interval in which it may lie. */
export function estimateCell(quantity: Quantity, estimate: Estimate | undefined): Html {
  if (estimate === undefined) return html`<td class="number">${UNKNOWN}</td>`
  const [value, low, high] = [estimate.value, estimate.low, estimate.high].map((one) => exactly(quantity, one))
  if (estimate.high === Number.POSITIVE_INFINITY)
    return estimate.value > estimate.low
      ? html`<td class="number">${value} <span class="note">at least ${low}</span></td>`
      : html`<td class="number">at least ${low}</td>`
  return html`<td class="number">${value}${low !== high && html` <span class="note">${low} to ${high}</span>`}</td>`
}

/** A column's name with the colour in which its values are drawn; both start on one line. */
export function keyed(colour: Interval['colour'], name: string): Html {
  const [first, ...rest] = name.split(' ')
  return html`<span class="key"><i class="c-${String(colour)}"></i>${first}</span> ${rest.join(' ')}`
}

/** A number with the unit of its quantity. */
const exactly = (quantity: Quantity, value: number): string =>
  together(estimateInWords(quantity, { value, low: value, high: value }))

/** How far a prediction is above or below the measurement: in its own unit, and as a share of the measurement. */
export function errorInWords(quantity: Quantity, predicted: Estimate, measured: Estimate): string {
  if (exactly(quantity, predicted.value) === exactly(quantity, measured.value)) return '0'
  const error = predicted.value - measured.value
  const size = quantity.endsWith('Share')
    ? `${number(Math.abs(error) * 100)}${NBSP}points`
    : exactly(quantity, Math.abs(error))
  const share = measured.value === 0 ? '' : ` (${signed(error, together(percent(Math.abs(error / measured.value))))})`
  return `${signed(error, size)}${share}`
}

/**
 * The values of a quantity next to each other, if there are several; values that differ by less than a per cent, a tick or
 * two connections look the same.
 */
export const drawn = (quantity: Quantity, shown: readonly (Interval | undefined)[]): Html | undefined =>
  shown.filter((one) => one !== undefined).length < 2
    ? undefined
    : intervals(shown, quantity.endsWith('Share') ? 0.05 : quantity.endsWith('Ms') ? 20 : 10)

const signed = (value: number, size: string): string => `${value < 0 ? '−' : '+'}${size}`
