/**
 * How far the exporter lags behind the kernel where queues spill: 7,000 connections are open, clients overflow a full
 * accept queue all the time, and 60 busy processes, each in a session of its own, leave the exporter hardly any CPU.
 * What /metrics says is held against the counter itself. Runs inside a network namespace of its own; prints its rows as
 * JSON. Usage: node stress.ts quick|full
 */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#common/quantile.ts'
import { Held } from './held.ts'
import { cpuSeconds } from './process-cost.ts'
import { notMeasured, type Row } from './rows.ts'

const seconds = process.argv[2] === 'quick' ? 20 : 120
const CONNECTIONS = 7000
const BUSY = 60
const SCRAPE_MS = 500
const SYNS_PER_SECOND = 40

const children: ChildProcess[] = []
/**
 * In a session of its own: processes of one session share one portion of the CPU (sched_autogroup). It ends with this
 * process.
 */
function start(command: string, words: string[]): ChildProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...words], { detached: true, stdio: 'ignore' })
  children.push(child)
  return child
}

/** This process keeps the time, so it must run when it wants to. */
function hurry(): void {
  if (process.getuid?.() !== 0) return
  os.setPriority(-20)
  if (fs.existsSync('/proc/self/autogroup')) fs.writeFileSync('/proc/self/autogroup', '-20')
}

const overflows = (text: string): number | undefined => {
  const [, value] = /^node_netstat_TcpExt_ListenOverflows\{.*\} (\d+)$/m.exec(text) ?? []
  return value === undefined ? undefined : Number(value)
}

function kernelOverflows(): number {
  const [names = '', values = ''] = fs.readFileSync('/proc/thread-self/net/netstat', 'utf8').split('\n')
  return Number(values.split(' ')[names.split(' ').indexOf('ListenOverflows')])
}

/** When the counter went beyond a value: `[value, first seen at]`, in order. */
const history: [value: number, atMs: number][] = [[kernelOverflows(), performance.now()]]
const look = (): void => {
  const value = kernelOverflows()
  if (value !== history.at(-1)![0]) history.push([value, performance.now()])
}
/** For how long the kernel had counted more than `value` at `nowMs`. */
function lagMs(value: number, nowMs: number): number {
  const [, beyondMs] = history.find(([counted]) => counted > value) ?? [0, nowMs]
  return Math.max(0, nowMs - beyondMs)
}

const asked = async (url: string): Promise<string> => (await fetch(url)).text()

/** Every answer of /metrics that comes within `forMs`: how far its counter lags, and the CPU time of the exporter. */
async function scraped(url: string, forMs: number): Promise<{ lagsMs: number[]; missing: number }> {
  const lagsMs: number[] = []
  let missing = 0
  const endMs = performance.now() + forMs
  while (performance.now() < endMs) {
    const nextMs = performance.now() + SCRAPE_MS
    // A connection that was kept may be closed just as it is used again; scrapers ask anew then, and so does this.
    const text = await asked(url).catch(() => asked(url))
    const value = overflows(text)
    look()
    if (value === undefined) missing++
    else lagsMs.push(lagMs(value, performance.now()))
    await sleep(Math.max(0, nextMs - performance.now()))
  }
  return { lagsMs: lagsMs.sort((a, b) => a - b), missing }
}

const QUOTA_SHARE = 0.1
const PERIOD_US = 100_000

/** Allows a process a tenth of a CPU by a cgroup of its own; undefined where that is not possible. Gives what removes it. */
function throttle(pid: number): (() => void) | undefined {
  const name = `spillway-bench-${process.pid}`
  const quotaUs = String(PERIOD_US * QUOTA_SHARE)
  const ways: [folder: string, settings: Record<string, string>][] = [
    ['/sys/fs/cgroup/cpu', { 'cpu.cfs_period_us': String(PERIOD_US), 'cpu.cfs_quota_us': quotaUs }],
    ['/sys/fs/cgroup', { 'cpu.max': `${quotaUs} ${PERIOD_US}` }],
  ]
  for (const [root, settings] of ways) {
    if (!fs.existsSync(`${root}/cgroup.procs`)) continue // that version is not mounted there
    const folder = `${root}/${name}`
    try {
      fs.mkdirSync(folder)
      for (const [file, value] of Object.entries(settings)) fs.writeFileSync(`${folder}/${file}`, value)
      fs.writeFileSync(`${folder}/cgroup.procs`, String(pid))
      return () => {
        fs.writeFileSync(`${root}/cgroup.procs`, String(pid))
        fs.rmdirSync(folder)
      }
    } catch {
      // not this version of cgroups, or not for this user
      if (fs.existsSync(folder)) fs.rmdirSync(folder)
    }
  }
  return undefined
}

async function answers(url: string): Promise<void> {
  for (;;) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await sleep(100)
  }
}

hurry()
await using stack = new AsyncDisposableStack()
stack.defer(() => {
  for (const child of children) child.kill('SIGKILL')
})
for (const holder of await Promise.all([1, 2].map(() => Held.script('./holder.ts', String(CONNECTIONS / 2)))))
  stack.use(holder)
stack.use(await Held.script('../services/exporter/fixtures/stalled-child.ts', '127.0.0.1', '7777', '4'))
const main = new URL('../services/exporter/main.ts', import.meta.url).pathname
const exporter = start(process.execPath, [main, '--listen', '127.0.0.1:10511'])
const url = 'http://127.0.0.1:10511/metrics'
await answers(url)

const clients = setInterval(() => {
  const socket = net.connect({ host: '127.0.0.1', port: 7777 }).on('error', () => {})
  setTimeout(() => socket.destroy(), 200)
}, 1000 / SYNS_PER_SECOND)
const looking = setInterval(look, 20)
await scraped(url, 5000)
const quiet = await scraped(url, 5000)
const release = throttle(exporter.pid!)
const throttled = release === undefined ? undefined : await scraped(url, seconds * 500)
release?.()
for (let i = 0; i < BUSY; i++) start('sh', ['-c', 'while :; do :; done'])
await scraped(url, 3000)
const [beganMs, cpuBefore] = [performance.now(), cpuSeconds(exporter.pid!)]
const busy = await scraped(url, seconds * 1000)
const share = ((cpuSeconds(exporter.pid!) - cpuBefore) * 1000) / (performance.now() - beganMs)
clearInterval(clients)
clearInterval(looking)

const inSeconds = (ms: number): string => (ms / 1000).toFixed(2)
const about = ({ lagsMs, missing }: typeof busy): string =>
  `half within ${inSeconds(quantile(lagsMs, 0.5))} s, ${lagsMs.length} scrapes${missing > 0 ? `, ${missing} without the counter` : ''}`
const rows: Row[] = [
  {
    what: `ListenOverflows behind the kernel, ${BUSY} busy processes`,
    value: (busy.lagsMs.at(-1) ?? Number.NaN) / 1000,
    unit: 's',
    target: { most: 1.5 },
    note: `the worst; ${about(busy)}; exporter ${(share * 100).toFixed(1)} % of a core; idle machine: worst ${inSeconds(quiet.lagsMs.at(-1) ?? Number.NaN)} s`,
  },
]
const tenth = `ListenOverflows behind the kernel, ${QUOTA_SHARE * 100} % of a CPU allowed`
rows.push(
  throttled === undefined
    ? notMeasured(tenth, 'no cgroup can be made here')
    : {
        what: tenth,
        value: (throttled.lagsMs.at(-1) ?? Number.NaN) / 1000,
        unit: 's',
        target: { most: 1.5 },
        note: `the worst; ${about(throttled)}`,
      },
)
console.log(JSON.stringify(rows))
