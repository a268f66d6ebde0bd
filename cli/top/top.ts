/** `spillway top`: the queues of a host as they are now. */
import type { HostFound } from '#findings/host/finding.ts'
import { askLineFrom, type HostMoment, type MomentSource, momentsFrom, momentsHere } from '#live/host/moments.ts'
import type { Sampling } from '#live/host/sampling.ts'
import type { AskLine } from '#live/line.ts'
import { placeInWords } from '../check/place.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { PatientOutput } from '../terminal/patient-output.ts'
import { Terminal } from '../terminal/terminal.ts'
import { Choice } from './choice.ts'
import { LineWatch } from './line-watch.ts'
import type { TopOptions } from './options.ts'
import { everyMsOf, paceOf, TOP_PACE } from './pace.ts'
import { draw, type Screen, table } from './screen.ts'

/** Rates need a second, findings two looks two seconds apart, and on a busy machine finding out whose the sockets are may take longer. */
const ONCE_AFTER_MS = 2500
const ONCE_AT_LAST_MS = 10_000
const JSON_EVERY_MS = 1000

/** Runs until a key or a signal; with --once until it has printed the table. */
export async function top(options: TopOptions, sampling?: Sampling): Promise<void> {
  const stop = stopOnSignal()
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    stop.abort()
  })
  const moments = momentsOf(options, sampling)
  const waiting = askLineOf(options, sampling)
  if (options.web !== undefined) {
    const { showHost } = await import('../board/host.ts')
    await showHost(moments, { ...options.web, waiting, option: '--web', startAgain: 'spillway top --web' }, stop.signal)
    return
  }
  const watched = new Watched(moments, stop.signal)
  if (options.json) await showJson(watched)
  else if (options.once || !process.stdout.isTTY) await showOnce(watched, options)
  else await showScreen(watched, waiting, options, stop)
}

/** The host moment by moment, and what is the matter while none comes. */
class Watched {
  notice: string | undefined
  readonly #moments: MomentSource
  readonly #signal: AbortSignal

  constructor(moments: MomentSource, signal: AbortSignal) {
    this.#moments = moments
    this.#signal = signal
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HostMoment> {
    const onGap = (words: string): void => {
      this.notice = words
    }
    for await (const moment of this.#moments(this.#signal, onGap)) {
      this.notice = undefined
      yield moment
    }
  }
}

const momentsOf =
  (options: TopOptions, sampling: Sampling | undefined): MomentSource =>
  (signal, onGap) => {
    const { exporter, namespaces, exact } = options
    const everyMs = everyMsOf(options)
    return exporter === undefined
      ? momentsHere({ namespaces, pace: paceOf(options), exact, everyMs, sampling }, signal)
      : momentsFrom(exporter, everyMs, signal, onGap)
  }

const askLineOf = ({ exporter }: TopOptions, sampling: Sampling | undefined): AskLine =>
  exporter !== undefined
    ? askLineFrom(exporter)
    : async (cookie) => (await sampling?.waiting(cookie)) ?? { why: 'The queues are not read here' }

/** What turns clients away, or soon will, by the place and who it is; the rest is for `spillway check`. */
const sentencesOf = (findings: readonly HostFound[]): string[] =>
  findings.flatMap(({ severity, about, who, words }) => {
    if (severity === 'note') return []
    const where = [...(about === undefined ? [] : [placeInWords(about)]), ...(who === undefined ? [] : [who])].join(' ')
    return [where === '' ? words : `${where}: ${words}`]
  })

async function showJson(watched: Watched): Promise<void> {
  const output = new PatientOutput(process.stdout)
  let nextMs = 0
  for await (const { view, findings } of watched) {
    const nowMs = performance.now()
    if (nowMs < nextMs || output.isBehind) continue
    nextMs = Math.max(nextMs + JSON_EVERY_MS, nowMs)
    output.write(`${JSON.stringify({ ...view, findings })}\n`)
  }
  output.end('')
}

async function showOnce(watched: Watched, options: TopOptions): Promise<void> {
  const choice = choiceOf(options)
  let firstMs: number | undefined
  for await (const { view, findings, evidence, source } of watched) {
    firstMs ??= performance.now()
    const isWhole = view.ownersAreKnown && evidence !== undefined
    if (performance.now() - firstMs < (isWhole ? ONCE_AFTER_MS : ONCE_AT_LAST_MS)) continue
    const screen = { columns: process.stdout.columns || 120, rows: 0, colour: false, notice: undefined, ageMs: 0 }
    const lines = table(view, choice, {
      ...screen,
      source,
      sentences: sentencesOf(findings),
    })
    process.stdout.write(`${lines.join('\n')}\n`)
    return
  }
}

function choiceOf({ order, filter }: TopOptions): Choice {
  const choice = new Choice()
  choice.order = order
  choice.filter = filter
  return choice
}

async function showScreen(
  watched: Watched,
  waiting: AskLine,
  options: TopOptions,
  stop: AbortController,
): Promise<void> {
  const terminal = new Terminal(process.stdin, process.stdout)
  const choice = choiceOf(options)
  let shown: { moment: HostMoment; atMs: number } | undefined
  const redraw = (): void => {
    if (shown === undefined) return
    const { columns, rows, colour } = terminal
    const { view, findings, source } = shown.moment
    const row = choice.expanded ? choice.arrange(view.rows)[choice.at] : undefined
    const screen: Screen = {
      columns,
      rows,
      colour,
      source,
      sentences: sentencesOf(findings),
      notice: watched.notice,
      ageMs: performance.now() - shown.atMs,
      line: lines.of(row?.cookie, choice.frozen),
    }
    terminal.show(draw(view, choice, screen))
  }
  const lines = new LineWatch(waiting, redraw)
  terminal.open((key) => {
    if (choice.key(key)) stop.abort()
    else redraw()
  }, redraw)
  // Also while no view comes: what is old says so.
  const timer = setInterval(() => {
    if (shown !== undefined && performance.now() - shown.atMs > 2 * TOP_PACE.screenEveryMs) redraw()
  }, TOP_PACE.screenEveryMs)
  terminal.show(['spillway top   reading the queues …'])
  try {
    for await (const moment of watched) {
      if (choice.frozen && shown !== undefined) continue
      shown = { moment, atMs: performance.now() }
      redraw()
    }
  } finally {
    clearInterval(timer)
    terminal.close()
  }
}
