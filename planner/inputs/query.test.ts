/** What a query gives, by what is written in it and what a Prometheus knows of its metrics. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Gives, meaningOf } from './query.ts'

const rules: Record<string, string> = {
  'lb:connections': 'sum(rate(lb_connections_total[5m]))',
  lately: 'increase(lb_connections_total[2m])',
  chained: 'sum(lately)',
  kept: 'sum(lb_connections_total)',
  circle: 'circle',
}
const kinds: Record<string, string> = { odd_name: 'counter', level: 'gauge', weird_total: 'gauge' }
const knows = {
  kindOf: (metric: string) => Promise.resolve(kinds[metric]),
  recordingRule: (name: string) => Promise.resolve(rules[name]),
}

for (const [query, gives] of [
  ['rate(a[1m])', { as: 'rate', windowMs: 60_000 }],
  ['sum(irate(a{b="increase(x[1m])"}[1m30s]))', { as: 'rate', windowMs: 90_000 }],
  ['sum(rate(a[1m])) / 2', { as: 'rate', windowMs: 60_000 }],
  ['sum by (job) (increase(a[5m]))', { as: 'increase', windowMs: 300_000 }],
  ['increase(a[5m]) / 300', { as: 'rate', windowMs: 300_000 }],
  ['lb:connections', { as: 'rate', windowMs: 300_000 }],
  ['lately', { as: 'increase', windowMs: 120_000 }],
  ['sum(chained{x="y"})', { as: 'increase', windowMs: 120_000 }],
  ['kept', { as: 'counter', selector: 'kept', summed: false }],
  ['a:b:rate5m', { as: 'rate', windowMs: 300_000 }],
  ['sum(a:b:increase1h)', { as: 'increase', windowMs: 3_600_000 }],
  ['a_total', { as: 'counter', selector: 'a_total', summed: false }],
  ['sum without (pod) (a_total{b="c"})', { as: 'counter', selector: 'a_total{b="c"}', summed: true }],
  ['odd_name', { as: 'counter', selector: 'odd_name', summed: false }],
  ['node_netstat_TcpExt_ListenDrops', { as: 'counter', selector: 'node_netstat_TcpExt_ListenDrops', summed: false }],
] as const satisfies [string, Gives][])
  test(`${query} gives ${gives.as}`, async () => {
    assert.deepEqual(await meaningOf(query, knows), gives)
  })

for (const query of [
  'level',
  'weird_total',
  'circle',
  'node_netstat_Tcp_CurrEstab',
  'rate(a[1m]) * 60',
  '60 * rate(a[1m])',
  'increase(a[5m]) / 60',
  'rate(a[1m]) + increase(a[1m])',
  'delta(a[1m])',
  'increase(a[1m]) + increase(b[5m])',
  'a_total + b_total',
  'vector(3)',
  'histogram_quantile(0.99, rate(a_bucket[5m]))',
  'count(rate(a_total[5m]))',
  'sum(rate(a_bytes_total[5m]))',
  'rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])',
  'sum(rate(a_total[1m])) / count(up)',
  '',
])
  test(`of '${query}' nobody can tell, and why is said`, async () => {
    const gives = await meaningOf(query, knows)
    assert.ok(gives.as === 'unknown' && gives.why !== '')
  })
