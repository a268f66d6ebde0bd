/**
 * What `spillway top` sees and costs: of 1,000 accept queues that are full for five milliseconds each, how many it marks,
 * beside `ss -ltn` every two seconds; and its CPU time with 200 listeners and many connections. Runs inside a network
 * namespace of its own; prints its rows as JSON. Usage: node top.ts C-PROGRAM|none quick|full
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '#common/quantile.ts'
import { eventually } from '#common/waiting.ts'
import { followHost } from '#live/host/follow.ts'
import { HostRows } from '#live/host/rows.ts'
import type { ExactWish } from '#services/exporter/sampler/message.ts'
import { TOP_PACE } from '../cli/top/pace.ts'
import { Connections } from './connections.ts'
import { Held } from './held.ts'
import { cpuSeconds } from './process-cost.ts'
import { notMeasured, type Row } from './rows.ts'

const [program = 'none', speed] = process.argv.slice(2)
const [count, connections, seconds] = speed === 'quick' ? [300, 7000, 10] : [1000, 50_000, 30]
const PORT = 7000
/** So many that the spikes of one are further apart than two pictures of the terminal. */
const LISTENERS = 120
const SS_EVERY_MS = 2000
const STARTS = 9

/**
 * How many queues that are full for `fullMs` are marked, of which two of the same listener are further apart than two pictures: by
 * top, and by ss. `exact` watches them by BPF, where that can be done.
 */
async function spikes(fullMs: number, exact: ExactWish | undefined): Promise<Spikes> {
  const child = spawn(program, [String(PORT), String(LISTENERS), String(count), String(fullMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  let lasted = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lasted += text
  })
  const over = once(child, 'exit')
  const stop = new AbortController()
  const rows = new HostRows()
  const full = new Map<string, number>()
  let seen = 0
  let isWatched = false
  const watching = (async () => {
    for await (const snapshot of followHost(
      { namespaces: [{ kind: 'self' }], pace: TOP_PACE.pace, exact, everyMs: TOP_PACE.screenEveryMs },
      stop.signal,
    )) {
      isWatched ||= snapshot.sampler.exactFeatures?.accept_waits === null
      for (const { port, key, happenedMs, fullSecondsTotal = 0 } of rows.see(snapshot).rows) {
        if (port === undefined || port < PORT || port >= PORT + LISTENERS) continue
        // A mark of this very snapshot, for a spike that the ones before had not shown.
        if (happenedMs === 0 && fullSecondsTotal > (full.get(key) ?? 0)) seen++
        full.set(key, fullSecondsTotal)
      }
    }
  })()
  // By then the programs are loaded.
  await sleep(exact === undefined ? 1000 : 4000)
  const ss = new Set<string>()
  const look = setInterval(() => {
    for (const line of execFileSync('ss', ['-ltnH'], { encoding: 'utf8' }).split('\n')) {
      const [, waiting, limit, place] = line.split(/\s+/)
      if (place !== undefined && Number(waiting) > Number(limit)) ss.add(`${performance.now()} ${place}`)
    }
  }, SS_EVERY_MS)
  child.stdin.write('\n')
  const done = eventually('all spikes are over', () => lasted.endsWith('done\n'), undefined, { withinMs: 120_000 })
  await Promise.race([done, over])
  // A listener that has closed is not shown any more.
  await sleep(2500)
  child.stdin.end('\n')
  const [status] = (await over) as [number | null]
  if (status !== 0) throw new Error(`${program} ended with status ${status}`)
  clearInterval(look)
  stop.abort()
  await watching
  const longest = Math.max(...lasted.replace('done\n', '').trim().split('\n').map(Number))
  const note = `${count} queues that are full for ${fullMs} ms, and spill nothing; the longest was full for ${longest.toFixed(1)} ms`
  return { share: (Math.min(seen, count) / count) * 100, ss: (ss.size / count) * 100, isWatched, note }
}

interface Spikes {
  /** In percent. */
  share: number
  ss: number
  isWatched: boolean
  note: string
}

/** Spikes as top meets them where BPF may be used, which is the default, and where it may not. */
async function spikeRows(): Promise<Row[]> {
  const rows: Row[] = []
  for (const fullMs of [5, 1]) {
    const exact = await spikes(fullMs, 'later')
    const what = `top: spikes of ${fullMs} ms that it marks`
    rows.push(
      exact.isWatched
        ? { what: `${what}, exact`, value: exact.share, unit: '%', target: { least: 99 }, note: exact.note }
        : notMeasured(`${what}, exact`, 'this host does not let accept queues be watched by BPF'),
    )
    const sampled = await spikes(fullMs, undefined)
    rows.push({ what: `${what}, sampled`, value: sampled.share, unit: '%', note: sampled.note })
    if (fullMs === 5)
      rows.push({
        what: 'ss -ltn every 2 s: spikes of 5 ms',
        value: sampled.ss,
        unit: '%',
        note: 'as `watch ss -ltn` would',
      })
  }
  return rows
}

/** The command itself, on a terminal. */
async function cost(exact: 'auto' | 'off'): Promise<Row> {
  await using _listeners = await Held.script('./listeners.ts', '127.0.0.1', '20000', '200')
  await using held = new Connections()
  await held.grow(connections)
  const main = path.resolve(import.meta.dirname, '../cli/main.ts')
  const child = spawn(
    'script',
    ['-qefc', `exec ${process.execPath} ${main} top --netns self --exact ${exact}`, '/dev/null'],
    {
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  )
  const ended = once(child, 'exit')
  await sleep(5000)
  const [pid = 0] = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
  const before = cpuSeconds(pid)
  const beganMs = performance.now()
  await sleep(seconds * 1000)
  const share = (cpuSeconds(pid) - before) / ((performance.now() - beganMs) / 1000)
  child.stdin.end('q')
  await ended
  return {
    what: `top --exact ${exact} : a core`,
    value: share * 100,
    unit: '%',
    ...(exact === 'auto' && { target: { most: 2 } }),
    note: `with 200 listeners and ${connections.toLocaleString('en')} open connections`,
  }
}

/** From the start of the command to its first row on a terminal: the median of some starts. */
async function firstLine(): Promise<Row> {
  await using _listeners = await Held.script('./listeners.ts', '127.0.0.1', '20000', '200')
  const command = path.resolve(import.meta.dirname, '../bin/spillway')
  const took: number[] = []
  for (let start = 0; start <= STARTS; start++) {
    const beganMs = performance.now()
    const child = spawn('script', ['-qefc', `exec ${command} top --netns self`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    let text = ''
    await new Promise<void>((shown) =>
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part
        if (text.includes('127.0.0.1:20')) shown()
      }),
    )
    // The first start compiles, and keeps that for the next.
    if (start > 0) took.push(performance.now() - beganMs)
    child.stdin.end('q')
    await ended
  }
  return {
    what: 'top: from its start to the first line',
    value: median(took),
    unit: 'ms',
    target: { most: 300 },
    note: `of 200 listeners; median of ${STARTS} starts, the slowest took ${Math.max(...took).toFixed(0)} ms`,
  }
}

const rows: Row[] = program === 'none' ? [notMeasured('top: short spikes', 'cc is missing')] : await spikeRows()
rows.push(await cost('auto'), await cost('off'), await firstLine())
console.log(JSON.stringify(rows))
