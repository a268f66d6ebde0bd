/** Measuring in a lab while none of its parts is missing. */
import { UsageError } from '#common/errors.ts'
import { ServiceError } from './endpoint.ts'
import type { Lab } from './lab.ts'
import { gapInWords } from './parts.ts'

/** The exporter or the load agent was missing for a while: nothing follows from what was measured. */
export class Disturbed extends UsageError {}

/**
 * The result of `work`, unless a part was missing meanwhile: then this throws a Disturbed at once, or the reason if the
 * lab has ended. `signal` interrupts it; `work` gets a signal that aborts when its result is of no use.
 */
export async function undisturbed<Result>(
  lab: Lab,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted()
  const done = new AbortController()
  const over = AbortSignal.any([signal, lab.over, lab.gapped, done.signal])
  const { promise: cut, reject } = Promise.withResolvers<never>()
  over.addEventListener('abort', () => reject(over.reason), { once: true })
  try {
    return await Promise.race([work(over), cut])
  } catch (error) {
    const silent = lab.gapped.aborted || (error instanceof ServiceError && error.status === 0)
    // That a service is missing is often the first sign that the whole lab has ended.
    if (silent && !signal.aborted) await lab.mayEnd()
    lab.over.throwIfAborted()
    const [gap] = lab.gaps
    if (gap !== undefined && !signal.aborted) throw new Disturbed(gapInWords(gap), 'Run it again')
    throw error
  } finally {
    done.abort()
  }
}
