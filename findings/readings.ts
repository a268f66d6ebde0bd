/** Readings that are too old to conclude anything from. */
import { duration } from '#common/quantities.ts'
import type { Evidence } from './evidence.ts'
import { type Finding, isTrusted, type Reading } from './finding.ts'

const kindWords: Record<Reading, string> = {
  listeners: 'The accept queues',
  synQueue: 'The half-open requests',
  connections: 'The connections',
  counters: "The kernel's counters",
  backends: 'The backends',
}

const lastRead = ({ ages }: Evidence, reading: Reading): string => {
  const ageMs = ages?.[reading]
  const asked = reading === 'backends' ? 'have last answered' : 'were last read'
  return ageMs === undefined
    ? `${kindWords[reading]} have not ${reading === 'backends' ? 'answered' : 'been read'} lately`
    : `${kindWords[reading]} ${asked} ${duration(Math.round(ageMs / 100) * 100)} ago`
}

/** Of the accept queues nothing can be said: this comes before all else. */
export const queuesTooOld: Finding = {
  code: 'readings-too-old',
  from: [],
  says(evidence) {
    const unread = evidence.shards.some(({ state }) => state === 'unread')
    if (isTrusted(evidence, 'listeners') && !unread) return undefined
    const words = isTrusted(evidence, 'listeners')
      ? 'The queue of a backend that listens has not been read lately'
      : lastRead(evidence, 'listeners')
    return `${words}: whether one is full now is not known. The exporter is stopped, or gets too little CPU time on a busy machine.`
  },
}

/** Something else is too old: said where there is nothing else to say. */
export const othersTooOld: Finding = {
  code: 'readings-too-old',
  from: ['listeners'],
  says(evidence) {
    const old = (['synQueue', 'connections', 'counters', 'backends'] as const).find(
      (reading) => !isTrusted(evidence, reading),
    )
    if (old === undefined) return undefined
    return `${lastRead(evidence, old)}: what is shown of them may be over. The machine is too busy to read them in time.`
  },
}
