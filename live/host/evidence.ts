/** Two looks at a host as evidence: what each listener is, what it holds, who accepts, and what its namespace counts. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { defaultPace } from '#services/exporter/sampler/pace.ts'
import { SamplerHere } from './sampler-here.ts'

/** More listeners than any host has: a look leaves none out. */
const MOST_LISTENERS = 1_000_000

export interface LookOptions {
  namespaces: readonly NamespaceSource[]
  proc?: string
  /** Between the two looks. */
  apartMs?: number
  /** Is called when nothing is left to do but to wait for the second look. */
  meanwhile?(): Promise<unknown>
  signal?: AbortSignal | undefined
}

/**
 * Looks twice and gives what was seen: in this thread, and first of all, since what becomes of it can be loaded while the looks lie
 * apart. Throws a UsageError or KernelError if a namespace cannot be read.
 */
export async function evidenceOfHost(options: LookOptions): Promise<HostEvidence> {
  const { namespaces, proc } = options
  using here = await SamplerHere.start({
    namespaces,
    ...(proc !== undefined && { proc }),
    // What is there at a look is looked at: nobody waits to see whether a socket serves.
    pace: { ...defaultPace, udpSettlesMs: 0 },
    selection: { wanted: [], most: MOST_LISTENERS },
  })
  const before = here.snapshot()
  const { evidenceOfLooks } = await import('./second-look.ts')
  return await evidenceOfLooks(here, before, options) // the sampler is closed with this function
}
