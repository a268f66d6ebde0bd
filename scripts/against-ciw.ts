/**
 * `npm run ciw`: the closed forms of loss queues and closed loops beside what Ciw (https://ciw.readthedocs.io) plays: another simulator, by other
 * people, in another language. Makes a Python environment in a temporary folder and installs Ciw there, so it needs a network;
 * it is no part of the tests. Ends with status 1 where a closed form lies outside of what the runs allow.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sayFaults } from '#common/entry.ts'
import { number } from '#common/quantities.ts'
import { type ClosedLoop, closedLoop, waitQuantileMs } from '#planner/closed/closed-loop.ts'
import { capacityOf, type LossQueue, mg1k, mmck, waitQuantile } from '#planner/closed/loss-queue.ts'
import { meanOf } from '#planner/replicate.ts'

interface Case {
  name: string
  /** Per mean service. */
  arrivals: number
  servers: number
  cv: number
  capacity: number
  runs: number
  time: number
  closed: LossQueue
}

const RUNS = 6
const TIME = 2500
/** Of a wait whose closed form is an approximation (cv other than 1): what is left of a service under way. */
const APPROXIMATE = 0.05

const one = (arrivals: number, cv: number, backlog: number): Case => {
  const capacity = capacityOf(backlog, 1)
  const name = `M/${cv === 0 ? 'D' : cv === 1 ? 'M' : 'G'}/1, load ${arrivals}, backlog ${backlog}${cv === 0 || cv === 1 ? '' : `, cv ${cv}`}`
  return { name, arrivals, servers: 1, cv, capacity, runs: RUNS, time: TIME, closed: mg1k(arrivals, cv, capacity) }
}
const several = (arrivals: number, servers: number, backlog: number): Case => {
  const capacity = capacityOf(backlog, servers)
  const name = `M/M/${servers}, load ${number(arrivals / servers)}, backlog ${backlog}`
  return { name, arrivals, servers, cv: 1, capacity, runs: RUNS, time: TIME, closed: mmck(arrivals, servers, capacity) }
}

const cases: readonly Case[] = [
  one(0.8, 1, 4),
  one(1.2, 1, 10),
  one(0.8, 0, 2),
  one(1.2, 0, 5),
  one(0.9, 2, 8),
  several(3.2, 4, 5),
  several(9.6, 8, 30),
]

/** A closed loop, in mean services. Ciw has no clients who come again after a drop, so that the queue has room for all. */
interface LoopCase {
  name: string
  clients: number
  think: number
  thinks: 'constant' | 'exponential'
  servers: number
  runs: number
  time: number
}

const loop = (clients: number, think: number, thinks: LoopCase['thinks'], servers: number): LoopCase => ({
  name: `${clients} clients, ${thinks} thinking of ${think}, M/${servers}`,
  clients,
  think,
  thinks,
  servers,
  runs: RUNS,
  time: TIME,
})

const loopCases: readonly LoopCase[] = [
  loop(30, 20, 'exponential', 2),
  loop(30, 20, 'constant', 2),
  loop(12, 10, 'exponential', 1),
  loop(60, 5, 'exponential', 8),
]

const script = path.join(import.meta.dirname, 'against-ciw.py')

sayFaults('ciw')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-ciw-'))
try {
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' })
  const python = path.join(folder, 'bin', 'python')
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', 'ciw'], { stdio: 'inherit' })
  const asked = [...cases.map(({ closed: _, ...rest }) => rest), ...loopCases]
  const text = execFileSync(python, [script], { input: JSON.stringify(asked), maxBuffer: 1e9, encoding: 'utf8' })
  const played: Record<'blocking' | 'answers' | 'meanWait' | 'p99Wait', number>[][] = JSON.parse(text)
  let outside = 0
  const judge = (
    name: string,
    what: 'blocking' | 'answers' | 'meanWait' | 'p99Wait',
    value: number,
    runs: (typeof played)[number],
    loose = 0,
  ): void => {
    const { value: mean, low, high } = meanOf(runs.map((run) => run[what]))
    const holds = value >= low * (1 - loose) && value <= high * (1 + loose)
    if (!holds) outside++
    process.stdout.write(
      `${holds ? 'agrees ' : 'differs'}  ${name}: ${what} ${number(value)}, Ciw ${number(mean)} (${number(low)} to ${number(high)})\n`,
    )
  }
  for (const [i, { name, cv, closed }] of cases.entries()) {
    const runs = played[i] ?? []
    judge(name, 'blocking', closed.blocking, runs)
    judge(name, 'meanWait', closed.meanWait, runs)
    judge(name, 'p99Wait', waitQuantile(closed, 0.99), runs, cv === 1 ? 0 : APPROXIMATE)
  }
  for (const [i, { name, clients, think, servers }] of loopCases.entries()) {
    const runs = played[cases.length + i] ?? []
    const asLoop: ClosedLoop = { clients, thinkMs: think, serviceMs: 1, sockets: 1, loops: servers }
    const { answersPerMs, responseMs, seen } = closedLoop(asLoop)
    judge(name, 'answers', answersPerMs, runs)
    judge(name, 'meanWait', responseMs - 1, runs)
    judge(name, 'p99Wait', waitQuantileMs(seen, servers, 1, 0.99), runs)
  }
  process.exitCode = outside > 0 ? 1 : 0
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}
