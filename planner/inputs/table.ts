/** The rows of a text whose columns are separated by commas, semicolons or tabs (RFC 4180, and what spreadsheets make of it). */
import { UsageError } from '#common/errors.ts'

const separators = [',', ';', '\t'] as const
type Separator = (typeof separators)[number]

export interface Row {
  /** Of its beginning; the first is 1. */
  line: number
  /** Trimmed, without their quotes. */
  cells: string[]
}

/** In the words of a sentence: `columns separated by …`. */
export const separatorWords: Record<Separator, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' }

/** The separator of a heading: the one that stands in it most often; undefined where it is a single column. */
export function separatorOf(heading: string): Separator | undefined {
  const bare = heading.replaceAll(/"[^"]*"/g, '')
  const counts = separators.map((separator) => bare.split(separator).length - 1)
  const most = Math.max(...counts)
  return most === 0 ? undefined : separators[counts.indexOf(most)]
}

/**
 * Rows that have something in them, one after the other. A quoted cell may hold separators and ends of lines; `""` in it is
 * a quote. Throws a UsageError for a quote that is never closed.
 */
export function* rowsOf(file: string, text: string, separator: Separator | undefined): Generator<Row> {
  let line = 0
  let open: { line: number; parts: string[] } | undefined
  for (const part of linesOf(text)) {
    line++
    const odd = part.includes('"') && part.split('"').length % 2 === 0
    if (open === undefined && !odd) {
      const cells = cellsOf(part, separator)
      if (cells.some((cell) => cell !== '')) yield { line, cells }
      continue
    }
    open ??= { line, parts: [] }
    open.parts.push(part)
    if (!odd || open.parts.length === 1) continue
    yield { line: open.line, cells: cellsOf(open.parts.join('\n'), separator) }
    open = undefined
  }
  if (open !== undefined)
    throw new UsageError(
      `${file} line ${open.line}: a quote begins here and never ends`,
      'Close it, or leave quotes out',
    )
}

/** The lines of a text, whatever ends them. */
export function* linesOf(text: string): Generator<string> {
  const end = /\r\n|\n|\r/g
  let from = 0
  for (let found = end.exec(text); found !== null; found = end.exec(text)) {
    yield text.slice(from, found.index)
    from = end.lastIndex
  }
  if (from < text.length) yield text.slice(from)
}

function cellsOf(text: string, separator: Separator | undefined): string[] {
  if (!text.includes('"')) return (separator === undefined ? [text] : text.split(separator)).map((cell) => cell.trim())
  const cells: string[] = []
  let [cell, quoted] = ['', false]
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '"' && quoted && text[at + 1] === '"') cell += text[++at]!
    else if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += character
  }
  return [...cells, cell.trim()]
}
