/** Dates as access logs write them. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `26/Nov/2026:15:20:47.123 +0100`, of Apache, nginx and HAProxy: the zone and the fraction may be missing. */
export const LOG_DATE = String.raw`\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: [+-]\d{4})?`
const logDate = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?: ([+-])(\d{2})(\d{2}))?$/

/** Such a date in milliseconds since 1970, without a zone taken as UTC; NaN where it is none. */
export function logDateMs(text: string): number {
  const [
    ,
    day,
    month = '',
    year,
    hour,
    minute,
    second,
    fraction = '0',
    sign = '+',
    zoneHours = '0',
    zoneMinutes = '0',
  ] = logDate.exec(text) ?? []
  const at = months.indexOf(month)
  if (at === -1) return Number.NaN
  const ms = Date.UTC(Number(year), at, Number(day), Number(hour), Number(minute), Number(second))
  const sane =
    new Date(ms).getUTCDate() === Number(day) && Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60
  if (!sane && Number(second) !== 60) return Number.NaN
  const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  return ms + Number(`0.${fraction}`) * 1000 + (sign === '+' ? -zoneMs : zoneMs)
}
