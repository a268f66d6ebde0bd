/** Which expectations fail when what was recorded is damaged. */
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import type { Late } from '#lab/experiment/lateness.ts'
import { readingsOf } from '#lab/experiment/readings.ts'
import type { Recording } from '#lab/experiment/recording.ts'
import { weigh } from '#lab/experiment/verdict.ts'
import { damages } from './damage.ts'

/**
 * The sentences that fail for at least one kind of damage to what was recorded, of one case or of all, on a machine that
 * was at worst so late; those that are only not judged then are not among them.
 */
export function sentencesThatFail(
  experiment: Experiment,
  recordings: readonly Recording[],
  worst: Late | undefined,
): Set<string> {
  const failed = new Set<string>()
  const names = recordings.map((recording) => recording.case)
  for (const damage of Object.values(damages))
    for (const damaged of [names, ...names.map((name) => [name])]) {
      const copies = structuredClone([...recordings])
      for (const copy of copies) if (damaged.includes(copy.case)) damage(copy)
      const readings = Object.fromEntries(copies.map((copy) => [copy.case, readingsOf(copy)]))
      for (const { sentence, passed, notJudged } of weigh(experiment.judge(readings), worst))
        if (!passed && notJudged === null) failed.add(sentence)
    }
  return failed
}
