/** The boards as Grafana reads them: complete, explained, and made of metrics that exist. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { boards } from '#dashboards/index.ts'
import { toJson } from '#dashboards/json.ts'
import { metricsIn, panelsOf, questions } from '#dashboards/queries.ts'
import { metrics } from '#services/exporter/catalogue.ts'

/** What the boards read beside the exporter's metrics. The test of all queries asks a real Prometheus for each. */
const others = new Set([
  'up',
  'scrape_duration_seconds',
  'ALERTS',
  'ALERTS_FOR_STATE',
  'spillway_load_active',
  'spillway_backend_accepts_total',
  'spillway_backend_accept_wait_seconds_bucket',
  'spillway_backend_responses_total',
  'spillway_backend_request_duration_seconds_bucket',
  'spillway_backend_open_connections',
  'spillway_backend_fault',
  'spillway_backend_loop_lag_seconds',
  'k6_http_req_connecting_seconds',
  'k6_http_req_duration_seconds',
  'k6_http_reqs_total',
  'k6_iterations_total',
  'k6_dropped_iterations_total',
  'k6_vus_max',
])

const exporterNames = new Set(
  metrics.flatMap(({ name, type }) => (type === 'summary' ? [`${name}_sum`, `${name}_count`] : [name])),
)

const panels: [where: string, panel: Panel][] = [...boards.values()].flatMap((board) =>
  panelsOf(board).map((panel): [string, Panel] => [`${board.title}: ${panel.title}`, panel]),
)

test('every panel has a title, says what it means, when to worry and what it cannot tell, and asks something', () => {
  for (const [where, panel] of panels) {
    assert.ok(panel.title, where)
    const said = panel.description?.split('\n\n') ?? []
    assert.equal(said.length, 3, where)
    for (const [index, beginning] of ['', '**When to worry:** ', '**Limits:** '].entries()) {
      const words = said[index] ?? ''
      assert.ok(words.startsWith(beginning) && words.length - beginning.length >= 4, where)
    }
    if (panel.type === 'text') continue
    assert.ok((panel.targets ?? []).length > 0, `${where} asks something`)
    const { unit, thresholds, noValue } = panel.fieldConfig?.defaults ?? {}
    assert.ok(unit, `${where} has a unit`)
    assert.ok((thresholds?.steps.length ?? 0) > 0, `${where} has thresholds`)
    assert.match(noValue ?? '', /^\D/, `${where} shows an unknown number as unknown`)
    assert.equal(thresholds?.steps[0]?.color, 'text', `${where} gives an unknown number no colour`)
  }
})

test('no two panels of a board share an id or a title, and none lies on another', () => {
  for (const board of boards.values()) {
    const all = panelsOf(board)
    const ids = (board.panels ?? []).map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length, board.title)
    assert.equal(new Set(all.map(({ title }) => title)).size, all.length, board.title)
    // Panels of a closed row are moved when it is opened: they can lie on each other alone.
    const open = (board.panels ?? []).filter((panel) => panel.type !== 'row' || !('panels' in panel && panel.collapsed))
    const groups = [open, ...(board.panels ?? []).flatMap((panel) => ('panels' in panel ? [panel.panels] : []))]
    for (const group of groups) {
      const cells = group.flatMap(({ gridPos }) => {
        assert.ok(gridPos !== undefined && gridPos.x + gridPos.w <= 24, board.title)
        const { x, y, w, h } = gridPos
        return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`)
      })
      assert.equal(new Set(cells).size, cells.length, board.title)
    }
  }
})

test('every metric that a board reads exists', () => {
  for (const { where, expression } of questions(boards.values()))
    for (const name of metricsIn(expression))
      assert.ok(exporterNames.has(name) || others.has(name), `${where}: there is no ${name}`)
})

test('every board links to each of the others and marks faults and loads', () => {
  for (const board of boards.values()) {
    const siblings = [...boards.values()].filter((other) => other !== board).map(({ uid }) => `/d/${uid}`)
    assert.deepEqual(
      (board.links ?? []).map(({ url }) => url),
      siblings,
    )
    assert.deepEqual(
      (board.annotations.list ?? []).map(({ name }) => name),
      ['Faults', 'Loads', 'k6'],
    )
    assert.deepEqual(
      (board.annotations.list ?? []).map(({ enable }) => enable),
      [true, false, false],
    )
  }
})

test('the checked-in JSON is what the code generates', () => {
  const generate = fileURLToPath(new URL('../dashboards/generate.ts', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [generate, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

test('Grafana finds its home board and the data source that the boards start with, and fetches nothing', () => {
  const read = (file: string): string => readFileSync(new URL(`../deploy/grafana/${file}`, import.meta.url), 'utf8')
  const settings = read('grafana.ini')
  const [, folder, home = ''] = /^default_home_dashboard_path = (.+)\/(.+)\.json$/m.exec(settings) ?? []
  assert.ok(boards.has(home))
  assert.match(read('provisioning/dashboards/spillway.yml'), new RegExp(`^ +path: ${folder}$`, 'm'))
  assert.match(read('provisioning/datasources/prometheus.yml'), /^ +type: prometheus$/m)
  for (const off of ['reporting_enabled = false', 'check_for_updates = false', 'check_for_plugin_updates = false'])
    assert.ok(settings.includes(`\n${off}\n`), off)
  assert.ok(settings.includes('\npreinstall_disabled = true\n'))
  assert.doesNotMatch(settings, /install_plugins|^preinstall =/m)
})

test('the JSON says the same as the boards', () => {
  for (const board of boards.values()) assert.deepEqual(JSON.parse(toJson(board)), JSON.parse(JSON.stringify(board)))
})

test('metric names are told from functions, labels, keywords and numbers', () => {
  const expression =
    'max by (job, netns) (a_total{b="c{d}", e!~"f|g"} / on (h) group_left (i) rate(j:k[10s])) > bool 1e-9 or vector(0) * inf'
  assert.deepEqual([...metricsIn(expression)], ['a_total', 'j:k'])
})

test('a line goes on over one missed scrape, and ends where the exporter was away', () => {
  for (const board of boards.values())
    for (const panel of panelsOf(board)) {
      if (panel.type !== 'timeseries') continue
      const bridgedMs: unknown = panel.fieldConfig?.defaults.custom?.spanNulls
      assert.ok(typeof bridgedMs === 'number', `${board.title}: ${panel.title}`)
      // The lab is scraped once a second, a host at most once a minute; after five minutes an alert says that it is away.
      const [least, most] = board.uid === 'spillway-queues' ? [2000, 10_000] : [120_000, 300_000]
      assert.ok(bridgedMs > least && bridgedMs < most, `${board.title}: ${panel.title} bridges ${bridgedMs} ms`)
    }
})
