/** `spillway board`: the live board of a lab that something else has started. */
import { attach } from '#lab/attached.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { help, readOptions } from './options.ts'
import { showBoard } from './shown.ts'

const START_AGAIN = 'docker compose up -d'

/** What can be done only where the lab was started, and how. */
const unavailable = {
  sysctl: 'Set it in docker-compose.yml: a container cannot change the sysctls of its network namespace.',
  restart: 'Docker restarts it automatically.',
  'run experiment': 'Each experiment starts its own lab: use spillway run on the host.',
}

/** Runs until a signal. */
export async function board(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = stopOnSignal()
  await using shown = await showBoard(options.listen, undefined, unavailable, START_AGAIN)
  process.stdout.write(`Board at ${shown.url}\n`)
  try {
    const lab = await attach(options.addresses, stop.signal)
    const loads = new Loads(lab)
    shown.begin({ lab, loads }, observe(lab, stop.signal))
    await shown.ended
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}
