/** What `spillway try` prints. */
import type { Answer } from '#lab/card/card.ts'
import { wrap } from '../terminal/lines.ts'

const WIDTH = 96

/** An answer as a block of lines: the question, what was found, how, and what to set. */
export function answerInWords({ asks, how, found, notJudged, doesNotApply, lateMs }: Answer, number: number): string {
  const indent = (text: string, first = '   '): string[] =>
    wrap(text, WIDTH - first.length).map((line, at) => `${at === 0 ? first : ' '.repeat(first.length)}${line}`)
  const head = `${String(number).padStart(2)} ${asks}`
  if (doesNotApply !== undefined) return [head, ...indent(`does not apply: ${doesNotApply}`)].join('\n')
  if (found === null) return [head, ...indent(`not judged: ${notJudged}`)].join('\n')
  return [
    head,
    ...indent(found.says),
    ...(found.set === undefined ? [] : indent(found.set, '   set: ')),
    ...indent(`${how}; at worst ${Math.round(lateMs)} ms late`, '   how: '),
  ].join('\n')
}
