/** What a board shows, read from a Prometheus as Grafana reads it: names, values and colours. */
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { type Choices, isPrometheus, panelsOf, withChoices } from '#dashboards/queries.ts'
import type { Prometheus } from './prometheus.ts'

/** One line, number or row of a panel. */
export interface Shown {
  refId: string
  /** As the legend has it. */
  name: string
  labels: Record<string, string>
  value: number
}

/** What a panel shows at this moment. */
export async function shown(prometheus: Prometheus, panel: Panel, choices: Choices): Promise<Shown[]> {
  const answers = (panel.targets ?? []).filter(isPrometheus).map(async ({ refId = '', expr, legendFormat = '' }) => {
    const series = await prometheus.query(withChoices(expr, choices))
    return series.map(({ labels, value }) => ({
      refId,
      labels,
      value,
      name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_: string, label: string) => {
        const value = labels[label]
        // Grafana would show the name of the label itself.
        if (value === undefined)
          throw new Error(`${panel.title} names ${label}, which a series lacks: ${JSON.stringify(labels)}`)
        return value
      }),
    }))
  })
  return (await Promise.all(answers)).flat()
}

/** The panels of a board that are seen without scrolling on a screen of 1080 lines, closed rows left out. */
export const onFirstScreen = (board: Dashboard): Panel[] =>
  (board.panels ?? []).flatMap((panel) =>
    'panels' in panel || (panel.gridPos?.y ?? 0) + (panel.gridPos?.h ?? 0) > SCREEN_ROWS ? [] : [panel],
  )

/** Rows of Grafana's grid, 38 pixels each, below its bars. */
const SCREEN_ROWS = 26

/** A panel by its title. */
export function panelOf(board: Dashboard, title: string): Panel {
  const panel = panelsOf(board).find((candidate) => candidate.title === title)
  if (panel === undefined) throw new Error(`${board.title} has no panel '${title}'`)
  return panel
}

interface Step {
  value: number | null
  color: string
}

interface Override {
  matcher: { id: string; options?: unknown }
  properties: { id: string; value?: unknown }[]
}

/** The transformation that names and orders the columns of a table. */
interface Organize {
  renameByName: Record<string, string>
}

const renamed = (panel: Panel): Record<string, string> => {
  const organize = panel.transformations?.find(({ id }) => id === 'organize')
  return (organize?.options as Organize | undefined)?.renameByName ?? {}
}

/** The labels that are columns of a table. */
export const columnsOf = (panel: Panel): string[] => Object.keys(renamed(panel))

/** Where the cells of a table lead. */
export const linksOf = (panel: Panel): string[] =>
  ((panel.fieldConfig?.overrides ?? []) as Override[])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === 'links')
    .flatMap(({ value }) => (value as { url: string }[]).map(({ url }) => url))

/**
 * The colour that a value has by the thresholds of its panel, query or column; `undefined` where there is none: "no data".
 */
export function colorOf(panel: Panel, value: number | undefined, refId = ''): string {
  const { defaults, overrides = [] } = panel.fieldConfig ?? { defaults: {} }
  const column = renamed(panel)[(panel.targets ?? []).length > 1 ? `Value #${refId}` : 'Value']
  const own = (overrides as Override[])
    .filter(
      ({ matcher: { id, options } }) =>
        (id === 'byFrameRefID' && options === refId) || (id === 'byName' && options === column),
    )
    .flatMap(({ properties }) => properties)
    .find(({ id }) => id === 'thresholds')?.value as { steps: Step[] } | undefined
  const steps: Step[] = own?.steps ?? defaults.thresholds?.steps ?? []
  const reached = steps.filter(({ value: from }) => from === null || (value !== undefined && value >= from))
  return reached.at(-1)?.color ?? 'none'
}
