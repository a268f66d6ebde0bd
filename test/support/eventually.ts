import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Reads again and again until a reading passes, and gives it; after `withinMs` fails with the last complaint, of the
 * reading or of the check. Only for reading: what is asked for must have no effect of its own.
 */
export async function eventually<Value>(
  read: () => Value | Promise<Value>,
  check: (value: Value) => void,
  withinMs = 10_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      const value = await read()
      check(value)
      return value
    } catch (complaint) {
      if (performance.now() > deadline) throw complaint
    }
    await sleep(20)
  }
}
