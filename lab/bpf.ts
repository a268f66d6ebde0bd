import { ExactListeners } from '#kernel/bpf/listeners.ts'
import { KernelError } from '#kernel/errors.ts'

/** Why this process, and with it a lab's exporter, may not read listeners by BPF; undefined if it may. */
export function whyNoBpf(): string | undefined {
  try {
    new ExactListeners().close()
    return undefined
  } catch (error) {
    if (error instanceof KernelError) return error.message
    throw error
  }
}
