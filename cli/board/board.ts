/** `spillway board`: the live board of a lab that something else has started. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describeError } from '#common/errors.ts'
import { attach } from '#lab/attached.ts'
import type { Lab } from '#lab/lab.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { help, readOptions } from './options.ts'
import { showBoard } from './shown.ts'

const AGAIN_MS = 500

/** What only whoever started the lab can do, and where. */
const unavailable = {
  sysctl: 'Set in docker-compose.yml: a container may not change the sysctls of its namespace.',
  restart: 'Docker starts it again by itself.',
  'run experiment': 'Experiments start labs of their own: spillway run, on the host.',
}

/** Runs until a signal. */
export async function board(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  await using shown = await showBoard(options.listen, undefined, unavailable)
  process.stdout.write(`Board at ${shown.url}\n`)
  try {
    const lab = await attach(options.addresses, stop.signal)
    const loads = new Loads(lab)
    shown.begin({ lab, loads }, again(lab, stop.signal))
    await shown.ended
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

/** The exporter may be started again: whoever watches then goes on with the new one. */
async function* again(lab: Lab, signal: AbortSignal): AsyncGenerator<LabView> {
  while (!signal.aborted) {
    try {
      yield* observe(lab, signal)
    } catch (error) {
      process.stderr.write(`${describeError(error)}\n`)
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})
  }
}
