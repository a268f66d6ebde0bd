/** What sysstat's sar has recorded of TCP: how many connections a second the kernel accepted in each interval. */
import { plural } from '#common/quantities.ts'
import { type Counted, countedArrivals } from './counts.ts'
import { momentMs } from './logs/dates.ts'
import type { Recorded, SaidOfRecording } from './recorded.ts'

const clock = String.raw`^(\d{2}):(\d{2}):(\d{2})(?: ([AP])M)?\s+`
const heading = new RegExp(`${clock}active/s\\s+passive/s\\s`)
const values = new RegExp(`${clock}[\\d.,]+\\s+([\\d.,]+)\\s`)
/** Any other heading ends a table. */
const otherHeading = new RegExp(`${clock}\\S*[a-z%]`)
/** `sadf -d`: HOST;SECONDS;DATE;… below a heading, and `sadf -p`: HOST SECONDS DATE - NAME VALUE. */
const sadfHeading = /^# hostname;interval;timestamp;.*;?passive\/s(?:;|$)/
const sadfValue = /^\S+\t(\d+)\t(\S+ \S+ ?\S*)\t-\tpassive\/s\t([\d.]+)$/

const DAY_MS = 86_400_000

/** What sar -n TCP printed, or sadf of the same file; undefined where a text is neither. */
export function arrivalsOfSar(file: string, lines: readonly string[], { seed }: SaidOfRecording): Recorded | undefined {
  const intervals = printed(lines) ?? exported(lines)
  if (intervals === undefined) return undefined
  const [first] = intervals
  const origin = first?.fromMs ?? 0
  const from0 = intervals.map(({ fromMs, toMs, count }) => ({ fromMs: fromMs - origin, toMs: toMs - origin, count }))
  return countedArrivals(file, from0, {
    how: `sar’s passive/s in ${plural(intervals.length, 'interval')}`,
    notes: ['what was dropped is not in it'],
    seed,
  })
}

/** Of each interval the clock tells only the end; where the first began stands in the heading. */
function printed(lines: readonly string[]): Counted[] | undefined {
  const intervals: Counted[] = []
  let [days, before] = [0, Number.NaN]
  let isOpen = false
  let isSar = false
  const momentIn = ([, hours, minutes, seconds, half]: readonly (string | undefined)[]): number => {
    const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half === 'P' ? 12 : 0)
    const ms = ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
    if (ms + days * DAY_MS < before) days++
    return ms + days * DAY_MS
  }
  for (const line of lines) {
    const head = heading.exec(line)
    const row = values.exec(line)
    if (head !== null) {
      // Long outputs repeat it, and it then bears the time of the row above.
      before = momentIn(head)
      isOpen = true
      isSar = true
    } else if (row !== null && isOpen) {
      const toMs = momentIn(row)
      const perSecond = Number(row[5]?.replace(',', '.'))
      if (toMs > before) intervals.push({ fromMs: before, toMs, count: (perSecond * (toMs - before)) / 1000 })
      before = toMs
    } else if (otherHeading.test(line)) isOpen = false
  }
  return isSar ? intervals : undefined
}

function exported(lines: readonly string[]): Counted[] | undefined {
  const head = lines.find((line) => sadfHeading.test(line))?.split(';')
  const column = head?.indexOf('passive/s') ?? -1
  const intervals = lines.flatMap((line): Counted[] => {
    const cells = line.split(';')
    const [, seconds, date = '', value] =
      head === undefined ? (sadfValue.exec(line) ?? []) : ['', cells[1], cells[2], cells[column]]
    const toMs = momentMs(date.trim())
    if (toMs === undefined || value === undefined) return []
    return [{ fromMs: toMs - Number(seconds) * 1000, toMs, count: Number(value) * Number(seconds) }]
  })
  return head === undefined && intervals.length === 0 ? undefined : intervals
}
