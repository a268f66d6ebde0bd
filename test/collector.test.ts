/**
 * The block for an OpenTelemetry collector in docs/operating.md. A collector is not built here (it takes longer than all tests
 * together): its receiver takes Prometheus' own configuration, which promtool reads, and the rest is held against what the
 * collector's format and the exporter's catalogue say. The page tells with which collector the whole was seen.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { parse, stringify } from 'yaml'
import { metrics } from '#services/exporter/catalogue.ts'
import { defaultOptions } from '#services/exporter/options.ts'
import { blocksFor } from './support/code-blocks.ts'
import { findProgram, skipWithout } from './support/tools.ts'

interface Collector {
  receivers: { prometheus: { config: { scrape_configs: { static_configs: { targets: string[] }[] }[] } } }
  processors: { transform: { metric_statements: string[] } }
  exporters: Record<string, unknown>
  service: { pipelines: Record<string, Record<Kind, string[]>> }
}

const kinds = ['receivers', 'processors', 'exporters'] as const
type Kind = (typeof kinds)[number]

const page = fs.readFileSync(path.resolve(import.meta.dirname, '../docs/operating.md'), 'utf8')
const blocks = blocksFor(page, 'collector.yml')
const collector: Collector = parse(blocks[0] ?? '')

test('the page has one block, whose pipeline uses every part that it defines and no other', () => {
  assert.equal(blocks.length, 1)
  assert.deepEqual(Object.keys(collector).toSorted(), [...kinds, 'service'].toSorted())
  assert.deepEqual(Object.keys(collector.service.pipelines), ['metrics'])
  for (const kind of kinds)
    assert.deepEqual(collector.service.pipelines.metrics?.[kind], Object.keys(collector[kind]), kind)
})

test('what its receiver is told is a configuration of Prometheus, with the address at which the exporter listens', {
  skip: skipWithout('promtool'),
}, () => {
  const { config } = collector.receivers.prometheus
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-collector-'))
  try {
    fs.writeFileSync(path.join(place, 'prometheus.yml'), stringify(config))
    const { status, stdout, stderr } = spawnSync(findProgram('promtool')!, ['check', 'config', 'prometheus.yml'], {
      cwd: place,
      encoding: 'utf8',
    })
    assert.equal(status, 0, `${stdout}${stderr}`)
  } finally {
    fs.rmSync(place, { recursive: true })
  }
  assert.ok('port' in defaultOptions.listen)
  const { host, port } = defaultOptions.listen
  assert.deepEqual(config.scrape_configs[0]?.static_configs[0]?.targets, [`${host}:${port}`])
})

test('it makes sums of the counters without a type, and of no metric that can fall', () => {
  const [statement = ''] = collector.processors.transform.metric_statements
  // In a collector's file `$$` stands for `$`: what follows a single one would be a variable.
  assert.doesNotMatch(statement.replaceAll('$$', ''), /\$/)
  const [, of = '', not = ''] =
    /IsMatch\(metric\.name, "(.+?)"\) and not IsMatch\(metric\.name, "(.+?)"\)$/.exec(statement) ?? []
  const [included, excluded] = [of, not].map((pattern) => new RegExp(pattern.replaceAll('$$', '$')))
  const summed = metrics.map(({ name }) => name).filter((name) => included!.test(name) && !excluded!.test(name))
  const counters = metrics.filter(
    ({ name, type, help }) =>
      type === 'untyped' && name.startsWith('node_netstat_') && !/\b(now; a gauge|setting)\b/.test(help),
  )
  assert.ok(counters.length > 50)
  assert.deepEqual(
    summed,
    counters.map(({ name }) => name),
  )
})
