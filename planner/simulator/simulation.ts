/**
 * Plays a system through, event by event, by the kernel's rules (docs/kernel-facts.md). What it leaves out: packets are
 * never lost on the way, two CPUs never race for the last place of a queue, and a connection carries one request.
 */
import { seededRandom } from '#load/random.ts'
import type { System } from '../system.ts'
import { Clients } from './clients.ts'
import { type Counters, noCounts } from './counters.ts'
import { Curve } from './curve.ts'
import {
  CLOSE,
  Events,
  FINAL_ACK,
  kindOf,
  LOOP,
  OPEN,
  PATIENCE,
  REQUEST,
  RETURN,
  SYN,
  SYN_ACK_TIMER,
  subjectOf,
} from './events.ts'
import { Handshakes } from './handshakes.ts'
import { Listeners, type PlayedShard } from './listeners.ts'
import { ConnectionRecords } from './records.ts'
import { Returning } from './returning.ts'
import { ClientTimers, TimerWheel } from './timers.ts'

/** What a run leaves. */
export interface Played {
  records: ConnectionRecords
  counters: Counters
  shards: PlayedShard[]
  /** Half-open requests of all shards together, at most. */
  synQueuePeak: number
  /** Only if it was asked for. */
  synQueueCurve: readonly number[] | undefined
  /** When the last event happened. */
  endMs: number
}

export interface PlayOptions {
  /** The same seed gives the same run. */
  seed?: number
  /** Keeps each shard's queue length, the highest in every so many milliseconds. */
  curveEveryMs?: number
}

/** Plays a system from its first arrival until nothing more can happen. */
export function play(system: System, options: PlayOptions = {}): Played {
  return new Simulation(system, options).run()
}

class Simulation {
  readonly #system: System
  readonly #events = new Events()
  readonly #counters = noCounts()
  readonly #records: ConnectionRecords
  readonly #clients: Clients
  readonly #listeners: Listeners
  readonly #handshakes: Handshakes
  readonly #returning: Returning | undefined
  readonly #synQueueCurve: Curve | undefined

  constructor(system: System, { seed = 1, curveEveryMs }: PlayOptions) {
    const { arrivals, halfOpen, kernel, client } = system
    this.#system = system
    // What is drawn first, and in which order, is part of a run.
    const random = seededRandom(seed)
    const wheel = new TimerWheel(kernel.hz, random())
    const timers = new ClientTimers(kernel.hz, client, random)
    const hashes = Uint32Array.from(arrivals, () => random() * 2 ** 32)
    const [events, counters, records] = [this.#events, this.#counters, new ConnectionRecords(arrivals)]
    const returning =
      system.returning === undefined
        ? undefined
        : new Returning(system.returning, client.timeoutMs, { events, records, random })
    const clients = new Clients(client, timers, events, { records, hashes, returning })
    const listeners = new Listeners(system, { events, clients, counters, records, hashes, random }, curveEveryMs)
    this.#records = records
    this.#clients = clients
    this.#returning = returning
    this.#listeners = listeners
    this.#handshakes = new Handshakes(kernel, halfOpen.length, {
      listeners,
      clients,
      events,
      counters,
      records,
      hashes,
      wheel,
      random,
    })
    this.#synQueueCurve = curveEveryMs === undefined ? undefined : new Curve(curveEveryMs)
  }

  run(): Played {
    const { arrivals: all, halfOpen, returning } = this.#system
    const arrivals = returning === undefined ? all : all.subarray(0, returning.clients)
    const events = this.#events
    const { requests } = this.#handshakes
    let nextArrival = 0
    let nextHalfOpen = 0
    let nowMs = 0
    for (;;) {
      const arrivalMs = arrivals[nextArrival] ?? Number.POSITIVE_INFINITY
      const halfOpenMs = halfOpen[nextHalfOpen] ?? Number.POSITIVE_INFINITY
      const comesMs = Math.min(arrivalMs, halfOpenMs)
      const eventMs = events.nextMs
      if (eventMs <= comesMs) {
        if (eventMs === Number.POSITIVE_INFINITY) break
        nowMs = eventMs
        this.#happen(eventMs, events.next())
      } else if (arrivalMs <= halfOpenMs) {
        nowMs = arrivalMs
        this.#begins(nowMs, nextArrival++)
      } else {
        nowMs = halfOpenMs
        this.#handshakes.halfOpenSynArrives(nowMs, all.length + nextHalfOpen++)
      }
      this.#synQueueCurve?.record(nowMs, requests.count)
    }
    return {
      records: this.#returning === undefined ? this.#records : this.#records.first(this.#returning.made),
      counters: this.#counters,
      shards: this.#listeners.shards,
      synQueuePeak: requests.peak,
      synQueueCurve: this.#synQueueCurve?.peaks,
      endMs: nowMs,
    }
  }

  /** A client sends its first SYN of a connection. */
  #begins(nowMs: number, connection: number): void {
    this.#returning?.begins(nowMs, connection)
    if (this.#clients.oneWayMs === 0) this.#handshakes.synArrives(nowMs, connection)
    else this.#clients.sendSyn(nowMs, connection)
  }

  #happen(nowMs: number, event: number): void {
    const subject = subjectOf(event)
    switch (kindOf(event)) {
      case SYN:
        this.#handshakes.synArrives(nowMs, subject)
        break
      case FINAL_ACK:
        this.#handshakes.finalAckArrives(nowMs, subject)
        break
      case REQUEST:
        this.#handshakes.requestArrives(nowMs, subject)
        break
      case SYN_ACK_TIMER:
        this.#handshakes.synAckTimerFires(nowMs, subject)
        break
      case LOOP:
        this.#listeners.acceptors.turn(nowMs, subject)
        break
      case CLOSE:
        this.#listeners.close(nowMs, subject)
        break
      case OPEN:
        this.#listeners.open(subject)
        break
      case RETURN:
        this.#begins(nowMs, subject)
        break
      case PATIENCE:
        this.#returning?.patienceEnds(nowMs, subject)
    }
  }
}
