import { explain } from '#findings/explain.ts'
import { noticeOf } from '#lab/parts.ts'
import type { LabView } from './view.ts'

/** What a person is told beside the numbers: what was missing a moment ago, and what happens and why; undefined if nothing. */
export function wordsOf(view: LabView): string | undefined {
  const sentences = [noticeOf(view.gaps, view.timeMs), explain(view)].filter((words) => words !== undefined)
  return sentences.length === 0 ? undefined : sentences.join(' ')
}
