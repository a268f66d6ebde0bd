/** `spillway plan --from` and `check --from`: one diagnosis of what a real Prometheus has kept. */
import assert from 'node:assert/strict'
import path from 'node:path'
import test from 'node:test'
import { readRecording } from '#findings/recording/fixtures/read.ts'
import type { Readings } from '#findings/recording/recorded.ts'
import { run } from './support/check-host.ts'
import { Prometheus } from './support/prometheus.ts'
import { type Written, writeSamples } from './support/remote-write.ts'
import { skipWithout } from './support/tools.ts'

const main = path.resolve(import.meta.dirname, '../cli/main.ts')
const spillway = (...args: string[]) => run(process.execPath, [main, ...args])

/** The recording of nginx with a worker that stood still, as its exporter would have given it, ending now. */
function written(process: string): Written[] {
  const { shards, oldestWaitSeconds, counters } = readRecording('nginx-5s')
  const later = Date.now() / 1000 - shards[0]!.limits.at(-1)!.atSeconds
  const series = (labels: Record<string, string>, readings: Readings): Written => ({
    labels: { job: 'spillway-exporter', instance: 'web-1:10511', netns: 'host', ...labels },
    samples: readings.map(({ atSeconds, value }) => ({ atSeconds: atSeconds + later, value })),
  })
  const port = { address: '127.0.0.1', port: '8080' }
  return [
    ...shards.flatMap(({ shard, limits, length, peak, fullSeconds, drops }) => {
      const own = { ...port, shard: String(shard) }
      return [
        series({ __name__: 'tcp_listener_accept_queue_limit', ...own }, limits),
        series({ __name__: 'tcp_listener_accept_queue_length', ...own }, length),
        series({ __name__: 'tcp_listener_accept_queue_peak', ...own }, peak),
        series({ __name__: 'tcp_listener_accept_queue_at_least_seconds_total', ...own, fill: '1' }, fullSeconds),
        series({ __name__: 'tcp_listener_drops_total', ...own }, drops),
        series(
          { __name__: 'tcp_listener_info', ...own, process },
          limits.map(({ atSeconds }) => ({ atSeconds, value: 1 })),
        ),
      ]
    }),
    series({ __name__: 'tcp_port_accept_wait_oldest_seconds', ...port }, oldestWaitSeconds),
    series({ __name__: 'node_netstat_Tcp_PassiveOpens' }, counters.opens),
    series({ __name__: 'node_netstat_TcpExt_ListenOverflows' }, counters.overflows),
    series({ __name__: 'node_netstat_TcpExt_ListenDrops' }, counters.listenDrops),
  ]
}

test('plan and check say the same of a shard that stood still, and neither recommends a backlog for it', {
  skip: skipWithout('prometheus'),
}, async () => {
  await using prometheus = await Prometheus.start({})
  await writeSamples(prometheus.url, written('nginx'))

  const plan = await spillway('plan', '--from', prometheus.url)
  assert.equal(plan.code, 0, plan.stderr)
  assert.match(plan.stdout, /1 finding in the last 60 min: no larger backlog is the cure\./)
  assert.match(plan.stdout, /one-shard-stalled +no /)
  assert.doesNotMatch(plan.stdout, /^Set$|backlog=/m)
  // The most of any time is that between two scrapes, and told as that.
  assert.match(
    plan.stdout.replaceAll(/\s+/g, ' '),
    /at most \d+\/s connections, on average over the 5 s between two scrapes/,
  )

  const json = await spillway('plan', '--from', prometheus.url, '--json')
  const [planned] = (
    JSON.parse(json.stdout) as { data: { findings: { code: string; words: string; backlogCures: boolean }[] } }
  ).data.findings
  assert.deepEqual([planned?.code, planned?.backlogCures], ['one-shard-stalled', false])
  const check = await spillway('check', '--from', prometheus.url, '--json')
  const said = check.stdout
    .split('\n')
    .filter((line) => line.includes('"finding"'))
    .map((line) => JSON.parse(line) as { code: string; says: string })
  assert.deepEqual(
    said.map(({ code, says }) => [code, says]),
    [['one-shard-stalled', planned?.words]],
    check.stdout,
  )
  assert.equal(check.code, 1)
})

test('a Prometheus without an exporter’s metrics is said to have none, and options of other questions are refused', {
  skip: skipWithout('prometheus'),
}, async () => {
  await using prometheus = await Prometheus.start({})
  const empty = await spillway('plan', '--from', prometheus.url)
  assert.equal(empty.code, 2)
  assert.match(empty.stderr, /does not scrape a Spillway exporter/)
  const both = await spillway('plan', '--from', prometheus.url, '--backlog', '4')
  assert.match(both.stderr, /--backlog cannot be combined with it/)
})
