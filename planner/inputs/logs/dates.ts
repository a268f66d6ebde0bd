/** Dates as logs write them. */
import { dateMs, epochUnit, isDate, isNumber, unitMs } from '../times.ts'

/** A date of either kind, or a Unix time whose size tells its unit, in milliseconds since 1970; undefined where it is neither. */
export function momentMs(value: unknown): number | undefined {
  if (typeof value === 'number') {
    const unit = epochUnit(value)
    return unit === undefined ? undefined : value * unitMs[unit]
  }
  if (typeof value !== 'string') return undefined
  if (isNumber(value)) return momentMs(Number(value))
  const ms = isDate(value) ? dateMs(value) : Number.NaN
  return Number.isFinite(ms) ? ms : undefined
}
