/** `spillway top`: the queues of a host as they are now. */
import os from 'node:os'
import { duration } from '#common/quantities.ts'
import type { HostFound } from '#findings/host/finding.ts'
import { HostFindings } from '#live/host/findings.ts'
import { followExporter, followHost } from '#live/host/follow.ts'
import { type MomentSource, momentsFrom, momentsHere } from '#live/host/moments.ts'
import { HostRows, type HostView } from '#live/host/rows.ts'
import type { Sampling } from '#live/host/sampling.ts'
import { placeInWords } from '../check/place.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { Terminal } from '../terminal/terminal.ts'
import { Choice } from './choice.ts'
import { help, readOptions, type TopOptions } from './options.ts'
import { paceOf, TOP_PACE } from './pace.ts'
import { draw, type Screen, table } from './screen.ts'

/** Rates need a second, findings two looks two seconds apart, and on a busy machine finding out whose the sockets are may take longer. */
const ONCE_AFTER_MS = 2500
const ONCE_AT_LAST_MS = 10_000
const JSON_EVERY_MS = 1000

/** Runs until a key or a signal; with --once until it has printed the table. */
export async function top(args: string[], sampling?: Sampling): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = stopOnSignal()
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    stop.abort()
  })
  if (options.web !== undefined) {
    const { showHost } = await import('../board/host.ts')
    await showHost(
      momentsOf(options, sampling),
      { ...options.web, option: '--web', startAgain: 'spillway top --web' },
      stop.signal,
    )
    return
  }
  const watched = new Watched(options, stop.signal, sampling)
  if (options.json) await showJson(watched)
  else if (options.once || !process.stdout.isTTY) await showOnce(watched, options)
  else await showScreen(watched, options, stop)
}

/** Views as they come, and what is the matter while none comes. */
class Watched {
  notice: string | undefined
  /** Worst first; none of what an exporter elsewhere reads, since they need its processes too. */
  findings: readonly HostFound[] = []
  readonly #options: TopOptions
  readonly #signal: AbortSignal
  readonly #sampling: Sampling | undefined

  constructor(options: TopOptions, signal: AbortSignal, sampling: Sampling | undefined) {
    this.#sampling = sampling
    this.#options = options
    this.#signal = signal
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<HostView> {
    const { exporter, namespaces } = this.#options
    const rows = new HostRows()
    const findings = exporter === undefined ? new HostFindings() : undefined
    const { everyMs } = TOP_PACE
    const pace = paceOf(this.#options)
    const snapshots =
      exporter === undefined
        ? followHost(
            { namespaces, pace, everyMs, sampling: this.#sampling, ...(findings && { owners: findings.owners }) },
            this.#signal,
          )
        : followExporter(exporter, everyMs, this.#signal, (words) => {
            this.notice = words
            rows.forget()
          })
    for await (const snapshot of snapshots) {
      this.notice = undefined
      this.findings = findings?.see(snapshot) ?? []
      yield rows.see(snapshot)
    }
  }
}

/** The same as moments, for a page. */
const momentsOf =
  (options: TopOptions, sampling: Sampling | undefined): MomentSource =>
  (signal, onGap) => {
    const { exporter, namespaces } = options
    const { everyMs } = TOP_PACE
    return exporter === undefined
      ? momentsHere({ namespaces, pace: paceOf(options), everyMs, sampling }, signal)
      : momentsFrom(exporter, everyMs, signal, onGap)
  }

const sourceOf = ({ exporter }: TopOptions, view: HostView): string =>
  exporter === undefined
    ? `Linux ${/^\d+\.\d+/.exec(os.release())?.[0] ?? os.release()}, read every ${duration(view.sampleIntervalMs)}`
    : `exporter at ${exporter}, which reads every ${duration(view.sampleIntervalMs)}`

/** What turns clients away, or soon will, by the place and who it is; the rest is for `spillway check`. */
const sentencesOf = (findings: readonly HostFound[]): string[] =>
  findings.flatMap(({ severity, about, who, words }) => {
    if (severity === 'note') return []
    const where = [...(about === undefined ? [] : [placeInWords(about)]), ...(who === undefined ? [] : [who])].join(' ')
    return [where === '' ? words : `${where}: ${words}`]
  })

async function showJson(watched: Watched): Promise<void> {
  let nextMs = 0
  for await (const view of watched) {
    const nowMs = performance.now()
    if (nowMs < nextMs || process.stdout.writableNeedDrain) continue
    nextMs = Math.max(nextMs + JSON_EVERY_MS, nowMs)
    process.stdout.write(`${JSON.stringify({ ...view, findings: watched.findings })}\n`)
  }
}

async function showOnce(watched: Watched, options: TopOptions): Promise<void> {
  const choice = choiceOf(options)
  let firstMs: number | undefined
  for await (const view of watched) {
    firstMs ??= performance.now()
    if (performance.now() - firstMs < (view.ownersAreKnown ? ONCE_AFTER_MS : ONCE_AT_LAST_MS)) continue
    const screen = { columns: process.stdout.columns || 120, rows: 0, colour: false, notice: undefined, ageMs: 0 }
    const lines = table(view, choice, {
      ...screen,
      source: sourceOf(options, view),
      sentences: sentencesOf(watched.findings),
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

async function showScreen(watched: Watched, options: TopOptions, stop: AbortController): Promise<void> {
  const terminal = new Terminal(process.stdin, process.stdout)
  const choice = choiceOf(options)
  let shown: { view: HostView; findings: readonly HostFound[]; atMs: number } | undefined
  const redraw = (): void => {
    if (shown === undefined) return
    const { columns, rows, colour } = terminal
    const screen: Screen = {
      columns,
      rows,
      colour,
      source: sourceOf(options, shown.view),
      sentences: sentencesOf(shown.findings),
      notice: watched.notice,
      ageMs: performance.now() - shown.atMs,
    }
    terminal.show(draw(shown.view, choice, screen))
  }
  terminal.open((key) => {
    if (choice.key(key)) stop.abort()
    else redraw()
  }, redraw)
  // Also while no view comes: what is old says so.
  const timer = setInterval(() => {
    if (shown !== undefined && performance.now() - shown.atMs > 2 * TOP_PACE.everyMs) redraw()
  }, TOP_PACE.everyMs)
  terminal.show(['spillway top   reading the queues …'])
  try {
    for await (const view of watched) {
      if (choice.frozen && shown !== undefined) continue
      shown = { view, findings: watched.findings, atMs: performance.now() }
      redraw()
    }
  } finally {
    clearInterval(timer)
    terminal.close()
  }
}
