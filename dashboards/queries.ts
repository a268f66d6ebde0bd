/** Every query that the boards send to Prometheus, as Grafana would send it. */
import type { Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard'
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'

/** A PromQL expression, and the panel, annotation or variable that it belongs to. */
export interface Question {
  where: string
  expression: string
}

/** What the variables of a board stand for; Grafana fills in the same. */
export interface Choices {
  netns: string
  port: string
  shard: string
  /** The span of rates, e.g. `10s`. */
  rateInterval: string
}

/** As when nothing is chosen. */
export const everything: Choices = { netns: '.+', port: '.+', shard: '.+', rateInterval: '10s' }

/** The panels of a board, those of its rows included, and the rows left out. */
export function panelsOf(board: Dashboard): Panel[] {
  return (board.panels ?? []).flatMap((panel) => (isRow(panel) ? panel.panels : [panel]))
}

/** What panels, annotations and variables of the boards ask. */
export function questions(boards: Iterable<Dashboard>, choices: Choices = everything): Question[] {
  return [...boards]
    .flatMap((board) => [
      ...panelsOf(board).flatMap((panel) =>
        (panel.targets ?? []).filter(isPrometheus).map(({ expr, refId }) => ({
          where: `${board.title}, panel '${panel.title}' ${refId}`,
          expression: expr,
        })),
      ),
      ...(board.annotations.list ?? []).map(({ name, expr = '' }) => ({
        where: `${board.title}, annotation '${name}'`,
        expression: expr,
      })),
      ...(board.templating.list ?? []).flatMap(({ name, query }) => {
        const asked = typeof query === 'string' ? /^label_values\((.+), (\w+)\)$/.exec(query) : null
        const [, selector, label] = asked ?? []
        return selector === undefined
          ? []
          : [{ where: `${board.title}, variable '${name}'`, expression: `count by (${label}) (${selector})` }]
      }),
    ])
    .map(({ where, expression }) => ({ where, expression: withChoices(expression, choices) }))
}

function withChoices(expression: string, { netns, port, shard, rateInterval }: Choices): string {
  const filled = expression
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$netns', netns)
    .replaceAll('$port', port)
    .replaceAll('$shard', shard)
  if (filled.includes('$')) throw new Error(`An unknown variable in ${expression}`)
  return filled
}

/** Words of PromQL that stand where a metric could. */
const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset', 'on', 'ignoring', 'by', 'without', 'inf', 'nan'])
const labelList = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g

/** The names of the metrics that an expression reads. */
export function metricsIn(expression: string): Set<string> {
  const bare = expression
    .replaceAll(/\{(?:"[^"]*"|[^"}])*\}|"[^"]*"/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(labelList, '')
  const names = [...bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\w)(?!\s*\()/g)].map(([name]) => name)
  return new Set(names.filter((name) => !keywords.has(name.toLowerCase())))
}

const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === 'row'

const isPrometheus = (target: Dataquery): target is prometheus.Dataquery => 'expr' in target
