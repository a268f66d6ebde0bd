/** The kinds of panel that the boards consist of. Each must say what it shows, when to worry, and what its limits are. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import {
  type GraphThresholdsStyleConfig,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as text from '@grafana/grafana-foundation-sdk/text'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { datasource, type Level } from './common.ts'

/** What a panel says about itself; shown when the mouse is over its title. */
export interface Explanation {
  title: string
  /** What the number is. */
  means: string
  worry: string
  /** What it does not show, and its resolution. */
  limits: string
}

export interface PanelSpec extends Explanation {
  unit: string
  levels: Level[]
  /** PromQL, and the name of each of its series; `{{shard}}` is the value of a label. */
  queries: [expression: string, legend: string][]
  /** In columns, of 24; 8 if left out. */
  width?: number
  height?: number
  /** The top of the scale, if the number has one. */
  max?: number
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
}

/** Lines over time. */
export function graph(spec: PanelSpec): PanelBuilder {
  const panel = values(new timeseries.PanelBuilder(), spec, query)
    .min(0)
    .lineWidth(1)
    .fillOpacity(spec.levels.length > 0 ? 5 : 10)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .thresholdsStyle(thresholdLines(spec))
  return spec.max === undefined ? panel : panel.axisSoftMax(spec.max)
}

/** One number for each series, as it is now. */
export function number(spec: PanelSpec): PanelBuilder {
  return values(new stat.PanelBuilder(), spec, instantQuery)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(common.BigValueTextMode.ValueAndName)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
}

/** Labels as columns, one row for each series. `hidden` columns are of no use to a reader. */
export function list(spec: PanelSpec, hidden: string[]): PanelBuilder {
  return values(new table.PanelBuilder(), spec, (expression, legend) =>
    instantQuery(expression, legend).format(PromQueryFormat.Table),
  ).withTransformation({
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
      indexByName: {},
      renameByName: {},
    },
  })
}

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

/** An unknown number is a question mark, never a zero. */
function values<Kind extends ValuePanel>(
  panel: Kind,
  spec: PanelSpec,
  ask: (expression: string, legend: string) => DataqueryBuilder,
): Kind {
  described(panel, spec, spec.width ?? 8, spec.height ?? 7)
    .unit(spec.unit)
    .noValue('?')
    .thresholds(thresholds(spec))
  for (const [index, [expression, legend]] of spec.queries.entries())
    panel.withTarget(ask(expression, legend).refId(String.fromCharCode(65 + index)))
  return panel
}

const query = (expression: string, legend: string): DataqueryBuilder =>
  new DataqueryBuilder().datasource(datasource).expr(expression).legendFormat(legend).range()

const instantQuery = (expression: string, legend: string): DataqueryBuilder =>
  new DataqueryBuilder().datasource(datasource).expr(expression).legendFormat(legend).instant()

function thresholds({ levels }: PanelSpec): Builder<ThresholdsConfig> {
  const steps = levels.map(({ from, color }) => ({ value: from, color }))
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'green' }, ...steps])
}

/** A line where worry begins; none where any value at all is worrying, since it would lie on the axis. */
function thresholdLines({ levels }: PanelSpec): Builder<GraphThresholdsStyleConfig> {
  const drawn = levels.some(({ from }) => from > 1e-6)
  return new common.GraphThresholdsStyleConfigBuilder().mode(
    drawn ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
  )
}
