/** What surrounds the panels of a board: variables, links to the other boards, and annotations for faults and loads. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TimePickerBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { datasource } from './common.ts'
import type { PanelBuilder } from './panels.ts'
import { fromK6, select } from './select.ts'

/** Panels under a heading; without a heading they are at the top. */
interface Section {
  heading?: string
  /** Only the heading is seen until it is opened, and nothing is asked: for what most do not have or need. */
  collapsed?: boolean
  panels: PanelBuilder[]
}

export interface BoardSpec {
  /** Its file, and the end of its address. */
  name: BoardName
  title: string
  description: string
  /** What is shown at first, and how often it is asked anew; the lab's pace if left out. */
  shows?: { from: string; refresh: string }
  /** Lines go on over a gap of this length, a hiccup, and end at a longer one, an outage. */
  bridgesMs?: number
  sections: Section[]
}

/** The boards, in the order of the links at the top of each. */
const siblings = [
  ['fleet', 'Fleet'],
  ['queues', 'Queues'],
  ['listener', 'Listener'],
  ['connections', 'Connections'],
  ['handshake', 'Handshake'],
  ['exporter', 'Exporter health'],
] as const

export type BoardName = (typeof siblings)[number][0]

/** One missed scrape where there is one a minute. */
const BRIDGES_MS = 150_000

/** The board as Grafana reads it. */
export function board(spec: BoardSpec): Dashboard {
  const { from, refresh } = spec.shows ?? { from: 'now-5m', refresh: '2s' }
  const builder = new DashboardBuilder(spec.title)
    .uid(uidOf(spec.name))
    .description(spec.description)
    .tags(['spillway'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .timezone('browser')
    .refresh(refresh)
    .timepicker(new TimePickerBuilder().refreshIntervals(['1s', '2s', '5s', '10s', '30s', '1m', '5m']))
    .variables(variables())
    .annotations(annotations())
    .links(siblings.filter(([name]) => name !== spec.name).map(([name, title]) => link(name, title)))
  for (const { heading, collapsed = false, panels } of spec.sections) {
    if (collapsed) {
      const row = new RowBuilder(heading ?? '').collapsed(true)
      for (const panel of panels) row.withPanel(panel)
      builder.withRow(row)
      continue
    }
    if (heading !== undefined) builder.withRow(new RowBuilder(heading))
    for (const panel of panels) builder.withPanel(panel)
  }
  const built = builder.build()
  closeUp(built)
  // The SDK puts links and annotations into a menu that is closed at first; without a placement they are in the bar.
  for (const item of [...(built.links ?? []), ...(built.annotations.list ?? [])]) delete item.placement
  // Links to a single panel go by its id: Grafana would number them anew at each load.
  const all = (built.panels ?? []).flatMap((panel) => ('panels' in panel ? [panel, ...panel.panels] : [panel]))
  for (const [index, panel] of all.entries()) panel.id = index + 1
  for (const panel of all)
    if (panel.type === 'timeseries')
      Object.assign(panel.fieldConfig?.defaults.custom ?? {}, { spanNulls: spec.bridgesMs ?? BRIDGES_MS })
  return built
}

/** The SDK leaves room below a closed row for what is in it. */
function closeUp({ panels = [] }: Dashboard): void {
  let room = 0
  for (const panel of panels) {
    if (panel.gridPos !== undefined) panel.gridPos.y -= room
    if (!('panels' in panel) || !panel.collapsed) continue
    const top = panel.gridPos?.y ?? 0
    const bottoms = panel.panels.map(({ gridPos }) => (gridPos === undefined ? 0 : gridPos.y - room + gridPos.h))
    for (const { gridPos } of panel.panels) if (gridPos !== undefined) gridPos.y -= room
    room += Math.max(0, ...bottoms) - top - 1
  }
}

/** The address of a board. */
export const uidOf = (name: BoardName): string => `spillway-${name}`

function link(name: BoardName, title: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon('dashboard')
    .url(`/d/${uidOf(name)}`)
    .keepTime(true)
    .includeVars(true)
}

function variables() {
  // Beside exporters a lab has backends and a load agent, with jobs of their own.
  const parts = '__name__=~"spillway_exporter_info|spillway_backend_accepts_total|spillway_load_active"'
  const ports = '__name__=~"tcp_listener_accept_queue_limit|udp_socket_receive_queue_limit_bytes"'
  const host = 'job=~"$job",instance=~"$instance"'
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    choice('job', 'Job', `label_values({${parts}}, job)`),
    choice('instance', 'Instance', `label_values({${parts},job=~"$job"}, instance)`),
    choice('netns', 'Network namespace', `label_values({${ports},${host}}, netns)`),
    choice('port', 'Port', `label_values({${ports},${host},netns=~"$netns"}, port)`),
    choice(
      'shard',
      'Shard',
      `label_values(tcp_listener_accept_queue_limit{${host},netns=~"$netns",port=~"$port"}, shard)`,
    ),
  ]
}

/** Several values can be selected; at first, all are. */
function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NumericalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: ['All'], value: ['$__all'] })
}

/**
 * Grafana draws a region for as long as a value is above 0. All come from metrics, so nothing has to call Grafana. Some
 * seconds without a scrape do not split a region.
 */
function annotations() {
  const known = (selected: string): string => `last_over_time(${selected}[15s])`
  return [
    mark(
      'Faults',
      'red',
      true,
      `max by (backend, fault) (${known(select('spillway_backend_fault'))})`,
      '{{backend}}: {{fault}}',
    ),
    mark('Loads', 'blue', false, `max by (kind) (${known(select('spillway_load_active'))})`, 'Load: {{kind}}'),
    mark('k6', 'light-blue', false, `max by (load) (${known(fromK6('k6_vus_max'))})`, 'k6: {{load}}'),
  ]
}

function mark(
  name: string,
  color: string,
  enabled: boolean,
  expression: string,
  title: string,
): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(enabled)
    .hide(false)
    .iconColor(color)
    .expr(expression)
    .target(new DataqueryBuilder().refId('Anno').expr(expression).range().interval('1s'))
    .step('1s')
    .titleFormat(title)
}
