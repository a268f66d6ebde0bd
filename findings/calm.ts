/** That all is in order: said only where it is certain. */
import { type Evidence, moves } from './evidence.ts'
import { findingsOf } from './explain.ts'

/** In older readings something may have begun that is not seen yet. */
const FRESH_MS = 1000

/** A sentence, or undefined where something is not in order, or not known. */
export function calm(evidence: Evidence): string | undefined {
  const { shards, portView, ages, clients } = evidence
  const fresh = ages === undefined || Object.values(ages).every((ageMs) => ageMs !== undefined && ageMs <= FRESH_MS)
  if (!fresh || portView?.synQueue === undefined || portView.synQueue.length >= 10) return undefined
  const inOrder = shards.every(
    ({ state, stalled, faults, fill, dropsPerSecond }) =>
      state === 'listening' && !stalled && faults.length === 0 && fill < 0.5 && dropsPerSecond === 0,
  )
  if (shards.length === 0 || !inOrder || moves(evidence, 'ListenDrops') > 0) return undefined
  if (findingsOf(evidence).length > 0) return undefined
  const nobodyWaits = shards.every(({ length }) => length === 0)
  if (clients.startedPerSecond === 0)
    return nobodyWaits ? 'All is calm: nobody connects, and every queue is empty.' : undefined
  const accepts = shards.some(({ processes }) => processes.some(({ acceptsPerSecond }) => (acceptsPerSecond ?? 0) > 0))
  return accepts || nobodyWaits ? 'All is calm: every connection is accepted.' : undefined
}
