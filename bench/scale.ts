/**
 * What the exporter costs on hosts of several sizes, beside prometheus-node-exporter with the collectors that ask the
 * same kernel. Runs inside a network namespace of its own; prints its rows as JSON. Usage: node scale.ts quick|full
 * NODE-EXPORTER|none
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#common/quantile.ts'
import { Exporter } from './exporter-process.ts'
import { Held } from './held.ts'
import { cpuSeconds, rssMB } from './process-cost.ts'
import type { Row } from './rows.ts'

const [speed, nodeExporter = 'none'] = process.argv.slice(2)
const [seconds, scrapes] = speed === 'quick' ? [5, 10] : [20, 50]
/** Files that one process of listeners may have open, with some to spare. */
const PER_PROCESS = 10_000
const PORTS = 25_000
const FIRST_PORT = 20_000
/** As many as a kubelet starts pods unless it is told otherwise. */
const NAMESPACES = 110

/** Listeners on as many addresses and ports as it takes. */
async function listening(count: number, stack: AsyncDisposableStack): Promise<void> {
  for (let left = count, address = 1; left > 0; left -= PER_PROCESS, address++)
    stack.use(
      await Held.script(
        './listeners.ts',
        `127.0.0.${address}`,
        String(FIRST_PORT),
        String(Math.min(left, PER_PROCESS, PORTS)),
      ),
    )
}

interface Cost {
  share: number
  rssMB: number
  scrapeMs: number[]
  bytes: number
  text: string
}

const EVERY_MS = 5000
/** What a process costs that is scraped every five seconds, once it has settled so. */
async function costOf(exporter: Exporter, settleMs = 2000): Promise<Cost> {
  const scrape = (): Promise<string> => exporter.get('/metrics')
  for (let passed = 0; passed < settleMs; passed += EVERY_MS) {
    await sleep(Math.min(EVERY_MS, settleMs))
    await scrape()
  }
  const [beganMs, before] = [performance.now(), cpuSeconds(exporter.pid)]
  for (let passed = 0; passed < seconds * 1000; passed += EVERY_MS) {
    await sleep(EVERY_MS)
    await scrape()
  }
  const share = ((cpuSeconds(exporter.pid) - before) * 1000) / (performance.now() - beganMs)
  const scrapeMs: number[] = []
  let text = ''
  for (let i = 0; i < scrapes; i++) {
    const began = performance.now()
    text = await scrape()
    scrapeMs.push(performance.now() - began)
    await sleep(100)
  }
  return { share, rssMB: rssMB(exporter.pid), scrapeMs: scrapeMs.sort((a, b) => a - b), bytes: text.length, text }
}

async function ours(settleMs?: number, ...options: string[]): Promise<Cost> {
  await using exporter = await Exporter.start(...options)
  return await costOf(exporter, settleMs)
}
/**
 * After a minute in which nothing waited the exporter reads less often, and V8 goes on compiling what has become warm for some
 * minutes more: an exporter runs for months. With many listeners it is to be seen at full cadence.
 */
const SETTLED_MS = 240_000
async function theirs(): Promise<Cost> {
  const collectors = [
    '--collector.disable-defaults',
    '--collector.tcpstat',
    '--collector.netstat',
    '--collector.sockstat',
  ]
  const words = ['--web.listen-address=127.0.0.1:9100', ...collectors]
  await using exporter = await Exporter.of(nodeExporter, words, 'http://127.0.0.1:9100')
  return await costOf(exporter)
}

const words = ({ share, rssMB, scrapeMs, bytes }: Cost): string =>
  `${(share * 100).toFixed(1)} % of a core, ${Math.round(rssMB)} MB, scrape ${Math.round(quantile(scrapeMs, 0.5))} ms (p99 ${Math.round(quantile(scrapeMs, 0.99))}), ${(bytes / 1e6).toFixed(2)} MB of text`

const shown = (text: string): number => text.match(/^tcp_listener_accept_queue_length\{/gm)?.length ?? 0
const late = (text: string): string => {
  const of = (name: string): number =>
    Number(new RegExp(`^${name}(?:\\{kind="listeners"\\})? (\\S+)$`, 'm').exec(text)?.[1])
  return `${of('spillway_samples_total')} samples, ${of('spillway_samples_late_total')} late`
}

// Compiled code is kept from one start to the next, as `spillway exporter` keeps it.
process.env.NODE_COMPILE_CACHE ??= fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-bench-cache-'))
await ours()

const rows: Row[] = []
for (const count of speed === 'quick' ? [0, 2000] : [0, 2000, 10_000, 24_000]) {
  await using stack = new AsyncDisposableStack()
  await listening(count, stack)
  const own = await ours(count === 0 ? SETTLED_MS : undefined)
  const peer = nodeExporter === 'none' ? undefined : await theirs()
  const what = count === 0 ? 'idle' : `${count.toLocaleString('en')} listeners`
  const beside = peer === undefined ? '' : `; node_exporter: ${words(peer)}`
  const note = `${words(own)}, ${shown(own.text)} listeners shown, ${late(own.text)}${beside}`
  const row = (name: string, value: number, unit: Row['unit'], most?: number): Row => ({
    ...{ what: `${what}: ${name}`, value, unit, note: name === 'CPU' ? note : '' },
    ...(most === undefined ? {} : { target: { most } }),
  })
  rows.push(row('CPU', own.share * 100, '%', count === 0 ? 1 : undefined))
  rows.push(row('RSS', own.rssMB, 'MB', count === 0 ? 90 : count === 2000 ? 250 : undefined))
  rows.push(row('scrape p99', quantile(own.scrapeMs, 0.99) / 1000, 's', count <= 2000 ? 1 : undefined))
}
{
  // With processes and a /proc of their own: `all` is then these, and not what else runs on this machine.
  const script = [process.execPath, new URL('./namespaces.ts', import.meta.url).pathname, String(NAMESPACES)]
  await using held = await Held.start('unshare', ['--pid', '--mount-proc', '--kill-child', '--fork', ...script])
  const cost = await ours(SETTLED_MS, '--netns', 'all', '--proc', `/proc/${held.pid}/root/proc`)
  const read = cost.text.match(/^spillway_exporter_namespace_info\{/gm)?.length ?? 0
  const what = `${NAMESPACES} pods beside its own namespace, quiet`
  const note = `${words(cost)}, ${read} namespaces read`
  if (read <= NAMESPACES) throw new Error(`Of ${NAMESPACES} namespaces and its own the exporter reads ${read}`)
  rows.push({ what: `${what}: CPU`, value: cost.share * 100, unit: '%', target: { most: 5 }, note })
  rows.push({ what: `${what}: RSS`, value: cost.rssMB, unit: 'MB', note: '' })
}
console.log(JSON.stringify(rows))
