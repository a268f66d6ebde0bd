/** `spillway check --from`: the same findings of what a Prometheus has scraped. */
import assert from 'node:assert/strict'
import path from 'node:path'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { StalledListener } from '#services/exporter/fixtures/stalled-listener.ts'
import { findingsIn, linesOf, run, spillway } from './support/check-host.ts'
import { Prometheus } from './support/prometheus.ts'
import { skipWithout } from './support/tools.ts'

const main = path.resolve(import.meta.dirname, '../cli/main.ts')

test('a full queue that a Prometheus has scraped is found, with its host, and what was dropped in the range', {
  skip: skipWithout('prometheus'),
}, async () => {
  using listener = new StalledListener(2)
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  const target = new URL(exporter.url).host
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'spillway-exporter', static_configs: [{ targets: [target] }] }],
  })
  await eventually(
    'it was scraped while nothing was dropped',
    () => prometheus.query(`tcp_listener_accept_queue_limit{port="${listener.port}"}`),
    (series) => series.length === 1,
  )
  listener.connect(6)
  const args = ['check', '--from', prometheus.url, '--range', '5m', '--port', String(listener.port)]
  const said = await eventually(
    'it is found full',
    () => run(process.execPath, [main, ...args, '--json']),
    (said) =>
      ['accept-queue-overflows', 'all-shards-stalled', 'nobody-accepts'].includes(findingsIn(said)[0]?.code ?? ''),
  )
  assert.equal(said.code, 1)
  const [first] = findingsIn(said)
  assert.deepEqual([first?.about?.host, first?.about?.port], [target, listener.port])
  assert.match(first?.says ?? '', /^Since .* UTC: 3 of 3 wait/)
  const row = linesOf(said).find(({ type }) => type === 'listener')
  assert.deepEqual([row?.length, row?.limit], [3, 2])
  // A scrape that comes late on a busy machine leaves a gap.
  await eventually(
    'it is told for people too',
    () => run(process.execPath, [main, ...args]),
    ({ stdout, stderr }) => assert.match(stdout, /over the last 5 min\.$/m, stderr),
  )
})

test('without a Prometheus at the address it says so and ends with status 2', async () => {
  const said = await run(spillway, ['check', '--from', 'http://127.0.0.1:9'])
  assert.equal(said.code, 2)
  assert.match(said.stderr, /^spillway: No Prometheus answers at http:\/\/127\.0\.0\.1:9/)
  const both = await run(spillway, ['check', '--from', 'http://127.0.0.1:9', '--netns', 'all'])
  assert.match(both.stderr, /^spillway: --from asks a Prometheus, which knows neither --netns nor --pid\n/)
})
