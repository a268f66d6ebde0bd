/** What `spillway plan` prints: the answer first, then the table, then why, then how sure. */
import { type Answer, disagreementInWords, type Table } from '#lab/planner/answer.ts'
import { wrap } from '../up/screen.ts'

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
    ...section('The ways of predicting disagree', paragraphs(disagreements.map(disagreementInWords))),
    ...section('How sure', paragraphs(howSure)),
  ].join('\n')
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
