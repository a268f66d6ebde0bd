/** The verbs of an experiment, carried out in a real lab and noted in the journal. */

import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { bytes, duration, number, plural } from '#common/quantities.ts'
import { eventually, WaitedInVain } from '#common/waiting.ts'
import { BEARS_MS, type Bears } from '#experiments/vocabulary/expectation.ts'
import { NotJudged } from '#experiments/vocabulary/experiment.ts'
import type { BackendVerbs, ClientVerbs, Exchange, Now, RunningLoad, Stage } from '#experiments/vocabulary/stage.ts'
import { fullName } from '#kernel/queue-counters.ts'
import type { FaultsChange } from '#services/backend/api.ts'
import type { Backend } from '../backend.ts'
import type { Load, LoadOrder } from '../clients.ts'
import type { Lab } from '../lab.ts'
import { isOurs } from '../told.ts'
import type { Journal } from './journal.ts'
import type { LateThing } from './lateness.ts'

const UNTIL_MS = 15_000
/** As many clients as the load agent begins at once without being late, on a machine of two cores. */
const MOST_PLACES = 8193
const POLL_MS = 20
/** How a command ends that has waited in vain: EX_TEMPFAIL of sysexits.h. */
const IN_VAIN = 75
/** As long as something moves, a wait begins anew, so many times at most. */
const MOST_WAITS = 4
/** A switch that takes effect within this time is not late. */
const QUICK_MS = 20
/** No more than a lab in containers allows: there each SYN passes a table that the whole host shares. */
const HALF_OPEN_PER_SECOND = 500

/** Something that an experiment waited for did not happen. */
export class NotSeen extends Error {
  override readonly name = 'NotSeen'
  readonly bears: Bears

  constructor(message: string, bears: Bears = BEARS_MS) {
    super(message)
    this.bears = bears
  }
}

/** A lab as a stage, and what the runner needs beside the verbs. */
export class LabStage implements Stage {
  readonly case: string
  readonly sharedPort: Stage['sharedPort']
  readonly clients: ClientVerbs
  /** The phase in which loads begin. */
  phase = ''
  readonly #lab: Lab
  readonly #journal: Journal
  readonly #signal: AbortSignal
  readonly #loads: { load: Load; endless: boolean }[] = []
  readonly #begun = new Map<string, RunningLoad>()

  constructor(name: string, lab: Lab, journal: Journal, signal: AbortSignal) {
    this.case = name
    this.sharedPort = { address: lab.plan.address, port: lab.plan.port }
    this.#lab = lab
    this.#journal = journal
    this.#signal = signal
    this.clients = this.#clientVerbs()
  }

  // The verbs are properties, so that a phase can take those it needs: ({ backend, clients }) => …

  readonly backend = (number: number): BackendVerbs => {
    const backend = this.#lab.backend(number)
    const who = nameOf(backend, this.#lab.backends.length)
    const oursOnly = (what: string): void => {
      if (backend.server !== undefined)
        throw new NotJudged(`it needs a backend of Spillway, which ${what}: ${backend.server} is none`)
    }
    const whose = (process?: number): string => (process === undefined ? who : `process ${process} of ${who}`)
    const set = (faults: FaultsChange, process?: number): Promise<void> =>
      backend.set(faults, process === undefined ? undefined : process - 1)
    return {
      stall: (process) => this.#switches(`${whose(process)} stalls`, () => set({ stalled: true }, process)),
      release: (process) => this.#switches(`${whose(process)} is released`, () => set({ stalled: false }, process)),
      set: async (faults, process) => {
        oursOnly('has faults that can be switched on')
        await this.#switches(`${whose(process)}: ${inWords(faults)}`, () => set(faults, process))
      },
      relisten: (backlog) =>
        this.#switches(`${who} listens again with backlog ${backlog}`, () => backend.relisten(backlog)),
      deferAccept: (seconds) =>
        this.#switches(`${who} sets TCP_DEFER_ACCEPT to ${duration(seconds * 1000)}`, () =>
          backend.deferAccept(seconds),
        ),
      slow: async (percent) => {
        if (backend.server === undefined)
          throw new NotJudged('it needs a server of somebody’s: a backend of Spillway has faults of its own instead')
        const { cpu } = await backend.told()
        if (cpu !== undefined && 'missing' in cpu)
          throw new NotJudged(`it needs a CPU quota for ${backend.server}, and none can be set here: ${cpu.missing}`)
        await this.#switches(
          percent === 0 ? `${who} gets as much CPU time as there is` : `${who} is held to ${percent} % of a CPU`,
          () => backend.slow(percent),
        )
      },
      close: async () => {
        oursOnly('can close its listener')
        await this.#switches(`${who} closes its listener`, () => backend.close())
      },
      open: async () => {
        oursOnly('can open its listener')
        await this.#switches(`${who} opens its listener`, () => backend.open())
      },
      kill: () => this.#does(`${who} is killed`, () => backend.kill()),
      restart: () => this.#does(`${who} restarts`, () => backend.restart()),
      accepts: async () => {
        const told = await backend.told()
        return isOurs(told) ? told.accepts : undefined
      },
      status: () => {
        oursOnly('says what it does')
        return backend.status()
      },
    }
  }

  readonly places: Stage['places'] = async ({ backend = 1, least = 1, most = MOST_PLACES } = {}) => {
    const now = await this.until(`listener ${backend} is there`, ({ listener }) => listener(backend).limit >= 0)
    const places = now.listener(backend).limit + 1
    if (places < least)
      throw new NotJudged(`it needs a queue of at least ${plural(least, 'place')}, and this one has ${number(places)}`)
    if (places > most)
      throw new NotJudged(`it fills queues of up to ${number(most)} places, and this one has ${number(places)}`)
    return places
  }

  readonly load: Stage['load'] = (phase) => {
    const load = this.#begun.get(phase)
    if (load === undefined) throw new RangeError(`No load began in phase '${phase}'`)
    return load
  }

  readonly steer: Stage['steer'] = (steering) => {
    if (this.#lab.plan.server !== undefined) throw new NotJudged('it needs backends of Spillway, which can be steered')
    const { by, ...rest } = steering
    return this.#switches(`new connections are steered by ${by} ${inWords(rest)}`.trim(), () =>
      this.#lab.backend(1).steer(steering),
    )
  }

  readonly sysctl: Stage['sysctl'] = (name, value, host = 'server') =>
    this.#switches(`${host}: ${name} = ${value}`, () => this.#lab.setSysctl(name, value, host))

  readonly pass: Stage['pass'] = async (ms) => {
    const beganMs = monotonicMs()
    await sleep(ms, undefined, { signal: this.#signal })
    this.#late('pauses', monotonicMs() - beganMs - ms)
  }

  readonly now: Stage['now'] = async () => nowOf(this.#lab, await this.#lab.look())

  readonly until: Stage['until'] = async (what, seen, limits = {}) => {
    const { phase } = this
    const { withinMs = UNTIL_MS, bears } = typeof limits === 'number' ? { withinMs: limits } : limits
    let found = ''
    let movedMs = Number.NEGATIVE_INFINITY
    const look = async (): Promise<{ now: Now; isSo: boolean }> => {
      const now = await this.now()
      if (found !== whatMoves(now)) movedMs = monotonicMs()
      found = whatMoves(now)
      return { now, isSo: await holds(seen, now) }
    }
    for (let waits = 1; ; waits++) {
      const beganMs = monotonicMs()
      try {
        const { now } = await eventually(what, look, ({ isSo }) => isSo, {
          withinMs,
          everyMs: POLL_MS,
          signal: this.#signal,
          endsIt: () => true,
        })
        return now
      } catch (error) {
        if (!(error instanceof WaitedInVain)) throw error
        // What has not moved in the second half will not move.
        if (waits === MOST_WAITS || movedMs < (beganMs + monotonicMs()) / 2)
          throw new NotSeen(`In phase ${phase} this did not happen within ${duration(withinMs)}: ${what}`, bears)
      }
    }
  }

  readonly late: Stage['late'] = (ms) => this.#late('probes', ms)

  readonly run: Stage['run'] = async (command, host = 'server') => {
    const { status, stdout, stderr } = await this.#lab.run(command, host)
    if (status === IN_VAIN)
      throw new NotSeen(`In phase ${this.phase} '${command.slice(0, 2).join(' ')}' waited in vain: ${stderr.trim()}`)
    if (status !== 0)
      throw new UsageError(`'${command.join(' ')}' failed on the ${host} with status ${status}: ${stderr.trim()}`)
    return stdout
  }

  /** Ends every load: those with an end of their own are waited for, the others stopped. Keeps reports and connection records. */
  async endLoads(): Promise<void> {
    const ending = this.#loads.map(async ({ load, endless }) => {
      const report = endless ? await load.stop() : await load.done()
      const records = report.kind === 'half-open' ? [] : await load.records()
      return { is: 'load ends', id: load.id, report, records } as const
    })
    for (const entry of await Promise.all(ending)) this.#journal.write(entry)
    for (const { report } of await Promise.all(ending))
      if (report.state === 'failed') throw new UsageError(`The load ${report.id} failed: ${report.error}`)
  }

  #clientVerbs(): ClientVerbs {
    const connections = (arrivals: Extract<LoadOrder, { kind: 'connections' }>['arrivals'], exchange: Exchange) =>
      ({ kind: 'connections', arrivals, records: true, ...asked(exchange) }) as const
    return {
      burst: ({ connections: count, ...exchange }) =>
        this.#begin(`${count} connections at once`, connections({ shape: 'burst', connections: count }, exchange)),
      connections: ({ ratePerSecond, forMs, arrivals = 'constant', seed, ...exchange }) =>
        this.#begin(
          `${number(ratePerSecond)} connections per second for ${duration(forMs)}`,
          connections({ ...shape(arrivals, seed), ratePerSecond, durationMs: forMs }, exchange),
        ),
      flow: ({ ratePerSecond, arrivals = 'constant', seed, ...exchange }) =>
        this.#begin(
          `${ratePerSecond} connections per second`,
          connections({ ...shape(arrivals, seed), ratePerSecond }, exchange),
          { endless: true, awaited: false },
        ),
      hold: (order) =>
        this.#begin(
          `${order.connections} connections that stay silent`,
          { kind: 'hold', records: true, ...order },
          endless,
        ),
      halfOpen: ({ syns, ratePerSecond = HALF_OPEN_PER_SECOND }) =>
        this.#begin(`${syns} SYNs whose handshakes are never completed`, {
          kind: 'half-open',
          maxSyns: syns,
          durationMs: 60_000,
          ratePerSecond,
        }),
      readSlowly: (order) =>
        this.#begin(
          `${plural(order.connections, 'client')} ask for ${bytes(order.responseBytes)} and read ${bytes(order.bytesPerSecond)} per second`,
          { kind: 'slow-read', records: true, ...order },
          endless,
        ),
      write: (order) =>
        this.#begin(
          `${plural(order.connections, 'client')} send ${bytes(order.bodyBytes)}`,
          { kind: 'slow-write', records: true, ...order },
          endless,
        ),
      handshake: (order) =>
        this.#begin(
          `${order.connections} step-by-step handshakes: the SYN`,
          { kind: 'handshake', records: true, ...order },
          endless,
        ),
    }
  }

  async #begin(what: string, order: LoadOrder, { endless = false, awaited = true } = {}): Promise<RunningLoad> {
    const load = await this.#does(what, () => this.#lab.clients.start(order))
    this.#journal.write({ is: 'load begins', id: load.id, phase: this.phase, order })
    this.#loads.push({ load, endless })
    if (awaited)
      await eventually(
        `${load.id} has begun every connection`,
        () => load.state(),
        ({ allBegun, state }) => allBegun || state !== 'running',
        { withinMs: Infinity, everyMs: POLL_MS, signal: this.#signal, endsIt: () => true },
      )
    const running: RunningLoad = {
      report: () => load.report(),
      done: () => load.done(),
      stop: () => this.#does(`${load.id} is stopped`, () => load.stop()),
      speak: () => this.#switches(`${load.id} speaks`, () => load.speak()),
      step: (connection, send) =>
        this.#switches(
          `${load.id}, connection ${connection}: ${send}`,
          async () => void (await load.step(connection, send)),
        ),
      handshakes: () => load.handshakes(),
    }
    this.#begun.set(this.phase, running)
    return running
  }

  /** A verb that takes effect within a few milliseconds, unless the machine is busy. */
  async #switches(what: string, verb: () => Promise<void>): Promise<void> {
    const beganMs = monotonicMs()
    await this.#does(what, verb)
    const tookMs = monotonicMs() - beganMs
    // What takes long while nothing is under way delays nothing.
    if (tookMs > QUICK_MS && (await this.#isUnderWay())) this.#late('switches', tookMs)
  }

  async #isUnderWay(): Promise<boolean> {
    const states = await Promise.all(this.#loads.map(({ load }) => load.state()))
    return states.some(({ state }) => state === 'running')
  }

  #late(what: LateThing, lateMs: number): void {
    if (lateMs > 0) this.#journal.write({ is: 'late', what, lateMs })
  }

  async #does<Result>(what: string, verb: () => Promise<Result>): Promise<Result> {
    this.#signal.throwIfAborted()
    this.#journal.write({ is: 'event', atMs: monotonicMs(), what })
    return await verb()
  }
}

/** In the words of events: a server is called by its name. */
const nameOf = ({ number, server }: Backend, sockets: number): string =>
  server === undefined ? `backend ${number}` : sockets === 1 ? server : `${server} ${number}`

const endless = { endless: true }

const shape = (arrivals: 'constant' | 'poisson', seed: number | undefined) =>
  arrivals === 'constant' ? { shape: arrivals } : { shape: arrivals, ...(seed === undefined ? {} : { seed }) }

const asked = ({ path, timeoutMs, closer }: Exchange) => ({
  ...(path === undefined ? {} : { path }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(closer === undefined ? {} : { closer }),
})

const inWords = (settings: object): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

/** The queues and connections of the port, for telling whether anything moves. */
const whatMoves = ({ listeners, synQueue, waiting, waitingFinished, unserved, established, ...now }: Now): string =>
  [listeners, synQueue.length, waiting, waitingFinished, unserved, established, now.receiveBytes, now.sendBytes].join()

/** Whether it is so now; a condition on a listener that does not exist yet is not. */
async function holds(seen: (now: Now) => boolean | Promise<boolean>, now: Now): Promise<boolean> {
  try {
    return await seen(now)
  } catch (error) {
    if (error instanceof NotSeen) return false
    throw error
  }
}

function nowOf({ plan }: Lab, { namespaces }: Awaited<ReturnType<Lab['look']>>): Now {
  const [namespace] = namespaces
  const port = namespace?.ports.find((candidate) => candidate.port === plan.port)
  const counters = namespace?.counters ?? {}
  const closed = (namespace?.closedListeners?.ports ?? []).filter((one) => one.port === plan.port)
  return {
    listener(number) {
      const found = namespace?.listeners.find(({ port, shard }) => port === plan.port && shard === number)
      if (found === undefined) throw new NotSeen(`There is no listener ${number}`)
      const { length, limit, drops, pids, exact, events } = found
      return {
        ...{ length, limit, drops, owners: pids.length, halfOpen: exact?.synQueue, joined: events?.joined },
        ...{ timesFull: events?.timesFull, synDrops: events?.synDrops, finalAckDrops: events?.finalAckDrops },
      }
    },
    listeners: namespace?.listeners.filter(({ port }) => port === plan.port).length ?? 0,
    synQueue: { length: port?.synQueue?.length ?? 0, limit: port?.synQueue?.limit ?? 0 },
    waiting: port?.waiting ?? 0,
    waitingFinished: port?.waitingFinished ?? 0,
    unserved: port?.pastAccept === undefined ? 0 : (port.pastAccept.unserved ?? Number.NaN),
    unservedOldestMs: port?.pastAccept?.unservedOldestMs ?? 0,
    resetByClosing: closed.reduce((sum, { reset }) => sum + reset, 0),
    established: port?.connections?.established ?? 0,
    receiveBytes: port?.receiveBytes ?? 0,
    sendBytes: port?.sendBytes ?? 0,
    zeroWindows: port?.zeroWindows ?? 0,
    unixListener(name) {
      const found = namespace?.unixListeners?.find(({ path }) => path === name)
      if (found === undefined) throw new NotSeen(`Nobody listens on the UNIX socket ${name}`)
      return { length: found.length, limit: found.limit, peak: found.peak }
    },
    udpSocket(port) {
      const found = namespace?.udpSockets?.find((sockets) => sockets.port === port)
      if (found === undefined) throw new NotSeen(`There is no UDP socket on port ${port}`)
      return { bytes: found.bytes, limitBytes: found.limitBytes, drops: found.drops }
    },
    counter: (name) => counters[fullName(name)] ?? 0,
  }
}
