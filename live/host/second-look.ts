/** The second of two looks at a host, and what both say: loaded after the first. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import type { RawSnapshot } from '#services/exporter/sampler/message.ts'
import type { LookOptions } from './evidence.ts'
import { HostWatch } from './host-watch.ts'
import { lookAgain } from './looks.ts'
import type { SamplerHere } from './sampler-here.ts'

export async function evidenceOfLooks(
  here: SamplerHere,
  before: RawSnapshot,
  options: LookOptions,
): Promise<HostEvidence> {
  const watch = new HostWatch(options.proc)
  return watch.evidence(await lookAgain(here, before, { ...options, first: (pids) => watch.begin(pids) }))
}
