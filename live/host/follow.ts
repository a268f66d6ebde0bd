/** A host as its kernel shows it, snapshot by snapshot: by a sampler of our own. */
import { Identifier } from '#services/exporter/identity/identify.ts'
import type { OwnerRegister } from '#services/exporter/identity/owner-register.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { SnapshotStore } from '#services/exporter/snapshot-store.ts'
import { Sampling, type SamplingOptions } from './sampling.ts'

export interface FollowOptions extends SamplingOptions {
  /** Who holds which socket, for those who ask for more than a snapshot says. */
  owners?: OwnerRegister
  /** A sampler that has begun with these options already. */
  sampling?: Sampling | undefined
}

/**
 * Reads the kernel until `signal` ends it, and gives a snapshot at the pace that is asked for, or slower where the reader is
 * slower. The first comes as soon as the queues have been read once. Throws a UsageError if a namespace cannot be read.
 */
export async function* followHost(options: FollowOptions, signal: AbortSignal): AsyncGenerator<Snapshot> {
  const { proc = '/proc', sampling = new Sampling(options) } = options
  const identifier = new Identifier(proc, options.owners === undefined ? {} : { owners: options.owners })
  const store = new SnapshotStore(sampling.pace, identifier)
  let next = Promise.withResolvers<void>()
  const wake = (): void => next.resolve()
  signal.addEventListener('abort', wake, { once: true })
  try {
    let failed: { error: unknown } | undefined
    sampling
      .begin((raw) => {
        store.take(raw)
        wake()
      })
      .catch((error: unknown) => {
        failed = { error }
        wake()
      })
    while (!signal.aborted) {
      await next.promise
      next = Promise.withResolvers()
      if (failed !== undefined) throw failed.error
      if (signal.aborted) return
      const { snapshot } = store
      if (snapshot !== undefined) yield snapshot
    }
  } finally {
    signal.removeEventListener('abort', wake)
    identifier.close()
    await sampling.stop()
  }
}
