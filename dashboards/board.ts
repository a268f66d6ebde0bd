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

/** Panels under a heading; without a heading they are at the top. */
export interface Section {
  heading?: string
  panels: PanelBuilder[]
}

export interface BoardSpec {
  /** Its file, and the end of its address. */
  name: string
  title: string
  description: string
  sections: Section[]
}

/** The boards, in the order of the links at the top of each. */
const siblings = [
  ['queues', 'Queues'],
  ['listeners', 'Listeners'],
  ['connections', 'Connections'],
  ['handshake', 'Handshake and drops'],
  ['exporter', 'Exporter health'],
] as const

/** The board as Grafana reads it. */
export function board(spec: BoardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(uidOf(spec.name))
    .description(spec.description)
    .tags(['spillway'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-5m', to: 'now' })
    .timezone('browser')
    .refresh('2s')
    .timepicker(new TimePickerBuilder().refreshIntervals(['1s', '2s', '5s', '10s', '30s', '1m']))
    .variables(variables())
    .annotations(annotations())
    .links(siblings.filter(([name]) => name !== spec.name).map(([name, title]) => link(name, title)))
  for (const { heading, panels } of spec.sections) {
    if (heading !== undefined) builder.withRow(new RowBuilder(heading))
    for (const panel of panels) builder.withPanel(panel)
  }
  const built = builder.build()
  // The SDK puts links and annotations into a menu that is closed at first; without a placement they are in the bar.
  for (const item of [...(built.links ?? []), ...(built.annotations.list ?? [])]) delete item.placement
  // Links to a single panel go by its id: Grafana would number them anew at each load.
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1
  return built
}

const uidOf = (name: string): string => `spillway-${name}`

function link(name: string, title: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .icon('dashboard')
    .url(`/d/${uidOf(name)}`)
    .keepTime(true)
    .includeVars(true)
}

/** The lab's port is selected at first; where no such port exists, Grafana falls back to all. */
const LAB_PORT = '8080'

function variables() {
  const listeners = 'tcp_listener_accept_queue_limit'
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    choice('netns', 'Network namespace', `label_values(${listeners}, netns)`),
    choice('port', 'Port', `label_values(${listeners}{netns=~"$netns"}, port)`).current({
      text: [LAB_PORT],
      value: [LAB_PORT],
    }),
    choice('shard', 'Shard', `label_values(${listeners}{netns=~"$netns",port=~"$port"}, shard)`),
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

/** Grafana draws a region for as long as a value is above 0. All come from metrics, so nothing has to call Grafana. */
function annotations() {
  return [
    mark('Faults', 'red', 'max by (backend, fault) (spillway_backend_fault)', '{{backend}}: {{fault}}'),
    mark('Loads', 'blue', 'max by (kind) (spillway_load_active)', 'Load: {{kind}}'),
    mark('k6', 'light-blue', 'max by (load) (k6_vus_max)', 'k6: {{load}}'),
  ]
}

function mark(name: string, color: string, expression: string, title: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(true)
    .hide(false)
    .iconColor(color)
    .expr(expression)
    .target(new DataqueryBuilder().refId('Anno').expr(expression).range().interval('1s'))
    .step('1s')
    .titleFormat(title)
}
