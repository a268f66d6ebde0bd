/** One line of the table: a measured ratio or share, and what it should be. */
export interface Row {
  what: string
  /** Undefined: not measured. */
  value: number | undefined
  unit: '×' | '%' | 'ms' | 's' | 'MB'
  target?: { most: number } | { least: number }
  /** What was measured in absolute terms, or why nothing was. */
  note: string
}

export const notMeasured = (what: string, why: string): Row => ({ what, value: undefined, unit: '×', note: why })

export function verdict(row: Row): string {
  if (row.value === undefined) return 'not measured'
  if (row.target === undefined) return ''
  const met = 'most' in row.target ? row.value <= row.target.most : row.value >= row.target.least
  return met ? 'met' : 'missed'
}

const written = (value: number | undefined, unit: string): string =>
  value === undefined ? '–' : `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ${unit}`

function target(row: Row): string {
  if (row.target === undefined) return ''
  return 'most' in row.target ? `≤ ${row.target.most} ${row.unit}` : `≥ ${row.target.least} ${row.unit}`
}

/** The rows as a Markdown table, in columns that also line up in a terminal. */
export function markdown(rows: readonly Row[]): string {
  const cells = [
    ['what', 'measured', 'target', '', 'medians of CPU time'],
    ...rows.map((row) => [row.what, written(row.value, row.unit), target(row), verdict(row), row.note]),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((line) => line[column]!.length)))
  const line = (texts: string[]): string => `| ${texts.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`
  return [line(cells[0]!), line(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(line)].join('\n')
}
