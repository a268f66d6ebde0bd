/** Confirms a plan on somebody's server: what an accept costs is measured on it, its sockets take the plan's backlog, and it is stalled by signals. */
import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '#common/errors.ts'
import { number, plural } from '#common/quantities.ts'
import { eventually } from '#common/waiting.ts'
import type { Question } from '#planner/ask.ts'
import { Lab, type LabOptions } from '../lab.ts'
import { mannerOf } from '../manner.ts'
import { undisturbed } from '../undisturbed.ts'
import { workersOf } from '../workers.ts'
import { heldUpMs, scheduledIn } from './held-up.ts'
import type { LabScene } from './lab-scene.ts'
import { type LabLoop, type LabRun, perform, setForAllClients } from './play-in-lab.ts'
import { Watch } from './watch.ts'

/** Clients that wait for it, and how often: the middle one of the times counts. */
const GATHERED = 500
const TIMES = 3
const SERVED_WITHIN_MS = 60_000
const BEFORE_MS = 50
const SAMPLED_EVERY_MS = 2

const OTHERWISE = 'Ask another question, or have a lab of our own backends confirm it: leave out what stands behind --'

/** Throws a UsageError for a question whose answer no server of somebody's can be made to confirm: known before one is started. */
export function refuseQuestion(question: Question, name: string): void {
  if (question === 'restart') throw new UsageError(`${name} cannot be made to close one of its listeners`, OTHERWISE)
  if (question === 'shared')
    throw new UsageError(
      `${name} cannot be made to share a socket among its processes, or to give each its own`,
      OTHERWISE,
    )
}

/** A command, and where and how clients speak to what it starts. */
export type OwnServer = Pick<LabOptions, 'port' | 'request'> & Required<Pick<LabOptions, 'server'>>

export class OwnServerLab implements AsyncDisposable {
  readonly lab: Lab
  /** One socket or several; how many processes accept, over all of them. */
  readonly mode: 'sharded' | 'shared'
  readonly loops: number
  /** What one process takes for a connection, until it accepts the next, in milliseconds. */
  readonly acceptMs: number
  /** Whether its clients only connect: they cannot tell whether they were answered, or cut off. */
  readonly connectsOnly: boolean
  /** How many processes accept at each socket. */
  readonly #workers: readonly number[]
  readonly #onProgress: (text: string) => void

  /** Starts it and measures what an accept costs; `onProgress` hears what is being done, here and in `play`. */
  static async start(own: OwnServer, onProgress: (text: string) => void = () => {}): Promise<OwnServerLab> {
    const { name } = own.server
    const lab = await Lab.start({
      ...own,
      sampleIntervalMs: SAMPLED_EVERY_MS,
      cpuShare: 0.1,
      peakWindowMs: 600_000,
      onProgress,
    })
    try {
      onProgress(`Asking ${name} how it answers …`)
      const { speaks, answer } = await mannerOf(lab)
      lab.clients.speak(speaks)
      onProgress(`Counting the processes of ${name} that accept …`)
      const workers = await workersOf(lab)
      const acceptMs = await acceptCost(lab, workers, (time) =>
        onProgress(`Measuring what an accept costs ${name}: ${gatheredInWords(time)} …`),
      )
      return new OwnServerLab(lab, workers, acceptMs, answer === 'nothing', onProgress)
    } catch (error) {
      await lab.stop()
      throw error
    }
  }

  private constructor(
    lab: Lab,
    workers: readonly number[],
    acceptMs: number,
    connectsOnly: boolean,
    onProgress: (text: string) => void,
  ) {
    this.lab = lab
    this.connectsOnly = connectsOnly
    this.#workers = workers
    this.#onProgress = onProgress
    this.mode = lab.backends.length > 1 ? 'sharded' : 'shared'
    this.loops = workers.reduce((sum, ofSocket) => sum + ofSocket, 0)
    this.acceptMs = acceptMs
  }

  get name(): string {
    return this.lab.plan.server?.name ?? 'the server'
  }

  /** Throws a UsageError that says what this server cannot be made to do. */
  refuse({ mode, backends, steering }: LabScene): void {
    const { name } = this
    if ((mode === 'sharded') !== (this.mode === 'sharded') || backends.length !== this.loops)
      throw new UsageError(
        `${name} has ${plural(this.lab.backends.length, 'socket')} and ${plural(this.loops, 'process that accepts', 'processes that accept')}, and the plan has ${number(backends.length)} ${mode === 'sharded' ? 'with a socket each' : 'at one socket'}`,
        'Leave out --backends and --mode: the plan then follows the server',
      )
    if (steering.by !== 'hash')
      throw new UsageError(`The kernel chooses among the sockets of ${name} by hash`, 'Leave out --steering')
    if (backends.some(({ absences }) => absences.length > 0)) refuseQuestion('restart', name)
  }

  async play(scene: LabScene): Promise<LabRun> {
    const { lab } = this
    return await undisturbed(lab, new AbortController().signal, async () => {
      for (const [name, value] of Object.entries(scene.sysctls)) await lab.setSysctl(name, value)
      await setForAllClients(lab, scene)
      for (const backend of lab.backends) await backend.relisten(scene.backends[0]!.backlog)
      const loops = scene.backends.map((_, i) => this.#loop(i))
      const before = await scheduledIn(lab)
      const run = await perform(lab, scene, loops, this.acceptMs)
      const heldUp = heldUpMs(before, await scheduledIn(lab))
      const acceptAfterMs = await acceptCost(lab, this.#workers, (time) =>
        this.#onProgress(`Measuring once more what an accept costs ${this.name}: ${gatheredInWords(time)} …`),
      )
      return { ...run, acceptAfterMs, ...(heldUp !== undefined && { heldUpMs: heldUp }) }
    })
  }

  #loop(i: number): LabLoop {
    const backend = this.lab.backend(this.mode === 'shared' ? 1 : i + 1)
    const process = this.mode === 'shared' && this.loops > 1 ? i : undefined
    // A plan that needs more was refused.
    return {
      set: (faults) => backend.set(faults, process),
      close: () => backend.close(),
      open: () => backend.open(),
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab.stop()
  }
}

/** What is waited for, the first time to warm up. */
const gatheredInWords = (time: number): string =>
  time === 0
    ? `${number(GATHERED)} clients, so that it is warm`
    : `${number(GATHERED)} clients wait for it, ${time} of ${TIMES}`

/** Of a few times the middle one. Leaves the sockets with the limits that they had. `onTime` hears which one begins, from 0. */
async function acceptCost(lab: Lab, workers: readonly number[], onTime: (time: number) => void): Promise<number> {
  const limits = (await Promise.all(lab.backends.map((backend) => backend.told()))).map(
    ({ listener }) => listener?.limit ?? 0,
  )
  const times: number[] = []
  try {
    for (const backend of lab.backends) await backend.relisten(GATHERED)
    onTime(0)
    await (await lab.clients.start(burst(GATHERED))).done() // its code and its caches are warm then
    while (times.length < TIMES) {
      onTime(times.length + 1)
      times.push(await drained(lab, workers))
    }
  } finally {
    for (const [i, backend] of lab.backends.entries()) await backend.relisten(limits[i] ?? 0)
  }
  const [middle] = times.toSorted((a, b) => a - b).slice(Math.floor(TIMES / 2))
  return middle!
}

const burst = (connections: number) =>
  ({ kind: 'connections', arrivals: { shape: 'burst', connections }, timeoutMs: SERVED_WITHIN_MS }) as const

/** Clients gather while it stands still; then the time until each queue is empty, for each of them and each process. */
async function drained(lab: Lab, workers: readonly number[]): Promise<number> {
  for (const backend of lab.backends) await backend.stall()
  const load = await lab.clients.start(burst(GATHERED))
  const waiting = async (): Promise<number> => {
    const told = await Promise.all(lab.backends.map((backend) => backend.told()))
    return told.reduce((sum, { listener }) => sum + (listener?.length ?? 0), 0)
  }
  await eventually('all of them wait', waiting, (now) => now >= GATHERED)
  await using watch = new Watch(lab)
  await sleep(BEFORE_MS)
  await Promise.all(lab.backends.map((backend) => backend.release()))
  const { outcomes } = await load.done()
  // Who only connects has done so long before.
  await eventually('nobody waits any more', waiting, (now) => now === 0, { withinMs: SERVED_WITHIN_MS })
  await watch.stop()
  if (outcomes.ok < GATHERED)
    throw new UsageError(
      `What an accept costs could not be measured: of ${number(GATHERED)} clients only ${number(outcomes.ok)} were served`,
      'See that it answers what clients send: --request FILE, or none',
    )
  const costs = [...Map.groupBy(watch.lengths, ({ shard }) => shard)].flatMap(
    ([shard, samples]) => costOf(samples, workers[shard - 1] ?? 1) ?? [],
  )
  if (costs.length === 0)
    throw new UsageError(
      'What an accept costs could not be measured: its queue was emptied between two samples',
      'Try again when this machine has less to do',
    )
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length
}

/** What a connection costs a process, from the samples of a queue that was full and is emptied by `loops`. Undefined if none waited. */
export function costOf(samples: readonly { atMs: number; length: number }[], loops: number): number | undefined {
  const most = Math.max(...samples.map(({ length }) => length))
  const full = samples.findLastIndex(({ length }) => length === most)
  const emptied = samples.findIndex(({ length }, i) => i > full && length === 0)
  if (most <= 0 || emptied === -1) return undefined
  const tookMs = samples[emptied]!.atMs - samples[full]!.atMs
  return (tookMs * loops) / most
}
