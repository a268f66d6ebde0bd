/** `spillway plan --from` and `check --from`: one diagnosis of what a real Prometheus has kept. */
import assert from 'node:assert/strict'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '#common/waiting.ts'
import { readRecording } from '#findings/recording/fixtures/read.ts'
import type { Readings } from '#findings/recording/recorded.ts'
import { type Client, Listener } from '#kernel/fixtures/sockets.ts'
import * as libc from '#kernel/libc.ts'
import { acceptQueue } from '#kernel/listener.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { portPatterns } from '#services/exporter/listener-patterns.ts'
import { whyNotExact } from '#services/exporter/sampler/exact.ts'
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

/** Waits until accept() are exact where BPF programs measure them: here by an exporter that a real Prometheus scrapes. */
test('how long a stall was is told by the waits that were measured at accept(), between scrapes too, and that they are exact', {
  skip: whyNotExact() ?? skipWithout('prometheus'),
}, async () => {
  using listener = new Listener({ backlog: 7 })
  await using exporter = await startExporter({
    exact: 'on',
    listen: { host: '127.0.0.1', port: 0 },
    selection: { wanted: portPatterns(String(listener.port)), most: 10 },
    log: () => {},
  })
  const target = exporter.url.replace('http://', '')
  await using prometheus = await Prometheus.start({
    // So seldom that no scrape need fall into the stall.
    global: { scrape_interval: '6s', scrape_timeout: '5s' },
    scrape_configs: [{ job_name: 'spillway-exporter', static_configs: [{ targets: [target] }] }],
  })
  const seen = async (query: string, least: number): Promise<void> => {
    await eventually(
      `${query} is at least ${least}`,
      () => prometheus.query(query),
      (found) => (found[0]?.value ?? -1) >= least,
      { withinMs: 60_000, everyMs: 200 },
    )
  }
  const clients: Client[] = []
  try {
    await seen('tcp_listener_accept_queue_limit', 7)
    for (let client = 0; client < 12; client++) clients.push(listener.connect())
    const beganMs = performance.now()
    await sleep(3500)
    const stalledMs = performance.now() - beganMs
    while (acceptQueue(listener.fd).length > 0) {
      const accepted = libc.acceptIfAny(listener.fd, 'Accepting')
      if (accepted !== undefined) libc.close(accepted)
    }
    await seen('sum(tcp_listener_accept_wait_seconds_count)', 8)
    const plan = await spillway('plan', '--from', prometheus.url, '--range', '2m')
    const text = plan.stdout.replaceAll(/\s+/g, ' ')
    assert.match(text, /Waits of these listeners are exact: each was measured at accept\(\)/, plan.stderr)
    const bounds = [0, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, Number.POSITIVE_INFINITY].map((seconds) => 1000 * seconds)
    const at = bounds.findIndex((bound) => stalledMs <= bound)
    const json = await spillway('plan', '--from', prometheus.url, '--range', '2m', '--json')
    const [found] = (
      JSON.parse(json.stdout) as {
        data: { findings: { code: string; backlogCures: boolean; evidence: Record<string, number> }[] }
      }
    ).data.findings
    assert.deepEqual([found?.code, found?.backlogCures], ['all-shards-stalled', false], text)
    // As a busy machine plays it: the stall lies in that class of the histogram.
    assert.equal(found!.evidence.longest_accepted_wait_seconds_at_least, bounds[at - 1]! / 1000)
    assert.match(
      text,
      /the longest for [\d.]+ s to [\d.]+ s \(exact, measured at accept\(\)\)|the longest for more than/,
    )
  } finally {
    for (const client of clients) client[Symbol.dispose]()
  }
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
