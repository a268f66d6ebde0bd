/** Serving the board of a host until a signal: from an exporter, or from a sampler of our own. */
import type { ListenTarget } from '#common/parse.ts'
import type { MomentSource } from '#live/host/moments.ts'
import type { AskLine } from '#live/line.ts'
import { openPage } from '../open-page.ts'
import { TOP_PACE } from '../top/pace.ts'

export interface HostBoard {
  listen: ListenTarget
  open: boolean
  allowedHosts?: readonly string[]
  /** Who waits at a listener. */
  waiting: AskLine
  /** As it was asked for: `--web`, `--listen`. */
  option: string
  /** The command that starts it again. */
  startAgain: string
}

/** Ends with `signal`, or throws what the source throws. */
export async function showHost(
  source: MomentSource,
  { listen, open, option, startAgain, waiting, allowedHosts = [] }: HostBoard,
  signal: AbortSignal,
): Promise<void> {
  const { startHostBoard } = await import('#services/board/host-board.ts')
  await using board = await startHostBoard({
    listen,
    allowedHosts,
    option,
    source,
    waiting,
    everyMs: TOP_PACE.everyMs,
    startAgain,
  })
  process.stdout.write(`Board at ${board.url}\n`)
  if (open) await openBoard(board.url)
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([board.sourceEnded, stopped])
}

/** In the user's browser; says where it is if there is none. */
export async function openBoard(url: string): Promise<void> {
  const complaint = await openPage(url)
  if (complaint !== undefined) process.stderr.write(`${complaint}\n`)
}
