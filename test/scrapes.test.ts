/** A real Prometheus scrapes an exporter in both text formats, over TLS and with a password. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { hash } from 'bcryptjs'
import { eventually } from '#common/waiting.ts'
import { startExporter } from '#services/exporter/exporter.ts'
import { Certificates } from '#services/exporter/fixtures/certificates.ts'
import { StalledListener } from '#services/exporter/fixtures/stalled-listener.ts'
import { Prometheus } from './support/prometheus.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('prometheus') || skipWithout('openssl')

test('Prometheus reads the same series in either format, over TLS, with a certificate and a password', {
  skip,
}, async () => {
  using certificates = new Certificates()
  certificates.issue('server', 'IP:127.0.0.1')
  certificates.issue('client', 'DNS:prometheus')
  const file = certificates.write(
    'web.yml',
    `tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus]
basic_auth_users:
  prometheus: ${await hash('titan', 5)}
`,
  )
  await using exporter = await startExporter({
    listen: { host: '127.0.0.1', port: 0 },
    log: () => {},
    webConfigFile: file,
    metricsOnly: true,
  })
  using listener = new StalledListener(4)
  listener.connect(3)
  const job = (name: string, protocols: string[] | undefined, password = 'titan') => ({
    job_name: name,
    scheme: 'https',
    ...(protocols === undefined ? {} : { scrape_protocols: protocols }),
    basic_auth: { username: 'prometheus', password },
    tls_config: {
      ca_file: certificates.path('ca.crt'),
      cert_file: certificates.path('client.crt'),
      key_file: certificates.path('client.key'),
    },
    static_configs: [{ targets: [new URL(exporter.url).host] }],
  })
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s' },
    scrape_configs: [
      job('classic', ['PrometheusText0.0.4']),
      job('open', ['OpenMetricsText1.0.0']),
      job('default', undefined),
      job('stranger', undefined, 'tartan'),
    ],
  })
  const byJob = async (expression: string): Promise<Record<string, number>> =>
    Object.fromEntries((await prometheus.query(expression)).map(({ labels, value }) => [labels.job ?? '', value]))
  await eventually(
    'each has scraped',
    () => byJob('up'),
    (up) => assert.deepEqual(up, { classic: 1, open: 1, default: 1, stranger: 0 }),
  )
  await eventually(
    'they see the queue',
    () => byJob(`tcp_listener_accept_queue_length{port="${listener.port}"}`),
    (length) => assert.deepEqual(length, { classic: 3, open: 3, default: 3 }),
  )
  // Prometheus keeps the creation of a counter as a series of its own unless it is told to do more with it.
  const names =
    'count by (job) (group by (job, __name__) ({job!="stranger", __name__=~"(tcp|node|spillway)_.*", __name__!~".*_created"}))'
  const counts = await eventually(
    'all have the same series',
    () => byJob(names),
    ({ classic, open, default: both }) => assert.ok(classic !== undefined && classic === open && open === both),
  )
  assert.ok((counts.classic ?? 0) > 40, `${counts.classic} names`)
  const created = await prometheus.query('spillway_exporter_process_cpu_seconds_created')
  assert.deepEqual(
    created.map(({ labels }) => labels.job).toSorted(),
    ['default', 'open'],
    'only OpenMetrics says when a counter began',
  )
})
