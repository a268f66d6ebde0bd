/** What recordings tell of a port goes before what two looks a moment apart do: it knows what came before, and its siblings. */
import { diagnose } from '../recording/diagnose.ts'
import type { HostEvidence, Place } from './evidence.ts'
import type { HostFinding, HostFound } from './finding.ts'

export const incidents: HostFinding = function* incidents({ recordings = [] }) {
  for (const port of recordings) yield* diagnose(port)
}

/** What two looks say of the same: of a queue that is full, stands still or has dropped. */
const ofAccepting = new Set([
  'accept-queue-overflows',
  'accept-queue-overflows-briefly',
  'backlog-small',
  'all-shards-stalled',
  'one-shard-stalled',
  'nobody-accepts',
  'workers-exhausted',
  'accept-queue-fills',
  'long-accept-wait',
  'shards-uneven',
])

/** Without what two looks say of a port whose recording was judged; without sums over the range, where recordings are kept at all. */
export function withoutWhatIsJudged(host: HostEvidence, found: readonly HostFound[]): readonly HostFound[] {
  const { recordings } = host
  if (recordings === undefined) return found
  const judged = found.filter(isOfRecording)
  const places = new Set(judged.filter(({ severity }) => severity !== 'note').map(({ about }) => keyOf(about)))
  return found.filter(
    (one) => isOfRecording(one) || !ofAccepting.has(one.code) || (!places.has(keyOf(one.about)) && !sums.has(one.code)),
  )
}

const sums = new Set(['accept-queue-overflows-briefly', 'backlog-small', 'shards-uneven'])

const isOfRecording = (found: HostFound): boolean => 'backlogCures' in found

const keyOf = (about: HostFound['about']): string => {
  if (about === undefined) return ''
  const { netns, host = '', address = '', port = 0 }: Partial<Place> = about
  return [host, netns, address, port].join(' ')
}
