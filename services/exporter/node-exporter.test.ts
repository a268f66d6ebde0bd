/** The names, types and values that node_exporter gives too. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import { startExporter } from './exporter.ts'
import { Child } from './fixtures/child.ts'
import { page } from './fixtures/exported.ts'
import { without } from './fixtures/tool.ts'

interface Page {
  values: Map<string, number>
  types: Map<string, string>
}

/** Series without labels, or with the one label that this exporter adds. */
function parse(text: string): Page {
  const values = [...text.matchAll(/^(node_\w+)(?:\{netns="\d+"\})? (\S+)$/gm)]
  const types = [...text.matchAll(/^# TYPE (node_\w+) (\w+)$/gm)]
  return {
    values: new Map(values.map(([, name, value]) => [name!, Number(value)])),
    types: new Map(types.map(([, name, type]) => [name!, type!])),
  }
}

/** They go up and down, or count what the scrapes themselves do. */
const moves = /CurrEstab|_sockstat_/
/** Nothing of these is about a queue. */
const leftOut = /^node_sockstat_(RAW|FRAG|UDPLITE)6?_/

test("what node_exporter's netstat and sockstat show by default is here under the same name, with its type and its value", {
  skip: without('prometheus-node-exporter'),
}, async () => {
  await using exporter = await startExporter({ listen: { host: '127.0.0.1', port: 0 }, log: () => {} })
  await using theirs = new Child('prometheus-node-exporter', [
    '--collector.disable-defaults',
    ...['--collector.netstat', '--collector.sockstat', '--collector.sysctl'],
    ...['net.core.somaxconn', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_max_syn_backlog'].map(
      (name) => `--collector.sysctl.include=${name}`,
    ),
    '--collector.sysctl.include=net.ipv4.tcp_mem:low,pressure,high',
    '--web.listen-address=127.0.0.1:0',
  ])
  const [, address] = await theirs.line(/address=(127\.0\.0\.1:\d+)/)
  const scrape = async (): Promise<string> => (await fetch(`http://${address}/metrics`)).text()
  await eventually('it answers', scrape, (text) => text.includes('node_netstat_'))
  const ours = async (): Promise<Page> => {
    await exporter.look()
    return parse(await page(exporter, '/metrics'))
  }
  const before = await ours()
  const reference = parse(await scrape())
  const after = await ours()
  const names = [...reference.values.keys()].filter(
    (name) => /^node_(netstat|sockstat|sysctl)_/.test(name) && !leftOut.test(name),
  )
  assert.ok(names.length > 50, `${names.length} names`)
  for (const name of names) {
    assert.equal(after.types.get(name), reference.types.get(name), name)
    const [low, value, high] = [before.values.get(name), reference.values.get(name)!, after.values.get(name)]
    assert.ok(low !== undefined && high !== undefined, `${name} is given`)
    // It writes large numbers with fewer digits than they have.
    if (!moves.test(name))
      assert.ok(low <= value * 1.000001 && value <= high * 1.000001, `${name}: ${low} ${value} ${high}`)
  }
})
