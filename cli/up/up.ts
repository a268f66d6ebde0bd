/** `spillway up`: the default lab and its live view. */

import { Door } from '#lab/door.ts'
import { explain } from '#lab/explain.ts'
import { Lab } from '#lab/lab.ts'
import { observe } from '#lab/observer.ts'
import type { LabView } from '#lab/view.ts'
import { Controls } from './controls.ts'
import { line } from './line.ts'
import { help, readOptions, type UpOptions } from './options.ts'
import { draw } from './screen.ts'
import { Terminal } from './terminal.ts'

/** Runs until a key, a signal, or the end of the lab; takes everything down before it returns. */
export async function up(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = new AbortController()
  const release = stopOnSignals(stop)
  let lab: Lab | undefined
  await using door = await Door.open(options.metrics, () => lab?.exporter, '--metrics')
  try {
    lab = await Lab.start({ ...options.lab, signal: stop.signal })
    lab.lost.then((reason) => stop.abort(new Error(reason)))
    const controls = new Controls(lab, options.ratePerSecond, () => stop.abort())
    // The view does not wait for the load: the first thing to see is a lab at rest.
    controls.begin().catch((error: unknown) => stop.abort(error))
    await show(lab, controls, door.url, options, stop.signal)
    throwUnlessAsked(stop.signal)
  } catch (error) {
    if (error !== stop.signal.reason) throw error
    throwUnlessAsked(stop.signal)
  } finally {
    release()
    await lab?.stop()
  }
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

async function show(lab: Lab, controls: Controls, url: string, options: UpOptions, signal: AbortSignal): Promise<void> {
  if (options.json) return showJson(lab, controls, signal)
  if (process.stdout.isTTY) return showScreen(lab, controls, url, signal)
  process.stdout.write(`Metrics at ${url}/metrics\n`)
  return showLines(lab, controls, signal)
}

async function showJson(lab: Lab, controls: Controls, signal: AbortSignal): Promise<void> {
  for await (const view of observe(lab, signal)) {
    controls.see(view)
    if (!process.stdout.writableNeedDrain)
      process.stdout.write(`${JSON.stringify({ ...view, words: explain(view) })}\n`)
  }
}

async function showLines(lab: Lab, controls: Controls, signal: AbortSignal): Promise<void> {
  let nextMs = 0
  for await (const view of observe(lab, signal)) {
    controls.see(view)
    const nowMs = performance.now()
    if (nowMs < nextMs) continue
    nextMs = Math.max(nextMs + 1000, nowMs)
    process.stdout.write(`${line(view)}\n`)
  }
}

async function showScreen(lab: Lab, controls: Controls, url: string, signal: AbortSignal): Promise<void> {
  const terminal = new Terminal(process.stdin, process.stdout)
  let last: LabView | undefined
  const redraw = (): void => {
    if (last === undefined) return
    const { loadLine, message, showHelp } = controls
    const { columns, rows, colour } = terminal
    terminal.show(draw(last, { columns, rows, colour, metricsUrl: url, loadLine, message, showHelp }))
  }
  terminal.open((key) => {
    controls.key(key)
    redraw()
  }, redraw)
  try {
    for await (const view of observe(lab, signal)) {
      last = view
      controls.see(view)
      redraw()
    }
  } finally {
    terminal.close()
  }
}
