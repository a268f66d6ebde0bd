import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Reads again and again until the reading passes, and gives it; after `withinMs` fails with the last reading's complaint.
 * Only for reading: what is asked for must have no effect of its own.
 */
export async function eventually<Value>(
  read: () => Value | Promise<Value>,
  check: (value: Value) => void,
  withinMs = 10_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await read()
    try {
      check(value)
      return value
    } catch (complaint) {
      if (performance.now() > deadline) throw complaint
    }
    await sleep(20)
  }
}
