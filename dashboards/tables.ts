/** Tables: one row for each listener, alert, exporter or owner. */
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as table from '@grafana/grafana-foundation-sdk/table'
import { type Level, levels, unit } from './common.ts'
import { type Explanation, instantQuery, type PanelBuilder, valueMap, values } from './panels.ts'

/** In a link: the value of a label in the row that is clicked. */
export const cell = (label: string): string => `\${__data.fields.${label}}`

/** A column that holds a label. */
interface LabelColumn {
  label: string
  title: string
  /** Where a click leads. */
  link?: { title: string; url: string }
  /** In pixels; what remains is shared. */
  width?: number
}

/** A column that holds the value of a query. All queries give series with the same labels. */
interface ValueColumn {
  title: string
  expression: string
  unit: string
  levels: Level[]
  /** The whole cell takes the colour, not the number alone. */
  filled?: boolean
  /** Words in place of numbers, by number. */
  reads?: Record<string, string>
  /** Only sorted by. */
  hidden?: boolean
  width?: number
}

export interface TableSpec extends Explanation {
  labels: LabelColumn[]
  numbers: ValueColumn[]
  /** The title of the column by which rows are sorted, the highest first. */
  sortedBy?: string
  empty?: string
  width: number
  height: number
}

/** One row for each set of labels. Where there is no number, a value of 1 says no more than the labels: it is hidden. */
export function rows(spec: TableSpec, only = ''): PanelBuilder {
  const numbers = spec.numbers.length > 0 ? spec.numbers : [{ ...hiddenOne, expression: only }]
  const several = numbers.length > 1
  const name = (index: number): string => (several ? `Value #${String.fromCharCode(65 + index)}` : 'Value')
  const sorted = numbers.findIndex(({ title }) => title === spec.sortedBy)
  const panel = values(
    new table.PanelBuilder(),
    {
      ...spec,
      unit: unit.count,
      levels: levels.none,
      queries: numbers.map(({ expression }) => [expression, '']),
    },
    (expression, legend) => instantQuery(expression, legend).format(PromQueryFormat.Table),
  )
  for (const column of numbers) if (!column.hidden) panel.overrideByName(column.title, looks(column))
  for (const { title, link, width } of spec.labels)
    panel.overrideByName(title, [
      ...(link === undefined ? [] : [{ id: 'links', value: [{ ...link, targetBlank: false }] }]),
      ...widths(width),
    ])
  if (several) panel.withTransformation({ id: 'merge', options: {} })
  if (sorted >= 0) panel.withTransformation({ id: 'sortBy', options: { sort: [{ field: name(sorted), desc: true }] } })
  const shown = [
    ...spec.labels.map(({ label, title }) => [label, title] as const),
    ...numbers.flatMap(({ title, hidden }, index) => (hidden ? [] : [[name(index), title] as const])),
  ]
  return panel
    .withTransformation({
      id: 'filterFieldsByName',
      options: { include: { names: shown.map(([field]) => field) } },
    })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: {},
        indexByName: Object.fromEntries(shown.map(([field], index) => [field, index])),
        renameByName: Object.fromEntries(shown),
      },
    })
}

const hiddenOne = { title: 'Value', unit: unit.count, levels: levels.none, hidden: true }

function looks({ unit, levels: colors, filled, width, reads = {} }: ValueColumn): DynamicConfigValue[] {
  const steps = [{ value: null, color: 'text' }, ...colors.map(({ from, color }) => ({ value: from, color }))]
  const cell = colors.length === 0 ? 'auto' : filled ? 'color-background' : 'color-text'
  return [
    { id: 'unit', value: unit },
    { id: 'thresholds', value: { mode: 'absolute', steps } },
    { id: 'color', value: { mode: 'thresholds' } },
    { id: 'custom.cellOptions', value: { type: cell } },
    {
      id: 'mappings',
      value: [valueMap(reads)],
    },
    ...widths(width),
  ]
}

const widths = (width: number | undefined): DynamicConfigValue[] =>
  width === undefined ? [] : [{ id: 'custom.width', value: width }]
