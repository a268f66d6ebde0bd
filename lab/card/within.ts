import { setTimeout as sleep } from 'node:timers/promises'

/** Whether something is done in time; it goes on if not. Throws what it throws in time. */
export async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const done = new AbortController()
  work.catch(() => {}) // what comes later is of no use
  try {
    return await Promise.race([work.then(() => true), sleep(ms, false, { signal: done.signal })])
  } finally {
    done.abort()
  }
}
