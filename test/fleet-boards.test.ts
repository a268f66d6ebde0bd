/** Boards over many hosts: what differs is named, nothing changes its meaning, and what is not known is not green. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { boards } from '#dashboards/index.ts'
import { everything, metricsIn, panelsOf, questions } from '#dashboards/queries.ts'
import { Fleet, hostName } from './support/fleet.ts'
import { Prometheus } from './support/prometheus.ts'
import { colorOf, columnsOf, linksOf, onFirstScreen, panelOf, shown } from './support/shown.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('prometheus')

/** What the exporter of a lab said while its second backend stood still and k6 went on; counters go on by themselves. */
const recorded = fs.readFileSync(new URL('support/pages/stalled-shard.prom', import.meta.url), 'utf8')

/** Serves the recorded page, or another. */
async function servePage(context: TestContext, page = () => recorded): Promise<{ address: string; stop(): void }> {
  const server = http.createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page()),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  context.after(stop)
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { address: `127.0.0.1:${address.port}`, stop }
}

const watching = (jobs: object[]): Promise<Prometheus> =>
  Prometheus.start({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: jobs })

/** Until rates over the choices' span are known. */
const scraped = (prometheus: Prometheus, count: number): Promise<unknown> =>
  eventually(
    'there are enough scrapes',
    () => prometheus.query('sum_over_time(up[10s]) >= 4'),
    (series) => assert.equal(series.length, count),
  )

/** Its filters, for each selector of an expression. */
const selectorsOf = (expression: string): string[] =>
  [...expression.matchAll(/\{((?:"[^"]*"|[^"}])*)\}/g)].map(([, filters]) => filters ?? '')

test('every query of every panel and annotation filters by job and instance, and names no metric without a filter', () => {
  const asIs = { ...everything, job: '<job>', instance: '<instance>' }
  for (const { where, expression } of questions(boards.values(), asIs)) {
    if (where.includes("variable '")) continue
    const selectors = selectorsOf(expression)
    assert.ok(selectors.length > 0, where)
    for (const filters of selectors) {
      assert.match(filters, /job=~"<job>\|?"/, `${where}: ${filters}`)
      assert.match(filters, /instance=~"<instance>\|?"/, `${where}: ${filters}`)
    }
    for (const name of metricsIn(expression))
      assert.doesNotMatch(expression, new RegExp(`(?<![\\w:"])${name}(?![\\w:{"])`), `${where}: ${name} has filters`)
  }
})

test('every board has the same variables, and all of them are open at first', () => {
  for (const board of boards.values()) {
    const variables = board.templating.list ?? []
    assert.deepEqual(
      variables.map(({ name }) => name),
      ['datasource', 'job', 'instance', 'netns', 'port', 'shard'],
    )
    for (const { name, current } of variables.slice(1)) assert.deepEqual(current?.value, ['$__all'], name)
  }
})

test('one exporter under two names: no panel has two equal names, and no number changes its meaning', {
  skip,
}, async (context) => {
  const { address } = await servePage(context)
  const named = (instance: string) => ({ targets: [address], labels: { instance } })
  await using prometheus = await watching([
    { job_name: 'hosts', static_configs: [named('host-a:10511'), named('host-b:10511')] },
  ])
  await scraped(prometheus, 2)
  let compared = 0
  for (const board of boards.values())
    for (const panel of panelsOf(board)) {
      const where = `${board.title}: ${panel.title}`
      const both = await shown(prometheus, panel, everything)
      const one = await shown(prometheus, panel, { ...everything, instance: 'host-a:10511' })
      if (panel.type !== 'table' && panel.type !== 'heatmap') {
        const names = both.map(({ name }) => name)
        assert.equal(new Set(names).size, names.length, `${where}: ${names.join(', ')}`)
      }
      // What is said of host-a is the same whether host-b is there or not.
      const key = ({ refId, labels }: (typeof both)[number]): string =>
        JSON.stringify([refId, Object.entries(labels).sort()])
      const before = new Map(one.map((series) => [key(series), series.value]))
      for (const series of both.filter(({ labels }) => labels.instance === 'host-a:10511')) {
        const alone = before.get(key(series))
        assert.ok(alone !== undefined, `${where}: ${series.name}`)
        if (/Oldest number|Scrape takes/.test(series.name)) continue
        if (panel.title !== 'Each exporter') assert.equal(series.value, alone, `${where}: ${series.name}`)
        compared++
      }
    }
  assert.ok(compared > 50, `only ${compared} numbers were compared`)
})

test('one exporter in two jobs under one name: no graph has two lines of the same name, and tables tell the jobs apart', {
  skip,
}, async (context) => {
  const { address } = await servePage(context)
  const static_configs = [{ targets: [address], labels: { instance: 'host-a:10511' } }]
  await using prometheus = await watching([
    { job_name: 'own', static_configs },
    { job_name: 'platform', static_configs },
  ])
  await scraped(prometheus, 2)
  for (const board of boards.values())
    for (const panel of panelsOf(board)) {
      const where = `${board.title}: ${panel.title}`
      const found = await shown(prometheus, panel, everything)
      const names = found.map(({ name }) => name)
      if (panel.type === 'timeseries') assert.equal(new Set(names).size, names.length, `${where}: ${names.join(', ')}`)
      if (panel.type !== 'table' || found.length === 0) continue
      assert.ok(columnsOf(panel).includes('job') && columnsOf(panel).includes('instance'), where)
    }
})

test('a link into another board carries job, instance, namespace and port, as far as the row has them', () => {
  const uids = [...boards.values()].map(({ uid }) => uid)
  const tables = [...boards.values()].flatMap(panelsOf).filter(({ type }) => type === 'table')
  const linking = tables.filter((panel) => linksOf(panel).length > 0)
  assert.deepEqual(
    linking.map(({ title }) => title),
    ['Worst listeners', 'Alerts that fire', 'Listeners and their owners', 'Each exporter'],
  )
  for (const panel of linking)
    for (const url of linksOf(panel).filter((each) => each.startsWith('/d/'))) {
      const [, uid = '', query = ''] = /^\/d\/([^?]+)\?(.+)$/.exec(url) ?? []
      assert.ok(uids.includes(uid), url)
      const carried = [...query.matchAll(/var-(\w+)=\$\{__data\.fields\.(\w+)\}/g)].map(([, name, field]) => {
        assert.equal(name, field)
        return name
      })
      const columns = columnsOf(panel)
      const wanted = ['job', 'instance', 'netns', 'port'].filter((label) => columns.includes(label))
      assert.ok(wanted.length >= 2, panel.title)
      for (const label of wanted) assert.ok(carried.includes(label), `${panel.title}: ${label} in ${url}`)
      // What is not a column has no value that a link could carry.
      for (const label of carried) assert.ok(columns.includes(label ?? ''), `${panel.title}: ${label} is a column`)
    }
})

test('beside other targets of its job an exporter is counted alone, and one that has stopped stays known', {
  skip,
}, async (context) => {
  const { address, stop } = await servePage(context)
  const { address: other } = await servePage(context, () => 'other_metric 1\n')
  await using prometheus = await watching([{ job_name: 'pods', static_configs: [{ targets: [address, other] }] }])
  await scraped(prometheus, 2)
  const answers = async (): Promise<number[]> => {
    const found = await shown(prometheus, panelOf(boards.get('fleet')!, 'Exporters'), everything)
    return found.map(({ value }) => value)
  }
  assert.deepEqual(await answers(), [1, 0])
  stop()
  await eventually('the exporter is down', answers, (numbers) => assert.deepEqual(numbers, [0, 1]))
})

test('of the alerts that fire, the fleet board shows ours, and what they are not about leads to all', {
  skip,
}, async (context) => {
  const { address } = await servePage(context)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-rules-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const alert = (name: string, finding: Record<string, string>) => ({
    alert: name,
    expr: 'max by (job, instance) (spillway_exporter_info)',
    labels: { severity: 'warning', ...finding },
  })
  const rules = [alert('SpillwayAcceptQueue', { finding: 'accept-queue-overflows' }), alert('DiskFull', {})]
  fs.writeFileSync(path.join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: 'all', rules }] }))
  await using prometheus = await Prometheus.start({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [path.join(folder, 'rules.yml')],
    scrape_configs: [{ job_name: 'hosts', static_configs: [{ targets: [address] }] }],
  })
  await eventually(
    'both fire',
    () => prometheus.query('ALERTS{alertstate="firing"}'),
    (series) => assert.equal(series.length, 2),
  )
  const found = await shown(prometheus, panelOf(boards.get('fleet')!, 'Alerts that fire'), everything)
  assert.deepEqual(
    found.map(({ labels: { alertname, finding, instance, netns, port } }) => [
      alertname,
      finding,
      instance,
      netns,
      port,
    ]),
    [['SpillwayAcceptQueue', 'accept-queue-overflows', address, 'All', 'All']],
  )
})

test('a peak from before a limit was lowered is a share of the limit under which it was seen', {
  skip,
}, async (context) => {
  let limit = 128
  const { address } = await servePage(context, () =>
    recorded
      .replaceAll(/^(tcp_listener_accept_queue_limit\{.*\}) .*$/gm, `$1 ${limit}`)
      .replaceAll(/^(tcp_listener_accept_queue_length\{.*\}) .*$/gm, '$1 3')
      .replaceAll(/^(tcp_listener_accept_queue_peak\{.*\}) .*$/gm, '$1 129'),
  )
  await using prometheus = await watching([{ job_name: 'hosts', static_configs: [{ targets: [address] }] }])
  await scraped(prometheus, 1)
  limit = 16
  await eventually(
    'the limit is lower',
    () => prometheus.query('max(tcp_listener_accept_queue_limit)'),
    (series) => assert.equal(series[0]?.value, 16),
  )
  for (const [board, title] of [
    ['fleet', 'Highest peak of 30 s'],
    ['queues', 'Highest peak of 30 s'],
    ['listener', 'Peak of 30 s'],
  ] as const) {
    const [peak] = await shown(prometheus, panelOf(boards.get(board)!, title), everything)
    assert.equal(peak?.value, 1, `${board}: ${title}`)
  }
})

test('a stopped exporter leaves nothing green: its numbers end, and it is red itself', { skip }, async (context) => {
  const { address, stop } = await servePage(context)
  await using prometheus = await watching([{ job_name: 'hosts', static_configs: [{ targets: [address] }] }])
  await scraped(prometheus, 1)
  const numbers = [...boards.values()].flatMap((board) =>
    panelsOf(board)
      .filter(({ type }) => type === 'stat' || type === 'table')
      .map((panel) => ({ where: `${board.title}: ${panel.title}`, panel })),
  )
  const colors = async (panel: (typeof numbers)[number]['panel']): Promise<string[]> => {
    const found = await shown(prometheus, panel, everything)
    return found.length === 0
      ? [colorOf(panel, undefined)]
      : found.map(({ value, refId }) => colorOf(panel, value, refId))
  }
  const all = await Promise.all(numbers.map(async ({ panel }) => ({ type: panel.type, shown: await colors(panel) })))
  for (const kind of ['stat', 'table'])
    assert.ok(
      all.some(({ type, shown }) => type === kind && shown.includes('green')),
      `with the exporter something is green in a ${kind}`,
    )

  stop()
  await eventually(
    'Prometheus knows that the exporter is down',
    () => prometheus.query('up'),
    (series) => assert.equal(series[0]?.value, 0),
  )
  const green = await Promise.all(numbers.map(async ({ where, panel }) => ({ where, shown: await colors(panel) })))
  assert.deepEqual(
    green.filter(({ shown }) => shown.includes('green')),
    [],
  )
  const fleet = boards.get('fleet')!
  assert.deepEqual(await colors(panelOf(fleet, 'Exporters')), ['red', 'red'])
  const rows = await shown(prometheus, panelOf(boards.get('exporter')!, 'Each exporter'), everything)
  assert.deepEqual(
    rows.filter(({ refId }) => refId === 'A').map(({ value }) => value),
    [0],
  )
})

test('of fifty hosts the one with a full queue is named on the first screen, with listener and process', {
  skip,
}, async () => {
  const full = { host: 17, port: 8080, shard: 2 }
  await using hosts = await Fleet.start({ hosts: 50, full, floodedHost: 23 })
  await using prometheus = await watching([hosts.job('hosts')])
  await scraped(prometheus, 50)
  const fleet = boards.get('fleet')!
  const first = onFirstScreen(fleet)
  const numberOf = async (title: string): Promise<number | undefined> => {
    const panel = first.find((candidate) => candidate.title === title)
    assert.ok(panel !== undefined, `${title} is on the first screen`)
    return (await shown(prometheus, panel, everything))[0]?.value
  }
  assert.equal(await numberOf('Exporters'), 50)
  assert.equal(await numberOf('Queues full now'), 1)
  assert.equal(await numberOf('SYN queues that overflow'), 1)
  assert.equal(await numberOf('Highest peak of 30 s'), 1)
  const turnedAway = (await numberOf('Turned away')) ?? 0
  assert.ok(turnedAway > 0.001 && turnedAway < 0.02)

  const table = first.find(({ title }) => title === 'Worst listeners')
  assert.ok(table !== undefined)
  const cells = await shown(prometheus, table, everything)
  const ranked = cells.filter(({ refId }) => refId === 'A').sort((a, b) => b.value - a.value)
  assert.equal(ranked.length, 10)
  const { instance, port, shard, process, pid } = ranked[0]!.labels
  assert.deepEqual(
    { instance, port, shard, process, pid },
    { instance: hostName(17), port: '8080', shard: '2', process: 'gunicorn', pid: '9082' },
  )
  const atFull = cells.filter(({ value, refId }) => ['C', 'D'].includes(refId) && value >= 1)
  assert.deepEqual([...new Set(atFull.map(({ labels }) => labels.instance))], [hostName(17)])

  for (const panel of panelsOf(fleet).filter(({ type }) => type === 'timeseries')) {
    const lines = await shown(prometheus, panel, everything)
    assert.ok(lines.length <= 10, `${panel.title}: ${lines.length} lines`)
    assert.equal(new Set(lines.map(({ name }) => name)).size, lines.length, panel.title)
  }
  const spread = await shown(prometheus, panelOf(boards.get('listener')!, 'How far the shards of a port are apart'), {
    ...everything,
    instance: 'web-1[0-6]:10511|web-1[89]:10511',
  })
  assert.ok(spread.length > 0 && spread.every(({ value }) => value < 0.05), 'hosts are not subtracted from each other')
})
