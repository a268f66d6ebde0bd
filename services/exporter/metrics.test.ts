/** The page that Prometheus reads. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '#common/waiting.ts'
import { queryExamples } from './catalogue/examples.ts'
import { placeLabels } from './catalogue/place.ts'
import { metrics } from './catalogue.ts'
import { startExporter } from './exporter.ts'
import { page } from './fixtures/exported.ts'
import { StalledListener } from './fixtures/stalled-listener.ts'

/** What others build on: boards, rules, experiments. */
const contract: Record<string, string[]> = {
  tcp_listener_accept_queue_length: ['netns', 'address', 'port', 'shard'],
  tcp_listener_accept_queue_limit: ['netns', 'address', 'port', 'shard'],
  tcp_listener_accept_queue_peak: ['netns', 'address', 'port', 'shard'],
  tcp_listener_accept_queue_at_least_seconds_total: ['netns', 'address', 'port', 'shard', 'fill'],
  tcp_listener_drops_total: ['netns', 'address', 'port', 'shard'],
  tcp_listener_info: [
    ...['netns', 'address', 'port', 'shard', 'inode', 'cookie', 'uid'],
    ...['process', 'pid', ...placeLabels, 'device', 'protocol'],
  ],
  tcp_port_syn_queue_length: ['netns', 'address', 'port'],
  tcp_port_syn_queue_peak: ['netns', 'address', 'port'],
  tcp_port_syn_queue_limit: ['netns', 'address', 'port'],
  tcp_port_accept_wait_oldest_seconds: ['netns', 'address', 'port'],
  tcp_port_connections: ['netns', 'address', 'port', 'state'],
  tcp_port_receive_queue_bytes: ['netns', 'address', 'port'],
  tcp_port_receive_queue_bytes_max: ['netns', 'address', 'port'],
  tcp_port_send_queue_bytes: ['netns', 'address', 'port'],
  tcp_port_send_queue_bytes_max: ['netns', 'address', 'port'],
  tcp_port_zero_window_connections: ['netns', 'address', 'port'],
  node_netstat_TcpExt_ListenOverflows: ['netns'],
  node_netstat_TcpExt_ListenDrops: ['netns'],
  node_netstat_TcpExt_TCPReqQFullDrop: ['netns'],
  node_netstat_TcpExt_TCPReqQFullDoCookies: ['netns'],
  node_netstat_TcpExt_SyncookiesSent: ['netns'],
  spillway_sample_interval_seconds: ['kind'],
  spillway_exporter_cpu_seconds_total: [],
}

async function scrape(accept = 'text/plain'): Promise<string> {
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  using listener = new StalledListener(4)
  listener.connect(1)
  await eventually(
    'the client is seen',
    () => exporter.look(),
    ({ namespaces }) => namespaces[0]?.listeners.find(({ port }) => port === listener.port)?.length === 1,
  )
  return await (await fetch(`${exporter.url}/metrics`, { headers: { accept } })).text()
}

/** The classic text that says the same: promtool's lint reads no other. */
function asClassic(openMetrics: string): string {
  const counters = [...openMetrics.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name)
  return openMetrics
    .split('\n')
    .filter((line) => !/^# (UNIT|EOF)|^\w+_created[ {]/.test(line))
    .map((line) => line.replace(/^(# TYPE \w+) unknown$/, '$1 untyped'))
    .map((line) =>
      line.replace(/^(# (?:TYPE|HELP) )(\w+)/, (all, head, name) =>
        counters.includes(name) ? `${head}${name}_total` : all,
      ),
    )
    .join('\n')
}

interface Series {
  name: string
  labels: string[]
  value: number
  line: string
}

function parse(text: string): Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
      assert.ok(match, line)
      return {
        name: match[1]!,
        labels: [...(match[2] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label!),
        value: Number(match[3]),
        line,
      }
    })
}

test('every metric of the contract has its name and its labels', async () => {
  const series = parse(await scrape())
  for (const [name, labels] of Object.entries(contract)) {
    const found = series.filter((candidate) => candidate.name === name)
    assert.ok(found.length > 0, `${name} is given`)
    for (const one of found) assert.deepEqual(one.labels, labels, name)
  }
})

test('the page holds what the catalogue says: each type, each label, and a number for each value', async () => {
  const text = await scrape()
  const series = parse(text)
  for (const { name, type, labels } of metrics) {
    assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name)
    const parts = type === 'summary' ? [`${name}_sum`, `${name}_count`] : [name]
    for (const one of series.filter((candidate) => parts.includes(candidate.name))) {
      assert.deepEqual(one.labels.toSorted(), labels.toSorted(), name)
      assert.ok(Number.isFinite(one.value), name)
    }
  }
  const known = new Set(metrics.flatMap(({ name }) => [name, `${name}_sum`, `${name}_count`]))
  for (const { name } of series) assert.ok(known.has(name), `${name} is in the catalogue`)
})

test('a kernel counter at zero is given as zero', async () => {
  const text = await scrape()
  // Nobody sends Fast Open SYNs here, and every kernel since 3.7 has the counter.
  assert.match(text, /^node_netstat_TcpExt_TCPFastOpenListenOverflow\{netns="\d+"\} 0$/m)
})

test('a listener that no client has ever used has its limit, its identity and its drops, and no other row of zeros', async () => {
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  using listener = new StalledListener(4)
  const rows = async (): Promise<string[]> => {
    const text = await page(exporter, '/metrics')
    const names = parse(text).filter(({ line }) => line.includes(`port="${listener.port}"`))
    return [...new Set(names.map(({ name }) => name))].sort()
  }
  const identity = [
    'tcp_listener_accept_queue_length',
    'tcp_listener_accept_queue_limit',
    'tcp_listener_drops_total',
    'tcp_listener_info',
  ]
  await eventually('it is shown', rows, (names) =>
    assert.deepEqual(
      names.filter((name) => name !== 'tcp_listener_acceptors'),
      identity,
    ),
  )
  const [client] = listener.connect(1)
  await eventually('its client is seen', rows, (names) => {
    for (const name of ['tcp_listener_accept_queue_peak', 'tcp_port_connections', 'tcp_port_syn_queue_limit'])
      assert.ok(names.includes(name), name)
  })
  client!.destroy()
  assert.ok((await rows()).includes('tcp_listener_accept_queue_peak'), 'what has begun goes on')
})

test('beyond the most that are shown listeners are left out, and their number is told', async () => {
  const selection = { wanted: [{ address: '127.0.0.5', fromPort: 1, toPort: 65_535 }], most: 2 }
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, selection, log: () => {} })
  using _one = new StalledListener(4, '127.0.0.5')
  using _two = new StalledListener(4, '127.0.0.5')
  using used = new StalledListener(4, '127.0.0.5')
  used.connect(1)
  const text = await eventually(
    'all are seen',
    () => page(exporter, '/metrics'),
    (text) => /^spillway_exporter_listeners_left_out\{netns="\d+"\} 1$/m.test(text),
  )
  const limits = parse(text).filter(({ name }) => name === 'tcp_listener_accept_queue_limit')
  assert.equal(limits.length, 2)
  assert.ok(limits.some(({ line }) => line.includes(`port="${used.port}"`)))
})

test('two scrapes see the same peak', async () => {
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  using listener = new StalledListener(0)
  const [client] = listener.connect(1)
  await new Promise((resolve) => client!.once('connect', resolve))
  await exporter.look()
  const peak = new RegExp(`^tcp_listener_accept_queue_peak\\{.*port="${listener.port}".*\\} 1$`, 'm')
  assert.match(await page(exporter, '/metrics'), peak)
  assert.match(await page(exporter, '/metrics'), peak)
})

test('docs/metrics.md is what the catalogue says', () => {
  const script = fileURLToPath(new URL('../../scripts/metrics-doc.ts', import.meta.url))
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })
})

test('OpenMetrics is written by its rules', async () => {
  const text = await scrape('application/openmetrics-text')
  assert.match(text, /\n# EOF\n$/)
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]))
  assert.equal(types.size, metrics.length)
  let family = ''
  const seen = new Set<string>()
  for (const line of text.slice(0, -'# EOF\n'.length).trimEnd().split('\n')) {
    const [, word, named = ''] = /^# (HELP|TYPE|UNIT) (\w+) \S/.exec(line) ?? []
    if (word === 'HELP') {
      assert.ok(!seen.has(named), `${named} comes once`)
      family = named
      seen.add(family)
    }
    if (word !== undefined) {
      assert.equal(named, family, line)
      if (word === 'UNIT') assert.ok(named.endsWith(`_${line.split(' ').at(-1)}`), line)
      continue
    }
    const [, name = ''] = /^(\w+)(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})? -?\d\S*$/.exec(line) ?? []
    const suffixes = { counter: ['_total', '_created'], summary: ['_sum', '_count'] }[types.get(family) ?? ''] ?? ['']
    assert.ok(
      suffixes.some((suffix) => name === `${family}${suffix}`),
      `${line} belongs to ${family}`,
    )
  }
})

for (const format of ['text/plain', 'application/openmetrics-text'])
  test(`promtool's lint finds nothing but node_exporter's own names in ${format}`, {
    skip: withoutPromtool(),
  }, async () => {
    const scraped = await scrape(format)
    const text = format === 'text/plain' ? scraped : asClassic(scraped)
    const { stderr, stdout, status } = spawnSync(promtool()!, ['check', 'metrics'], { input: text, encoding: 'utf8' })
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line !== '')
    // These names are node_exporter's, whose boards are to work. Its own checks pass over them too.
    const ours = complaints.filter(
      (line) => !/^node_netstat_\w+ metric names should be written in 'snake_case'/.test(line),
    )
    assert.deepEqual(ours, [])
    assert.ok(status === 0 || status === 3, `promtool could read the page: status ${status}`)
  })

test('Prometheus can read every query of the documentation', { skip: withoutPromtool() }, (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-queries-'))
  context.after(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'rules.yml') // JSON is YAML
  const rules = queryExamples.map(({ query }, index) => ({ record: `example:number_${index}`, expr: query }))
  fs.writeFileSync(file, JSON.stringify({ groups: [{ name: 'examples', rules }] }))
  const { status, stdout, stderr } = spawnSync(promtool()!, ['check', 'rules', file], { encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
})

function promtool(): string | undefined {
  if (process.env.PROMTOOL) return process.env.PROMTOOL
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '')
  return folders.map((folder) => path.join(folder, 'promtool')).find((file) => fs.existsSync(file))
}

function withoutPromtool(): string | false {
  if (promtool() !== undefined) return false
  const reason = 'promtool is neither on the PATH nor named by PROMTOOL'
  if (process.env.SPILLWAY_NO_SKIP) throw new Error(`${reason}, and SPILLWAY_NO_SKIP is set`)
  return reason
}
