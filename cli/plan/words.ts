/** What `spillway plan` prints: the answer first, then the table, then why, then how sure. */

import { duration, number } from '#common/quantities.ts'
import { type Answer, comparisonTable, disagreementInWords, type Judgement, type Table } from '#planner/answer.ts'
import { wrap } from '../terminal/lines.ts'

const WIDTH = 100

export function answerInWords(answer: Answer): string {
  const { settings, table, why, howSure, disagreements } = answer
  return [
    answer.question,
    ...paragraphs(answer.answer),
    ...section(
      'Set',
      settings.map(({ where, text }) => `${where.padEnd(7)} ${text}`),
    ),
    ...(table.rows.length > 0 ? ['', ...tableInWords(table)] : []),
    ...section('Why', paragraphs(why)),
    ...answer.lab.flatMap(judgementInWords),
    ...section('The prediction methods disagree', paragraphs(disagreements.map(disagreementInWords))),
    ...section('How sure', paragraphs(howSure)),
  ].join('\n')
}

function judgementInWords({ name, verdict, reason, predicted, measured, asItHappened, played }: Judgement): string[] {
  const { rows } = comparisonTable([predicted, measured, asItHappened])
  const { connections, scheduleLagP99Ms, acceptMs } = played
  const how = `${number(connections)} connections, 99 % of them within ${duration(scheduleLagP99Ms)} of their schedule${acceptMs === null ? '' : `; an accept took ${duration(acceptMs)}`}.`
  return [
    ...section(`The lab, ${name}: ${verdict}`, paragraphs([...(reason === null ? [] : [`${reason}.`]), how])),
    '',
    ...tableInWords({ columns: ['', 'predicted for this run', 'lab', 'simulated as it happened'], rows }),
  ]
}

const paragraphs = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => wrap(line, WIDTH - 4).map((part, i) => (i === 0 ? `  ${part}` : `    ${part}`)))

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => (line.startsWith('  ') ? line : `  ${line}`))]
}

function tableInWords({ columns, rows }: Table): string[] {
  const lines = [columns, ...rows]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines.map((line) => `  ${line.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd())
}
