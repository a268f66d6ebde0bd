/**
 * Plain words for what is seen: what is happening, why, and what would fix it. One pure function, used wherever a lab or
 * a host is shown. It says the most important thing it is sure of, and nothing when it does not know.
 */
import { catalogue } from './catalogue.ts'
import type { Evidence } from './evidence.ts'
import { saidBy } from './finding.ts'

/** A finding that holds. */
export interface Found {
  code: string
  words: string
  beside: boolean
}

/** All that hold, causes before symptoms; no code twice. */
export function findingsOf(evidence: Evidence): Found[] {
  const found: Found[] = []
  for (const finding of catalogue) {
    if (found.some(({ code }) => code === finding.code)) continue
    const words = saidBy(finding, evidence)
    if (words !== undefined) found.push({ code: finding.code, words, beside: finding.beside === true })
  }
  return found
}

/** The first cause, and the first symptom that is said beside it; undefined if there is nothing to say. */
export function explain(evidence: Evidence): string | undefined {
  const [first, ...others] = findingsOf(evidence)
  if (first === undefined) return undefined
  const beside = first.code === 'readings-too-old' ? undefined : others.find((other) => other.beside)
  return beside === undefined ? first.words : `${first.words} ${beside.words}`
}
