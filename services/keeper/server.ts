/**
 * Somebody's server, kept without its cooperation. The keeper is the first process of a PID namespace of its own: every
 * other process there belongs to the server, however it forks, and ends with the keeper.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { InTurn } from '#common/in-turn.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'
import { eventually } from '#common/waiting.ts'
import type { CpuShare, ServerOrder } from './api.ts'
import { type Cpu, noCpu, ownCpu, SupervisedCpu } from './cpu.ts'
import type { KeeperOptions } from './options.ts'
import { collectOrphans, lastLinesOf, processesBeside, type ServerProcess, signal } from './processes.ts'

const LAST_LINES = 12
const MOST_OUTPUT_BYTES = 8_000_000
/** How long a server that was told to stop may finish what it has begun. */
const STOP_MS = 30_000
const LONGEST_TURN_MS = 60_000
const LOOK_MS = 20
const WATCH_MS = 100

export class OwnServer implements Disposable {
  /** Hears that all its processes have ended unasked, and how. */
  onEnded: (how: string) => void = () => {}
  readonly #options: KeeperOptions
  readonly #turns = new InTurn(LONGEST_TURN_MS)
  /** What was started to stop or reload it is no part of it. */
  readonly #helpers = new Set<number>()
  #first: ChildProcess | undefined
  #how = ''
  #watch: NodeJS.Timeout | undefined
  /** Whether its end is what was asked for. */
  #mayEnd = true
  /** Settles when a server that was told to stop has ended, or does not. Other orders need not wait for that: it may be killed. */
  #stopped: Promise<void> = Promise.resolve()
  readonly #holders: (() => readonly number[]) | undefined
  readonly #cpu: Cpu

  /** `holders` gives who holds the sockets of a server that something else has started, among processes of others. */
  constructor(options: KeeperOptions, holders?: () => readonly number[]) {
    this.#options = options
    this.#holders = holders
    const { cgroup, supervisor } = options
    if (supervisor !== undefined) this.#cpu = new SupervisedCpu(supervisor)
    else if (cgroup === undefined) this.#cpu = noCpu('whoever started the server has to set it')
    else this.#cpu = ownCpu(cgroup, () => this.processes().map(({ pid }) => pid))
  }

  get cpuShare(): CpuShare {
    return this.#cpu.share
  }

  /** All its processes. */
  processes(): ServerProcess[] {
    const all = processesBeside(this.#helpers)
    return this.#holders === undefined ? all : familyOf(this.#holders(), all)
  }

  /** Whether none of its processes is left, and how the first of them ended is known: the kernel tells that a little later. */
  get hasEnded(): boolean {
    return this.firstPid === undefined && this.processes().length === 0
  }

  get lastLines(): string[] {
    return lastLinesOf(this.#options.output, LAST_LINES)
  }

  /** The process that was started: its number, while it runs. */
  get firstPid(): number | undefined {
    const { pid, exitCode, signalCode } = this.#first ?? {}
    return exitCode === null && signalCode === null ? pid : undefined
  }

  /** How its first process ended, in words; empty while it runs. */
  get how(): string {
    return this.#how
  }

  /** Starts the command, unless any of its processes runs. Throws a UsageError if there is no such program. */
  async start(): Promise<void> {
    await this.#stopped.catch(() => {}) // whoever gave that order knows
    await this.#turns.run(async () => {
      if (this.processes().length > 0) return
      this.#collect()
      const { name, command, address, port, socket, output } = this.#options
      if (command === undefined)
        throw new UsageError(`Whoever started ${name} has to start it again`, 'Containers are restarted by Docker')
      const [program, ...args] = command
      const fd = fs.openSync(output, 'a')
      try {
        const child = spawn(program, args, {
          stdio: ['ignore', fd, fd],
          detached: true, // a session of its own, as a service has
          env: {
            ...process.env,
            HOST: address,
            PORT: String(port),
            ...(socket === undefined ? {} : { SOCKET: socket }),
          },
        })
        this.#how = ''
        this.#first = child
        child.once('exit', (code, ended) => {
          this.#how = ended ?? `status ${code}`
        })
        await once(child, 'spawn')
        await this.#cpu.follow()
        this.#mayEnd = false
        this.#watch ??= setInterval(() => this.#look(), WATCH_MS)
      } catch (error) {
        throw refusal(program, error)
      } finally {
        fs.closeSync(fd)
      }
    })
  }

  /** Notices the end of its last process: a server may have left its first process long ago. */
  #look(): void {
    this.#shorten()
    this.#collect()
    if (this.#mayEnd || !this.hasEnded) return
    this.#mayEnd = true
    this.onEnded(this.#how === '' ? 'its processes are gone' : this.#how)
  }

  /** Who started the server is the first process of its namespace; beside processes of others somebody else is. */
  #collect(): void {
    if (this.#holders === undefined) collectOrphans(new Set([this.#first?.pid, ...this.#helpers]))
  }

  /** What nobody asked to keep lies in the lab's folder, which is in memory on many systems. */
  #shorten(): void {
    const { output, keepsAll } = this.#options
    if (!keepsAll && (fs.statSync(output, { throwIfNoEntry: false })?.size ?? 0) > MOST_OUTPUT_BYTES)
      fs.truncateSync(output) // who writes appends
  }

  /** Carries out an order. `main` is the process that stop and reload are for. */
  async obey(given: ServerOrder, main: () => number | undefined): Promise<void> {
    if (given.do === 'start') return await this.start()
    await this.#turns.run(async () => {
      if (given.do === 'slow') return await this.#cpu.hold(given.percent)
      const order = given.do
      if (order === 'kill') return await this.#kill()
      const { name, stop, reload } = this.#options
      const command = order === 'stop' ? stop : reload
      if (command === undefined)
        throw new UsageError(
          `How ${name} is reloaded is not known`,
          "Say it when you start the lab: --reload 'kill -HUP {pid}'",
        )
      const pid = main()
      if (pid === undefined) throw new UsageError(`${name} does not run`, 'Start it first')
      if (order === 'stop') this.#mayEnd = true
      await this.#shell(command.replaceAll('{pid}', String(pid)))
      if (order === 'stop') this.#stopped = this.#gone(`${name} ends`, STOP_MS, 'It can be killed instead')
    })
    if (given.do === 'stop') await this.#stopped
  }

  /** SIGKILL to each of its processes, until there is none: one may have forked meanwhile. */
  async #kill(): Promise<void> {
    this.#mayEnd = true
    const end = (): boolean => {
      const left = this.processes()
      for (const { pid } of left) signal(pid, 'SIGKILL')
      this.#collect()
      return left.length === 0
    }
    await eventually('all processes of the server have ended', end, Boolean, { everyMs: LOOK_MS })
  }

  async #gone(what: string, withinMs: number, remedy: string): Promise<void> {
    await eventually(what, () => this.processes().length === 0, Boolean, { withinMs, everyMs: LOOK_MS, remedy })
  }

  async #shell(command: string): Promise<void> {
    const fd = fs.openSync(this.#options.output, 'a')
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', fd, fd] })
    fs.closeSync(fd)
    const { pid } = child
    if (pid !== undefined) this.#helpers.add(pid)
    try {
      const [status] = await once(child, 'exit')
      if (status !== 0)
        throw new UsageError(
          `'${command}' failed${status === null ? '' : ` with status ${status}`}`,
          this.lastLines.slice(-3).join('\n'),
        )
    } finally {
      if (pid !== undefined) this.#helpers.delete(pid)
    }
  }

  /** Stops processes of the server, or lets them go on, and waits until each has followed. */
  async stall(pids: readonly number[], stalled: boolean): Promise<void> {
    await this.#turns.run(async () => {
      for (const pid of pids) signal(pid, stalled ? 'SIGSTOP' : 'SIGCONT')
      const followed = (): boolean =>
        this.processes().every(({ pid, stopped }) => !pids.includes(pid) || stopped === stalled)
      await eventually(`its processes have ${stalled ? 'stopped' : 'gone on'}`, followed, Boolean, { everyMs: 1 })
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watch)
  }
}

/** Those that hold the sockets, and all that these have started. */
function familyOf(holders: readonly number[], all: readonly ServerProcess[]): ServerProcess[] {
  const family = new Set(holders)
  for (let before = -1; before !== family.size; ) {
    before = family.size
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid)
  }
  return all.filter(({ pid }) => family.has(pid))
}

function refusal(program: string, error: unknown): UsageError {
  if (codeOf(error) === 'ENOENT')
    return program.includes('/')
      ? new UsageError(`There is no file ${program}`, 'Correct the command behind --')
      : new UsageError(
          `There is no program ${program} on the PATH`,
          'Install it, or give its path: what stands behind -- is not read by a shell',
        )
  return new UsageError(
    `Cannot start ${program}: ${reasonOf(error) ?? (error instanceof Error ? error.message : String(error))}`,
    'Correct the command behind --',
  )
}
