/** What an entry of the catalogue is. */
import type { Evidence } from './evidence.ts'

/** What is read together, and gets old together. */
export type Reading = keyof NonNullable<Evidence['ages']>

export interface Finding {
  /** Its name in alerts, runbooks and JSON. It never changes its meaning. */
  code: string
  /** What it is concluded from: while one of these is too old it says nothing. */
  from: readonly Reading[]
  /** A symptom that is said beside its cause, not only in place of one. */
  beside?: true
  /** One or two sentences with the numbers, or undefined where the evidence is missing. */
  says(evidence: Evidence): string | undefined
}

/** What was read longer ago may be over. */
const TRUSTED_MS = 3000

/** Whether what was read of this kind is fresh enough to conclude from. */
export function isTrusted({ ages }: Evidence, reading: Reading): boolean {
  if (ages === undefined || !(reading in ages)) return true
  const ageMs = ages[reading]
  return ageMs !== undefined && ageMs <= TRUSTED_MS
}

/** What a finding says of the evidence, unless that is too old. */
export const saidBy = (finding: Finding, evidence: Evidence): string | undefined =>
  finding.from.every((reading) => isTrusted(evidence, reading)) ? finding.says(evidence) : undefined
