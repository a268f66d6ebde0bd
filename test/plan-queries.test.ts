/** Queries to a real Prometheus: counters, rates, increases and recording rules give the same number of connections. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { Prometheus as Asked } from '#planner/inputs/prometheus.ts'
import { queriedArrivals } from '#planner/inputs/queried.ts'
import type { SaidOfSamples } from '#planner/inputs/recorded.ts'
import { savedArrivals, savedSeries } from '#planner/inputs/saved-answer.ts'
import { Prometheus } from './support/prometheus.ts'
import { writeSamples } from './support/remote-write.ts'
import { skipWithout } from './support/tools.ts'

const PER_SECOND = 27
const EVERY_SECONDS = 15
const SAMPLES = 100

test('whatever a query gives, a load of 27 connections a second is read as one', {
  skip: skipWithout('prometheus'),
}, async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-rules-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const rules = path.join(folder, 'rules.yml')
  // Evaluated so seldom that only what is written here is there.
  const rule = { record: 'connections_lately', expr: 'increase(web_connections_total{instance="a"}[1m])' }
  fs.writeFileSync(rules, JSON.stringify({ groups: [{ name: 'web', interval: '1h', rules: [rule] }] }))
  await using prometheus = await Prometheus.start({ rule_files: [rules] })

  const now = Math.floor(Date.now() / 1000)
  const at = (i: number) => now - (SAMPLES - 1 - i) * EVERY_SECONDS
  const written = (labels: Record<string, string>, value: (i: number) => number, has = (_i: number) => true) => ({
    labels,
    samples: Array.from({ length: SAMPLES }, (_, i) => ({ atSeconds: at(i), value: value(i) })).filter((_, i) =>
      has(i),
    ),
  })
  const counter = (i: number) => 40_000 + i * EVERY_SECONDS * PER_SECOND
  await writeSamples(prometheus.url, [
    written({ __name__: 'web_connections_total', instance: 'a' }, counter),
    written({ __name__: 'node_netstat_Tcp_PassiveOpens', instance: 'a' }, (i) => counter(i) / 3),
    written({ __name__: 'node_netstat_Tcp_PassiveOpens', instance: 'b' }, (i) => (counter(i) * 2) / 3),
    written({ __name__: 'restarted_total' }, (i) => (i < 50 ? counter(i) : (i - 50) * EVERY_SECONDS * PER_SECOND)),
    written({ __name__: 'gappy_total' }, counter, (i) => i < 40 || i >= 60),
    written({ __name__: 'connections_lately', instance: 'a' }, () => PER_SECOND * 60),
    written({ __name__: 'job:connections:rate5m' }, () => PER_SECOND),
    written({ __name__: 'open_connections' }, () => PER_SECOND),
  ])

  const arrivals = (query: string, samples?: SaidOfSamples) =>
    queriedArrivals(new Asked(prometheus.url), { query, rangeMs: 1_800_000, stepMs: 15_000, seed: 1, samples })
  for (const [query, how, samples] of [
    ['sum(rate(node_netstat_Tcp_PassiveOpens[1m]))', /rates every 15 s/],
    [
      'sum(rate(node_netstat_Tcp_PassiveOpens[5m]))',
      /each is an average over 5 min: peaks that are shorter were higher/,
    ],
    ['web_connections_total', /a counter, whose increases are taken/],
    ['web_connections_total{instance="a"}', /a counter, whose increases are taken/],
    ['sum(node_netstat_Tcp_PassiveOpens)', /a counter, whose increases are taken/],
    ['sum by (job) (node_netstat_Tcp_PassiveOpens{instance=~"a|b"})', /a counter/],
    ['sum(node_netstat_Tcp_PassiveOpens) without (instance)', /a counter/],
    ['increase(web_connections_total[1m])', /what came within 60 s, divided by 60/],
    ['sum(increase(node_netstat_Tcp_PassiveOpens[5m]))', /what came within 5 min, divided by 300/],
    ['increase(web_connections_total[1m]) / 60', /rates every/],
    ['connections_lately', /what came within 60 s, divided by 60/],
    ['job:connections:rate5m', /each is an average over 5 min/],
    ['restarted_total', /1 reset in it/],
    ['gappy_total', /1 gap without samples \(5 min 15 s in all\)/],
    ['open_connections', /rates every/, 'rate'],
    ['rate(web_connections_total[1m]) * 60', /what came within 60 s/, { windowMs: 60_000 }],
  ] as const) {
    const { atMs, source } = await arrivals(query, samples)
    const perSecond = ((atMs.length - 1) / atMs.at(-1)!) * 1000
    // Arrivals are drawn at random, and of the first window a Prometheus sees a part only.
    assert.ok(Math.abs(perSecond - PER_SECOND) < PER_SECOND * 0.1, `${query}: ${perSecond}`)
    assert.match(source, how, query)
  }

  for (const [query, samples] of [
    ['sum(rate(node_netstat_Tcp_PassiveOpens[1m]))'],
    ['web_connections_total'],
    ['sum(node_netstat_Tcp_PassiveOpens)'],
    ['sum(increase(node_netstat_Tcp_PassiveOpens[5m]))'],
    ['job:connections:rate5m'],
    ['restarted_total'],
    ['gappy_total'],
    ['connections_lately', { windowMs: 60_000 }],
    ['open_connections', 'rate'],
  ] as const) {
    const words = new URLSearchParams({ query, start: String(at(0)), end: String(now), step: String(EVERY_SECONDS) })
    const text = await (await fetch(`${prometheus.url}/api/v1/query_range?${words}`)).text()
    const { atMs } = savedArrivals('saved.json', savedSeries('saved.json', text) ?? [], { query, samples, seed: 1 })
    const perSecond = ((atMs.length - 1) / atMs.at(-1)!) * 1000
    assert.ok(Math.abs(perSecond - PER_SECOND) < PER_SECOND * 0.1, `${query}, saved: ${perSecond}`)
  }

  for (const [query, problem, remedy] of [
    ['open_connections', /names open_connections, of which the server tells no kind/, /--samples rate/],
    ['rate(web_connections_total[1m]) * 60', /divides a rate by a number of seconds \(\* 60\)/, /--samples 1m/],
    [
      'node_netstat_Tcp_PassiveOpens',
      /returns 2 series, which differ in instance/,
      /sum\(…\); or choose one: \{instance="a"\}/,
    ],
    ['rate(node_netstat_Tcp_PassiveOpens[1m])', /returns 2 series, which differ in instance/, /sum/],
    ['missing_total', /returns no series/, /name/],
  ] as const)
    await assert.rejects(arrivals(query), (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.match(error.message, problem)
      assert.match(error.remedy ?? '', remedy)
      return true
    })
})
