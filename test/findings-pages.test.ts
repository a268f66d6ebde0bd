/** A page for each finding, and nothing in it that does not exist: codes, alerts, experiments, metrics, counters. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { parse } from 'yaml'
import { metricsIn } from '#dashboards/queries.ts'
import { experiments } from '#experiments/catalogue.ts'
import { catalogue } from '#findings/catalogue.ts'
import { metrics } from '#services/exporter/catalogue.ts'

const folder = new URL('../docs/findings/', import.meta.url)
const codes = fs
  .readdirSync(folder)
  .filter((file) => file !== 'README.md')
  .map((file) => file.replace(/\.md$/, ''))
const read = (name: string): string => fs.readFileSync(new URL(`${name}.md`, folder), 'utf8')
const pages = codes.map((code) => ({ code, text: read(code) }))

const ruleFile = new URL('../deploy/prometheus/rules/spillway.yml', import.meta.url)
const { groups }: { groups: { rules: { alert?: string; labels?: { finding: string } }[] }[] } = parse(
  fs.readFileSync(ruleFile, 'utf8'),
)
const rules = groups.flatMap((group) => group.rules)
const alertNames = new Set(rules.flatMap(({ alert }) => alert ?? []))

/** What is found at a host alone, by `spillway check`. */
const ofHosts = [
  'backlog-small',
  'closed-after-accept',
  'conntrack-full',
  'shards-uneven',
  'softnet-drops',
  'sysctls-contradict',
]

const metricNames = new Set(metrics.map(({ name }) => name))

test('each finding and each alert has a page, and each page a finding or an alert', () => {
  const told = new Set([
    ...catalogue.map(({ code }) => code),
    ...rules.flatMap(({ labels }) => labels?.finding ?? []),
    ...ofHosts,
  ])
  assert.deepEqual([...codes].sort(), [...told].sort())
})

test('the list names each page once, by its heading', () => {
  const list = read('README')
  for (const { code, text } of pages) {
    const heading = /^# (.+)$/m.exec(text)?.[1]
    assert.equal(list.split(`[${heading}](${code}.md)`).length, 2, code)
  }
})

test('each page says what it looks like, why, how to be sure and what mends it, and is no longer than two screens', () => {
  for (const { code, text } of pages) {
    for (const part of ['What it looks like', 'Why', 'How to be sure', 'What mends it'])
      assert.match(text, new RegExp(`^## ${part}\n\n\\S`, 'm'), `${code}: ${part}`)
    assert.ok(text.includes(`Code \`${code}\``), code)
    assert.ok(text.split('\n').length < 80, `${code} is short`)
  }
})

test('the experiments that pages name can be run, and the alerts that they name are there', () => {
  const names = new Set(experiments.map(({ name }) => name))
  for (const { code, text } of pages) {
    for (const [, name = ''] of text.matchAll(/`spillway run ([\w-]+)`/g))
      assert.ok(names.has(name), `${code}: ${name}`)
    for (const [, name = ''] of text.matchAll(/`(Spillway\w+)`/g)) assert.ok(alertNames.has(name), `${code}: ${name}`)
  }
})

test('an alert is named on the page to which it sends its reader', () => {
  for (const { alert, labels } of rules)
    if (alert !== undefined && labels !== undefined) assert.ok(read(labels.finding).includes(`\`${alert}\``), alert)
})

test('the metrics and counters that pages name are those of the exporter and of the kernel', () => {
  for (const { code, text } of pages) {
    for (const [, block = ''] of text.matchAll(/^```promql\n([\s\S]*?)^```/gm))
      for (const name of metricsIn(block.replaceAll(/^#.*$/gm, '')))
        assert.ok(name === 'up' || metricNames.has(name), `${code}: ${name}`)
    for (const [, name = ''] of text.matchAll(
      /`((?:tcp_(?:port|listener|outgoing|namespace|memory)|unix_listener|udp_socket|listener_process|spillway)_\w+)(?:\{[^}`]*\})?`/g,
    ))
      assert.ok(metricNames.has(name), `${code}: ${name}`)
    for (const [, names = ''] of text.matchAll(/^\$ nstat -asz (.+)$/gm))
      for (const name of names.split(' '))
        assert.ok(metricNames.has(`node_netstat_${name.replace(/^(TcpExt|Tcp|Udp)/, '$1_')}`), `${code}: ${name}`)
  }
})
