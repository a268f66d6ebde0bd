import { calm } from '#findings/calm.ts'
import { explain, findingsOf } from '#findings/explain.ts'
import { noticeOf } from '#lab/parts.ts'
import type { LabView } from './view.ts'

/** What is said beside the numbers: which part was missing, and what happens and why; undefined if there is nothing to say. */
export function wordsOf(view: LabView): string | undefined {
  const sentences = [serverEndOf(view), noticeOf(view.gaps, view.timeMs), explain(view)].filter(
    (words) => words !== undefined,
  )
  return sentences.length === 0 ? undefined : sentences.join(' ')
}

function serverEndOf({ server }: LabView): string | undefined {
  if (server?.ended === undefined) return undefined
  const [how, ...lines] = server.ended.split('\n')
  const last = lines.length === 0 ? '' : ` The last lines that it wrote: ${lines.join(' ⏎ ')}`
  return `${server.name} has ended (${how}), and was not asked to.${last}`
}

/** The codes of all findings that hold, causes before symptoms: they never change, as the words may. */
export const findingCodesOf = (view: LabView): string[] => findingsOf(view).map(({ code }) => code)

/** That all is in order, where nothing else is said and it is certain. */
export const calmOf = (view: LabView): string | undefined => (wordsOf(view) === undefined ? calm(view) : undefined)
