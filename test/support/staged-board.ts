/** A board before states that a test makes: what the page does, without a lab. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveState } from '#live/state.ts'
import { stateOf } from '#live/testing/state.ts'
import { type BoardOptions, type StartedBoard, startBoard } from '#services/board/board.ts'

const INTERVAL_MS = 100
/** Two minutes are there before the first page opens. */
const PAST = 1200

export interface StagedBoard extends StartedBoard {
  /** What the page has ordered, in order. */
  readonly orders: unknown[]
  /** States come no more, for now. */
  hold(): void
  /** States come again. */
  goOn(): void
  /** The source ends, or fails with this. */
  end(error?: Error): void
}

/** States as `stateOf` makes them, ten a second, of which a test says what is other. */
export async function stagedBoard(
  changes: (index: number) => Partial<LiveState> = () => ({}),
  options: Partial<BoardOptions> = {},
): Promise<StagedBoard> {
  const orders: unknown[] = []
  const over = new AbortController()
  let held = false
  let failure: Error | undefined
  const startMs = Date.now() - PAST * INTERVAL_MS
  const source = async function* (): AsyncGenerator<LiveState> {
    for (let index = 0; !over.signal.aborted; index++) {
      const timeMs = startMs + index * INTERVAL_MS
      if (index > PAST) await sleep(INTERVAL_MS, undefined, { signal: over.signal }).catch(() => {})
      if (!held) yield stateOf({ sequence: index + 1, timeMs, monotonicMs: index * INTERVAL_MS, ...changes(index) })
    }
    if (failure !== undefined) throw failure
  }
  const board = await startBoard({
    listen: { host: '127.0.0.1', port: 0 },
    source: source(),
    plan: () => ({ stallMs: 0, longestWaitMs: 0, words: [], basis: [], backlog: undefined, sockets: [] }),
    actions: {
      experiments: [],
      unavailable: {},
      async perform(order) {
        orders.push(order)
        return 'It is done'
      },
    },
    ...options,
  })
  return {
    ...board,
    orders,
    hold() {
      held = true
    },
    goOn() {
      held = false
    },
    end(error) {
      failure = error
      over.abort()
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await board[Symbol.asyncDispose]()
    },
  }
}
