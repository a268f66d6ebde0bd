/** The parts of a lab that must always run, and the gaps in which one did not. */
import type { Part } from './driver.ts'

/** A time in which a part was missing. */
export interface Gap {
  part: Part
  /** How it ended, e.g. `SIGKILL` or `status 1`; undefined where that is not known. */
  how: string | undefined
  /** By the wall clock, in milliseconds. */
  fromMs: number
  /** Undefined while it is missing. */
  toMs: number | undefined
}

/** How long after its end a gap is still reported. */
const RECENT_MS = 30_000
/** As many gaps as are remembered. */
const MOST_GAPS = 20

const nameOf = { exporter: 'The exporter', agent: 'The load agent' } as const
const missedOf = { exporter: 'there are no samples', agent: 'its loads have ended, and none could be started' } as const

/** What is missing, and since when. A part that is already missing is not counted twice. */
export class Parts {
  readonly #gaps: Gap[] = []
  readonly #onGap: (part: Part) => void

  /** `onGap` hears of each gap once, as it begins. */
  constructor(onGap: (part: Part) => void) {
    this.#onGap = onGap
  }

  /** The gaps so far, the latest last. */
  get gaps(): readonly Gap[] {
    return this.#gaps
  }

  missing(part: Part, how?: string): void {
    const open = this.#gaps.findLast((gap) => gap.part === part && gap.toMs === undefined)
    if (open !== undefined) {
      open.how ??= how
      return
    }
    this.#gaps.push({ part, how, fromMs: Date.now(), toMs: undefined })
    if (this.#gaps.length > MOST_GAPS) this.#gaps.shift()
    this.#onGap(part)
  }

  back(part: Part): void {
    for (const gap of this.#gaps) if (gap.part === part) gap.toMs ??= Date.now()
  }
}

/** A gap as a sentence. */
export function gapInWords({ part, how, fromMs, toMs }: Gap): string {
  const [name, missed, from] = [nameOf[part], missedOf[part], clock(fromMs)]
  // Where its end is not known it may have been running, but silent.
  if (how === undefined)
    return toMs === undefined
      ? `${name} has not answered since ${from}: ${missed} since then.`
      : `${name} did not answer from ${from} to ${clock(toMs)}: ${missed} in that time.`
  return toMs === undefined
    ? `${name} has ended (${how}) and is being restarted: ${missed} since ${from}.`
    : `${name} ended (${how}) and was restarted: ${missed} from ${from} to ${clock(toMs)}.`
}

/** What is missing now, or was within the last 30 s, in a sentence or two; undefined if nothing was. */
export function noticeOf(gaps: readonly Gap[], nowMs: number): string | undefined {
  const told = gaps.filter(({ toMs }) => toMs === undefined || nowMs - toMs < RECENT_MS)
  const lastOf = (part: Part): Gap | undefined => told.findLast((gap) => gap.part === part)
  const sentences = [lastOf('exporter'), lastOf('agent')].flatMap((gap) => (gap === undefined ? [] : [gapInWords(gap)]))
  return sentences.length === 0 ? undefined : sentences.join(' ')
}

const clock = (ms: number): string => new Date(ms).toLocaleTimeString('en-GB')
