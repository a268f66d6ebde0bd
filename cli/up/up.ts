/** The lab of `spillway up` and its live view. */

import { UsageError } from '#common/errors.ts'
import { Latest } from '#common/latest.ts'
import { ServiceError } from '#lab/endpoint.ts'
import { ExporterRelay } from '#lab/exporter-relay.ts'
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { type Gap, gapInWords } from '#lab/parts.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { findingCodesOf, wordsOf } from '#live/words.ts'
import { whyNotExact } from '#services/exporter/sampler/exact.ts'
import { showBoard } from '../board/shown.ts'
import { Terminal } from '../terminal/terminal.ts'
import { Controls } from './controls.ts'
import { line } from './line.ts'
import type { UpOptions } from './options.ts'
import { draw } from './screen.ts'

/**
 * Runs until a key, a signal, or the end of the lab; takes everything down before it returns. `onProgress` hears what
 * happens until the view takes over, and then an empty text.
 */
export async function watch(options: UpOptions, onProgress: (text: string) => void): Promise<void> {
  const refused = options.lab.exact === 'on' ? whyNotExact() : undefined
  if (refused !== undefined) throw new UsageError(`--exact on: ${refused}`, 'Leave it out, or say --exact auto')
  const stop = new AbortController()
  const release = stopOnSignals(stop)
  let lab: Lab | undefined
  onProgress(
    options.board === undefined ? 'Opening the metrics endpoint …' : 'Opening the metrics endpoint and the board …',
  )
  await using relay = await ExporterRelay.open(options.metrics, () => lab?.exporter, '--metrics')
  await using shown = options.board === undefined ? undefined : await showBoard(options.board, namespaces)
  try {
    lab = await Lab.start({ ...options.lab, signal: stop.signal, onProgress })
    onProgress('')
    const { over, gaps } = lab
    over.addEventListener('abort', () => stop.abort(over.reason), { once: true })
    const loads = new Loads(lab)
    const controls = new Controls(lab, loads, options.ratePerSecond, () => stop.abort())
    const views = new Latest(observe(lab, stop.signal))
    shown?.begin({ lab, loads }, views)
    // The view does not wait for the load: the first thing to see is a lab at rest.
    controls.begin().catch((error: unknown) => {
      // An agent that has just ended is restarted, and a lab that has ended says so itself: neither ends the view.
      if (error instanceof ServiceError && error.status === 0) controls.message = error.message
      else stop.abort(error)
    })
    await show({ views, controls, gaps }, { metrics: relay.url, board: shown?.url }, options)
    throwUnlessAsked(stop.signal)
  } catch (error) {
    if (error !== stop.signal.reason) throw error
    throwUnlessAsked(stop.signal)
  } finally {
    release()
    await lab?.stop()
  }
}

function every(ms: number, act: () => void): Disposable {
  const timer = setInterval(act, ms)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** An abort without a reason of its own was asked for, by a key or a signal. */
function throwUnlessAsked(signal: AbortSignal): void {
  if (signal.reason instanceof Error && signal.reason.name !== 'AbortError') throw signal.reason
}

/** The first signal ends the lab in order; the second does not wait for it. The kernel then clears up the rest. */
function stopOnSignals(stop: AbortController): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  }
  const onClosedOutput = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') stop.abort()
    else throw error
  }
  for (const signal of signals) process.on(signal, onSignal)
  process.stdout.on('error', onClosedOutput)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

interface Addresses {
  metrics: string
  board: string | undefined
}

/** What is shown: views as they come, what the keys do, and what was missing, also while no view comes. */
interface Shown {
  views: AsyncIterable<LabView>
  controls: Controls
  gaps: readonly Gap[]
}

const LOOK_MS = 250

async function show(shown: Shown, addresses: Addresses, options: UpOptions): Promise<void> {
  const { metrics, board } = addresses
  if (options.json) {
    if (board !== undefined) process.stderr.write(`Board at ${board}\n`)
    return showJson(shown)
  }
  if (process.stdout.isTTY) return showScreen(shown, addresses)
  process.stdout.write(`Metrics at ${metrics}/metrics\n${board === undefined ? '' : `Board at ${board}\n`}`)
  return showLines(shown)
}

async function showJson({ views, controls }: Shown): Promise<void> {
  for await (const view of views) {
    controls.see()
    if (!process.stdout.writableNeedDrain)
      process.stdout.write(`${JSON.stringify({ ...view, words: wordsOf(view), findings: findingCodesOf(view) })}\n`)
  }
}

async function showLines({ views, controls, gaps }: Shown): Promise<void> {
  let nextMs = 0
  let told = gaps.at(-1)
  // A gap is reported when it begins: no view comes during it.
  const tell = (): void => {
    const gap = gaps.at(-1)
    if (gap !== undefined && gap !== told) process.stdout.write(`${gapInWords(gap)}\n`)
    told = gap
  }
  using _ = every(LOOK_MS, tell)
  for await (const view of views) {
    controls.see()
    const nowMs = performance.now()
    if (nowMs < nextMs) continue
    nextMs = Math.max(nextMs + 1000, nowMs)
    process.stdout.write(`${line(view)}\n`)
  }
}

async function showScreen({ views, controls, gaps }: Shown, { metrics, board }: Addresses): Promise<void> {
  const terminal = new Terminal(process.stdin, process.stdout)
  let last: LabView | undefined
  let lastMs = 0
  const redraw = (): void => {
    if (last === undefined) return
    const { loadLine, message, showHelp } = controls
    const { columns, rows, colour } = terminal
    const ageMs = performance.now() - lastMs
    const screen = { columns, rows, colour, metricsUrl: metrics, boardUrl: board, loadLine, message, showHelp, ageMs }
    terminal.show(draw({ ...last, gaps }, screen))
  }
  terminal.open((key) => {
    controls.key(key)
    redraw()
  }, redraw)
  // Also while no view comes: what is old says so.
  using _ = every(LOOK_MS, redraw)
  terminal.show(['Spillway   waiting for the first sample …'])
  try {
    for await (const view of views) {
      last = view
      lastMs = performance.now()
      controls.see()
      redraw()
    }
  } finally {
    terminal.close()
  }
}
