import { monotonicMs } from '#common/clock.ts'

/** After this many starts the event loop gets a turn, so that responses are read while a burst is still being sent. */
const MAX_STARTS_A_TURN = 64
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Calls `start` for each offset when its time has come, with the time for which it was scheduled. Timers have a
 * resolution of 1 ms, so everything due by now starts in the same turn. Nothing is skipped when the loop runs late: the
 * caller records how late. Resolves after the last start, or when the signal aborts.
 */
export function followSchedule(
  offsetsMs: Iterable<number>,
  start: (scheduledMs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const offsets = offsetsMs[Symbol.iterator]()
  const beganMs = monotonicMs()
  let timer: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  let next = offsets.next()

  const turn = (): void => {
    try {
      for (let starts = 0; ; starts++) {
        if (next.done === true || signal.aborted) {
          resolve()
          return
        }
        const waitMs = beganMs + next.value - monotonicMs()
        if (waitMs > 0) {
          timer = setTimeout(turn, Math.min(waitMs, LONGEST_TIMER_MS))
          return
        }
        if (starts === MAX_STARTS_A_TURN) {
          immediate = setImmediate(turn)
          return
        }
        start(beganMs + next.value)
        next = offsets.next()
      }
    } catch (error) {
      reject(error)
    }
  }
  const stop = (): void => {
    clearTimeout(timer)
    clearImmediate(immediate)
    resolve()
  }
  signal.addEventListener('abort', stop, { once: true })
  turn()
  return promise.finally(() => signal.removeEventListener('abort', stop))
}
