/** The kinds of panel that the boards consist of. Each must say what it shows, when to worry, and what its limits are. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import {
  type GraphThresholdsStyleConfig,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ScaleDistribution,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as timeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as text from '@grafana/grafana-foundation-sdk/text'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { type Color, datasource, type Level, levels } from './common.ts'

/** What a panel says about itself; shown when the mouse is over its title. */
export interface Explanation {
  title: string
  /** What the number is. */
  means: string
  worry: string
  /** What it does not show, and its resolution. */
  limits: string
}

/** PromQL, and the name of each of its series; `{{shard}}` is the value of a label. Drawn as a plain line if nothing is said. */
type Query = [expression: string, legend: string, drawn?: keyof typeof drawings]

export interface PanelSpec extends Explanation {
  unit: string
  levels: Level[]
  queries: Query[]
  /** In columns, of 24; 8 if left out. */
  width?: number
  height?: number
  /** The scale goes at least up to here; 1 if left out. */
  reaches?: number
  /** What stands there while there is nothing to show; a dash if left out. */
  empty?: string
}

export interface GraphSpec extends PanelSpec {
  /** Powers of ten, for what ranges from milliseconds to minutes. Zero cannot be drawn. */
  logarithmic?: boolean
  /** Where such a scale begins; a thousandth if left out. */
  smallest?: number
  /** Beside the graph, with the highest and the last value: for lines that must be told apart. */
  legendAsTable?: boolean
}

export type PanelBuilder = Builder<Panel>

/** What every kind of panel builder can be told. */
interface AnyPanel {
  title(title: string): this
  description(description: string): this
  datasource(reference: typeof datasource): this
  span(width: number): this
  height(height: number): this
}

interface ValuePanel extends AnyPanel {
  unit(unit: string): this
  thresholds(thresholds: Builder<ThresholdsConfig>): this
  noValue(text: string): this
  withTarget(target: Builder<Dataquery>): this
  overrideByQuery(queryRefId: string, properties: DynamicConfigValue[]): this
}

const fixed = (color: Color | string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor: color },
})
const dashes = (length: number, gap: number): DynamicConfigValue => ({
  id: 'custom.lineStyle',
  value: { fill: 'dash', dash: [length, gap] },
})
const noFill: DynamicConfigValue = { id: 'custom.fillOpacity', value: 0 }

/** How a query's lines differ from plain ones. */
const drawings = {
  limit: [dashes(10, 6), fixed('red'), noFill],
  /** Dashed in the colour of its shard, and not named a second time. */
  peak: [dashes(3, 3), noFill, { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } }],
  dashed: [dashes(3, 3), noFill],
  /** Of a stat: how many of what should be there are not. */
  missed: [
    {
      id: 'thresholds',
      value: {
        mode: 'absolute',
        steps: [
          { value: null, color: 'text' },
          { value: 1, color: 'red' },
        ],
      },
    },
  ],
} satisfies Record<string, DynamicConfigValue[]>

/** The same shard has the same colour on every panel, and so has the backend behind it. */
const shardColors = ['blue', 'orange', 'purple', 'green', 'yellow', 'super-light-blue', 'light-red', 'dark-purple']

/** Lines over time. */
export function graph(spec: GraphSpec): PanelBuilder {
  const panel = values(new timeseries.PanelBuilder(), spec, query)
  // Lines with a legend as a table are of many hosts, which have the same shards.
  for (const [index, color] of spec.legendAsTable ? [] : shardColors.entries())
    panel.overrideByRegexp(`/(#|backend-)${index + 1}( |$)/`, [fixed(color)])
  drawn(panel, spec)
  panel
    .min(spec.logarithmic ? (spec.smallest ?? 0.001) : 0)
    .lineWidth(1)
    .fillOpacity(spec.logarithmic ? 0 : 5)
    .showPoints(VisibilityMode.Never)
    .legend(legend(spec))
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .thresholdsStyle(thresholdLines(spec))
  return spec.logarithmic
    ? panel.scaleDistribution(new common.ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10))
    : panel.axisSoftMax(spec.reaches ?? 1)
}

function legend({ legendAsTable }: GraphSpec): common.VizLegendOptionsBuilder {
  const builder = new common.VizLegendOptionsBuilder().showLegend(true)
  return legendAsTable
    ? builder.displayMode(LegendDisplayMode.Table).placement(LegendPlacement.Right).calcs(['max', 'lastNotNull'])
    : builder.displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom)
}

/** One number for each series, as it is now: asked for this moment alone, so that none is older than it looks. */
export function number(spec: PanelSpec): PanelBuilder {
  const named = spec.queries.length > 1
  return drawn(values(new stat.PanelBuilder(), spec, instantQuery), spec)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(named ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
}

/** PromQL, the name of its lane, and its colour while the value is above 0. */
export type Lane = [expression: string, name: string, color: Color]

/** A lane for each series, coloured while its value is above 0. */
export function lanes(
  spec: Omit<PanelSpec, 'levels' | 'queries'> & { reads: Readonly<Record<string, string>> },
  queries: Lane[],
): PanelBuilder {
  const panel = values(
    new timeline.PanelBuilder(),
    { ...spec, levels: levels.none, queries: queries.map(([expression, name]): Query => [expression, name]) },
    query,
  )
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .mappings([valueMap(spec.reads)])
    .fillOpacity(80)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .legend(new common.VizLegendOptionsBuilder().showLegend(false))
  for (const [index, [, , color]] of queries.entries())
    panel.overrideByQuery(refId(index), [
      {
        id: 'thresholds',
        value: {
          mode: 'absolute',
          steps: [
            { value: null, color: 'transparent' },
            { value: 1e-9, color },
          ],
        },
      },
    ])
  return panel
}

/** Words in place of numbers, by number. */
export const valueMap = (reads: Readonly<Record<string, string>>): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(Object.entries(reads).map(([number, text]) => [number, { text }])),
})

/** A distribution over time: each row a bucket, the brighter the more. The query gives rates of buckets by `le`. */
export function distribution(spec: PanelSpec): PanelBuilder {
  return values(new heatmap.PanelBuilder(), spec, (expression) =>
    query(expression, '{{le}}').format(PromQueryFormat.Heatmap),
  )
    .calculate(false)
    .cellGap(1)
    .filterValues(new heatmap.FilterValueRangeBuilder().le(1e-9))
    .color(new heatmap.HeatmapColorOptionsBuilder().mode(heatmap.HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new heatmap.YAxisConfigBuilder().unit(spec.unit))
    .showLegend()
}

/** Words on the board itself, as Markdown. */
export function words(explanation: Explanation, markdown: string, width: number, height: number): PanelBuilder {
  return described(new text.PanelBuilder(), explanation, width, height).mode(text.TextMode.Markdown).content(markdown)
}

function described<Kind extends AnyPanel>(panel: Kind, spec: Explanation, width: number, height: number): Kind {
  return panel
    .title(spec.title)
    .description(`${spec.means}\n\n**When to worry:** ${spec.worry}\n\n**Limits:** ${spec.limits}`)
    .datasource(datasource)
    .span(width)
    .height(height)
}

const refId = (index: number): string => String.fromCharCode(65 + index)

/** What is not known is a dash or a sentence, never a zero. */
export function values<Kind extends ValuePanel>(
  panel: Kind,
  spec: PanelSpec,
  ask: (expression: string, legend: string) => DataqueryBuilder,
): Kind {
  described(panel, spec, spec.width ?? 8, spec.height ?? 7)
    .unit(spec.unit)
    .noValue(spec.empty ?? '–')
    .thresholds(thresholds(spec))
  for (const [index, [expression, legend]] of spec.queries.entries())
    panel.withTarget(ask(expression, legend).refId(refId(index)))
  return panel
}

function drawn<Kind extends ValuePanel>(panel: Kind, { queries }: PanelSpec): Kind {
  for (const [index, [, , how]] of queries.entries())
    if (how !== undefined) panel.overrideByQuery(refId(index), drawings[how])
  return panel
}

const query = (expression: string, legend: string): DataqueryBuilder =>
  new DataqueryBuilder().datasource(datasource).expr(expression).legendFormat(legend).range()

export const instantQuery = (expression: string, legend: string): DataqueryBuilder =>
  new DataqueryBuilder().datasource(datasource).expr(expression).legendFormat(legend).instant()

/** Below the first level stands what is not known, in the colour of text: never green. */
function thresholds({ levels }: PanelSpec): Builder<ThresholdsConfig> {
  const steps = levels.map(({ from, color }) => ({ value: from, color }))
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'text' }, ...steps])
}

/** Lines where worry begins; none where any value at all is worrying, since it would lie on the axis. */
function thresholdLines({ levels }: PanelSpec): Builder<GraphThresholdsStyleConfig> {
  const worrying = levels.filter(({ color }) => color !== 'green')
  const drawn = worrying.some(({ from }) => from > 1e-6)
  return new common.GraphThresholdsStyleConfigBuilder().mode(
    drawn ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
  )
}
