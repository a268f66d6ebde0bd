/** What a finding about a host is. */
import type { HostEvidence, Place } from './evidence.ts'

/** `critical`: clients are turned away, or wait in vain, now. `warning`: they were, or soon will be. `note`: worth knowing. */
export const severities = ['critical', 'warning', 'note'] as const
export type Severity = (typeof severities)[number]

/** A line to type, where it belongs and what puts it in force. */
export interface Mend {
  line: string
  where: string
  after: string
}

export interface HostFound {
  code: string
  severity: Severity
  /** `certain`: the kernel says so. `likely`: it follows from what is known of the server. `possible`: it is one cause of several. */
  sure: 'certain' | 'likely' | 'possible'
  /** The listener, or the namespace alone; undefined for the whole machine. */
  about: Place | Pick<Place, 'netns' | 'own' | 'host'> | undefined
  /** Who, as it is said before the sentence: `nginx`. */
  who?: string | undefined
  /** One or two sentences, with the numbers. */
  words: string
  /** The numbers from which it was concluded. */
  evidence: Readonly<Record<string, number | string>>
  /** What mends it; the first is the best. */
  mends: readonly Mend[]
}

/** An entry of the catalogue: gives what it finds in the evidence. */
export type HostFinding = (host: HostEvidence) => Iterable<HostFound>
