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
  job: string
  instance: string
  netns: string
  port: string
  shard: string
  /** The span of rates, e.g. `10s`. */
  rateInterval: string
  /** How much time the board shows, e.g. `300s`. */
  range: string
}

/** As when nothing is chosen. */
export const everything: Choices = {
  job: '.+',
  instance: '.+',
  netns: '.+',
  port: '.+',
  shard: '.+',
  rateInterval: '10s',
  range: '300s',
}

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

/** An expression with what Grafana fills in. */
export function withChoices(expression: string, { rateInterval, range, ...chosen }: Choices): string {
  const values: Record<string, string> = { ...chosen, __rate_interval: rateInterval, __range: range }
  return expression.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`An unknown variable $${name} in ${expression}`)
    return value
  })
}

/** Words of PromQL that stand where a metric could. */
const keywords = new Set('and or unless bool offset on ignoring by without inf nan'.split(' '))
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

/** Whether a panel asks Prometheus. */
export const isPrometheus = (target: Dataquery): target is prometheus.Dataquery => 'expr' in target
