/** `spillway workshop`: a lab at rest, and the chapters beside its live board. */
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import { shownPace } from '#live/shown-pace.ts'
import { showBoard } from '../board/shown.ts'
import { ticking } from '../progress.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { checker } from './check/check.ts'
import { help, readOptions } from './options.ts'

/** Runs until a signal, or the end of the lab; takes everything down before it returns. */
export async function workshop(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const { backends, backlog, listen } = options
  const stop = stopOnSignal()
  await using shown = await showBoard(listen, namespaces, {}, 'spillway workshop', checker(process.cwd()))
  using stages = ticking({ lines: false })
  try {
    await using lab = await Lab.start({
      backends: Array.from({ length: backends }, () => ({ backlog })),
      ...shownPace,
      signal: stop.signal,
      onProgress: stages.say,
    })
    stages.say('')
    lab.over.addEventListener('abort', () => stop.abort(lab.over.reason), { once: true })
    shown.begin({ lab, loads: new Loads(lab) }, observe(lab, stop.signal))
    process.stdout.write(`Workshop at ${shown.url}/workshop\nCtrl-C ends it and takes the lab down\n`)
    await shown.ended
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  // An abort without a reason of its own was asked for by a signal.
  if (stop.signal.reason instanceof Error && stop.signal.reason.name !== 'AbortError') throw stop.signal.reason
}
