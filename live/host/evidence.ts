/** Two looks at a host as evidence: what each listener is, what it holds, who accepts, and what its namespace counts. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import { HostWatch } from './host-watch.ts'
import { type LookOptions, lookTwice } from './looks.ts'

/** Looks twice and gives what was seen. Throws a UsageError or KernelError if a namespace cannot be read. */
export async function evidenceOfHost(options: LookOptions): Promise<HostEvidence> {
  const watch = new HostWatch(options.proc)
  return watch.evidence(await lookTwice({ ...options, first: (pids) => watch.begin(pids) }))
}
