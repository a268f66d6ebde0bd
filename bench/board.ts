/**
 * What a frame of the live board costs in Chromium: 8 shards at 10 states a second, three of them in trouble, five
 * minutes of history. Counts the work from a state's arrival until everything is drawn for it, charts included, and
 * beside it all that the page's main thread does. Prints its rows as JSON. Usage: node board.ts CHROMIUM quick|full
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { median } from '#common/quantile.ts'
import { duration } from '#common/quantities.ts'
import { eventually } from '#common/waiting.ts'
import type { LiveState, ShardView } from '#live/state.ts'
import { startBoard } from '#services/board/board.ts'
import { findProgram } from '../test/support/tools.ts'
import type { Row } from './rows.ts'

const [program = 'chromium', speed] = process.argv.slice(2)
const SHARDS = 8
const FRAMES = speed === 'quick' ? 100 : 300
const HISTORY = 3000
const TICK_MS = 100

/** A lab in which everything moves at each sample, so that nothing can be left undrawn. */
function state(sequence: number): LiveState {
  const shards = Array.from({ length: SHARDS }, (_, index): ShardView => {
    const stuck = index % 3 === 1
    const length = stuck ? 129 : Math.round(60 + 60 * Math.sin((sequence + index * 7) / 5))
    const rate = 100 + 50 * Math.sin(sequence / 9 + index)
    return {
      shard: index + 1,
      state: 'listening',
      stalled: stuck,
      faults: [],
      acceptDelayMs: 0,
      length,
      limit: 128,
      backlog: 128,
      fill: length / 129,
      peak: 129,
      fullSeconds: sequence % 30,
      drops: stuck ? sequence * 30 : 0,
      dropsPerSecond: stuck ? rate : 0,
      acceptsPerSecond: stuck ? 0 : rate,
      open: 7,
      acceptWait: { meanMs: rate, p99Ms: 2 * rate },
      oldestWait: { leastMs: 0, mostMs: rate },
      hungUp: { least: 0, most: 0 },
      processes: [{ pid: index, stalled: stuck, acceptsPerSecond: rate, open: 7, lagMs: stuck ? sequence * 100 : 0 }],
    }
  })
  return {
    sequence,
    timeMs: 1_700_000_000_000 + sequence * TICK_MS,
    monotonicMs: sequence * TICK_MS,
    kernel: 'bench',
    address: '198.18.0.2',
    port: 8080,
    mode: 'sharded',
    steering: { by: 'hash' },
    shards,
    portView: {
      address: '198.18.0.2',
      port: 8080,
      synQueue: { length: Math.round(200 + 190 * Math.sin(sequence / 11)), peak: 390, limit: 1024 },
      oldestWait: { leastMs: 0, mostMs: sequence * 100 },
      waiting: { connections: 300, finished: 0, reset: undefined },
      unserved: { connections: 0, oldestMs: 0 },
      connections: 500,
      receiveBytes: sequence * 1000,
      receiveBytesMax: 9000,
      sendBytes: sequence * 2000,
      sendBytesMax: 9000,
      zeroWindows: sequence % 9,
    },
    clients: {
      startedPerSecond: 900,
      connectedPerSecond: 600,
      halfOpenPerSecond: 40,
      open: 90,
      synRetransmitsPerSecond: 200,
      noPortLeftPerSecond: 0,
    },
    sysctls: { syncookies: 1, abortOnOverflow: 0, migrateReq: 0, somaxconn: 4096 },
    cookiesPerSecond: 9,
    moved: [{ name: 'ListenOverflows', perSecond: 90 }],
    gaps: [],
    ages: { listeners: 10, synQueue: 100, connections: 250, counters: 100, backends: 250 },
    loads: [],
    experiment: undefined,
    calm: undefined,
    words: `Sample ${sequence}: three shards are full while their neighbours idle.`,
  }
}

let over = false
const watching = Promise.withResolvers<void>()
async function* states(): AsyncGenerator<LiveState> {
  for (let sequence = 1; sequence <= HISTORY; sequence++) yield state(sequence)
  await watching.promise
  for (let sequence = HISTORY + 1; !over; sequence++) {
    yield state(sequence)
    await sleep(TICK_MS)
  }
}

await using board = await startBoard({
  plan: () => ({ stallMs: 0, longestWaitMs: 0, words: [], basis: [], backlog: undefined, sockets: [] }),
  listen: { host: '127.0.0.1', port: 0 },
  source: states(),
  actions: { perform: async () => '', experiments: [], unavailable: {} },
})
const browser = await chromium.launch({ executablePath: findProgram(program) ?? program, args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
page.setDefaultTimeout(180_000)
// Around every listener of the stream: what it does is a frame of ours. Layout is forced, so that it counts too.
await page.addInitScript(`
  window.frames8 = []
  const add = EventSource.prototype.addEventListener
  EventSource.prototype.addEventListener = function (name, listener) {
    add.call(this, name, name !== 'state' ? listener : (event) => {
      const begin = performance.now()
      listener(event)
      document.body.offsetHeight
      window.frames8.push(performance.now() - begin)
    })
  }
`)
await page.goto(board.url)
const session = await page.context().newCDPSession(page)
// CPU time of the page's main thread: what other processes take from it meanwhile is not counted.
await session.send('Performance.enable', { timeDomain: 'threadTicks' })
async function spentMs(...names: string[]): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.reduce((sum, { name, value }) => sum + (names.includes(name) ? value * 1000 : 0), 0)
}
const drawing = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration']

/** Waits for frames from outside: the page allows no code to be made of text. */
async function drawn(count: number): Promise<void> {
  await eventually(
    `${count} frames are drawn`,
    async () => Number(await page.evaluate('window.frames8.length')) >= count,
  )
}

watching.resolve()
await drawn(50) // compiled by then
await page.getByRole('button', { name: '5 min' }).click()
await page.evaluate('window.frames8.length = 0')
const [drawingBefore, allBefore] = [await spentMs(...drawing), await spentMs('TaskDuration')]
await drawn(FRAMES)
const [drawingMs, allMs] = [await spentMs(...drawing), await spentMs('TaskDuration')]
const frames: number[] = await page.evaluate('window.frames8')
await browser.close()
over = true

const per = (before: number, now: number): number => (now - before) / frames.length
const note = `${FRAMES} frames, ${SHARDS} shards, five minutes of history, 1920 × 1080; wall clock ${duration(median(frames))}`
const rows: Row[] = [
  {
    what: 'live board: script, style and layout of a frame',
    value: per(drawingBefore, drawingMs),
    unit: 'ms',
    note,
    target: { most: 8 },
  },
  {
    what: 'live board: all that the page does for a frame',
    value: per(allBefore, allMs),
    unit: 'ms',
    note: 'moving dots, painting without a GPU and collecting garbage included',
  },
]
console.log(JSON.stringify(rows))
