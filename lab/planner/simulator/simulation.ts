/**
 * Plays a system through, event by event, by the kernel's rules (facts 0 to 4 and 10). What it leaves out: packets are
 * never lost on the way, two CPUs never race for the last place of a queue, and clients only make one request.
 */
import { seededRandom } from '#load/random.ts'
import type { EventLoop, System } from '../system.ts'
import { type Counters, noCounts } from './counters.ts'
import { Curve } from './curve.ts'
import { EventHeap } from './event-heap.ts'
import { Group } from './group.ts'
import { Listener } from './listener.ts'
import { LoopClock } from './loop-clock.ts'
import { serviceTimes } from './service-times.ts'
import { Stories } from './stories.ts'
import { requestTimeoutMs, synAckRetries, synAckTimeoutMs, synTimeoutMs, TimerWheel } from './timers.ts'

/** What a run leaves. */
export interface Played {
  stories: Stories
  counters: Counters
  shards: PlayedShard[]
  /** Half-open requests of all shards together, at most. */
  synQueuePeak: number
  /** When the last event happened. */
  endMs: number
}

interface PlayedShard {
  /** sk_drops of its sockets. */
  skDrops: number
  accepts: number
  queuePeak: number
  synQueuePeak: number
  /** Only if it was asked for. */
  curve: readonly number[] | undefined
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

const SYN = 0
const FINAL_ACK = 1
const REQUEST = 2
const SYN_ACK_TIMER = 3
const LOOP = 4
const CLOSE = 5
const OPEN = 6
const KINDS = 8

/** What the server knows of a connection; 0 before its SYN is taken. */
const HALF_OPEN = 1
const COOKIE = 2
const KNOWN = 3
const FORGOTTEN = 4

const DROPPED = 0
const STORED = 1
const COOKIE_SENT = 2

interface Loop {
  shard: number
  plan: EventLoop
  clock: LoopClock
  acceptMs: () => number
  acceptedThisTurn: number
  idle: boolean
}

class Simulation {
  readonly #system: System
  readonly #random: () => number
  readonly #wheel: TimerWheel
  readonly #events = new EventHeap()
  readonly #group: Group
  /** Every listener that there has been; requests know theirs by its place here. */
  readonly #listeners: Listener[] = []
  /** The place of the shard's present listener; -1 while it is closed. */
  readonly #current: Int32Array
  readonly #loops: Loop[] = []
  readonly #loopsOf: number[][]
  readonly #stories: Stories
  readonly #hashes: Uint32Array
  readonly #state: Uint8Array
  readonly #requestTries: Uint8Array
  /** By request, connections first and half-open ones after them: its listener (-1: none) and timeouts so far. */
  readonly #listenerOf: Int32Array
  readonly #timeouts: Uint8Array
  readonly #counters = noCounts()
  readonly #shards: PlayedShard[]
  readonly #curves: (Curve | undefined)[]
  #requests = 0
  #synQueuePeak = 0
  readonly #oneWayMs: number

  constructor(system: System, { seed = 1, curveEveryMs }: PlayOptions) {
    const { arrivals, halfOpen, shards, dealing, kernel, client } = system
    this.#system = system
    const random = seededRandom(seed)
    this.#random = random
    this.#wheel = new TimerWheel(kernel.hz, random())
    this.#group = new Group(dealing, random)
    this.#stories = new Stories(arrivals)
    this.#hashes = Uint32Array.from(arrivals, () => random() * 2 ** 32)
    this.#state = new Uint8Array(arrivals.length)
    this.#requestTries = new Uint8Array(arrivals.length)
    this.#listenerOf = new Int32Array(arrivals.length + halfOpen.length).fill(-1)
    this.#timeouts = new Uint8Array(arrivals.length + halfOpen.length)
    this.#oneWayMs = client.rttMs / 2
    this.#current = new Int32Array(shards.length).fill(-1)
    this.#shards = shards.map(() => ({ skDrops: 0, accepts: 0, queuePeak: 0, synQueuePeak: 0, curve: undefined }))
    this.#curves = shards.map(() => (curveEveryMs === undefined ? undefined : new Curve(curveEveryMs)))
    this.#loopsOf = shards.map((shard, number) => shard.loops.map((plan) => this.#addLoop(number, plan)))
    for (const [number, shard] of shards.entries()) {
      if (!shard.absences.some(({ fromMs }) => fromMs <= 0)) this.#open(number)
      for (const { fromMs, toMs } of shard.absences) {
        if (fromMs > 0) this.#at(fromMs, CLOSE, number)
        if (Number.isFinite(toMs)) this.#at(toMs, OPEN, number)
      }
    }
  }

  #addLoop(shard: number, plan: EventLoop): number {
    const acceptMs = serviceTimes(plan.acceptMs, plan.acceptCv, this.#random)
    const loop: Loop = { shard, plan, clock: new LoopClock(plan.stalls), acceptMs, acceptedThisTurn: 0, idle: true }
    return this.#loops.push(loop) - 1
  }

  run(): Played {
    const { arrivals, halfOpen } = this.#system
    const events = this.#events
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
        this.#happen(eventMs, events.pop())
      } else if (arrivalMs <= halfOpenMs) {
        nowMs = arrivalMs
        const connection = nextArrival++
        if (this.#oneWayMs === 0) this.#synArrives(nowMs, connection)
        else this.#at(nowMs + this.#oneWayMs, SYN, connection)
      } else {
        nowMs = halfOpenMs
        this.#halfOpenSynArrives(nowMs, arrivals.length + nextHalfOpen++)
      }
    }
    return {
      stories: this.#stories,
      counters: this.#counters,
      shards: this.#shards.map((shard, number) => ({ ...shard, curve: this.#curves[number]?.peaks })),
      synQueuePeak: this.#synQueuePeak,
      endMs: nowMs,
    }
  }

  #at(timeMs: number, kind: number, subject: number): void {
    this.#events.push(timeMs, subject * KINDS + kind)
  }

  #happen(nowMs: number, event: number): void {
    const subject = Math.floor(event / KINDS)
    switch (event % KINDS) {
      case SYN:
        this.#synArrives(nowMs, subject)
        break
      case FINAL_ACK:
        this.#finalAckArrives(nowMs, subject)
        break
      case REQUEST:
        this.#requestArrives(nowMs, subject)
        break
      case SYN_ACK_TIMER:
        this.#synAckTimerFires(nowMs, subject)
        break
      case LOOP:
        this.#turn(nowMs, subject)
        break
      case CLOSE:
        this.#close(nowMs, subject)
        break
      case OPEN:
        this.#open(subject)
    }
  }

  // The handshake

  #synArrives(nowMs: number, connection: number): void {
    const stories = this.#stories
    if (++stories.syns[connection]! > 1) this.#counters.synRetransmits++
    const listener = this.#group.choose(this.#hashes[connection]!)
    if (listener === undefined) {
      this.#counters.syns++
      stories.end(connection, 'refused')
      return
    }
    const verdict = this.#admit(listener)
    if (verdict === DROPPED) {
      this.#refuse(connection)
      this.#sendSynAgain(nowMs - this.#oneWayMs, connection)
      return
    }
    stories.connectedMs[connection] = nowMs + this.#oneWayMs
    if (verdict === STORED) {
      this.#state[connection] = HALF_OPEN
      this.#store(connection, listener)
    } else this.#state[connection] = COOKIE
    if (this.#oneWayMs === 0) this.#finalAckArrives(nowMs, connection)
    else this.#at(nowMs + 2 * this.#oneWayMs, FINAL_ACK, connection)
  }

  #sendSynAgain(sentMs: number, connection: number): void {
    const { timeoutMs, synRetries, synLinearTimeouts } = this.#system.client
    const waitMs = synTimeoutMs(this.#stories.syns[connection]!, synRetries, synLinearTimeouts)
    const againMs = waitMs === undefined ? Number.POSITIVE_INFINITY : this.#wheel.firesAt(sentMs, waitMs)
    if (againMs < this.#stories.arrivedMs[connection]! + timeoutMs) this.#at(againMs + this.#oneWayMs, SYN, connection)
    else this.#stories.end(connection, 'timed out')
  }

  #halfOpenSynArrives(nowMs: number, request: number): void {
    const listener = this.#group.choose(Math.floor(this.#random() * 2 ** 32))
    if (listener === undefined || this.#admit(listener) !== STORED) return
    this.#store(request, listener)
    this.#at(this.#wheel.firesAt(nowMs, synAckTimeoutMs(0)), SYN_ACK_TIMER, request)
  }

  /** tcp_conn_request: what becomes of a SYN. The SYN queue is asked before the accept queue (facts 2.4). */
  #admit(listener: Listener): number {
    const { syncookies, maxSynBacklog } = this.#system.kernel
    const counters = this.#counters
    counters.syns++
    const wantsCookie = syncookies === 2 || listener.synQueueFull
    if (wantsCookie && syncookies === 0) {
      counters.TCPReqQFullDrop++
      return this.#listenDrop(listener)
    }
    if (wantsCookie) counters.TCPReqQFullDoCookies++
    if (listener.acceptQueueFull) {
      counters.ListenOverflows++
      return this.#listenDrop(listener)
    }
    if (wantsCookie) {
      counters.SyncookiesSent++
      return COOKIE_SENT
    }
    if (syncookies === 0 && maxSynBacklog - listener.requests < maxSynBacklog >> 2) return this.#listenDrop(listener)
    return STORED
  }

  #listenDrop(listener: Listener): number {
    this.#counters.ListenDrops++
    this.#shards[listener.shard]!.skDrops++
    return DROPPED
  }

  /** A full accept queue that meets a final ACK. The kernel holds 2 against the socket, or 1 where it came with a cookie. */
  #overflow(listener: Listener, connection: number, skDrops: number): void {
    this.#counters.ListenOverflows++
    this.#counters.ListenDrops++
    this.#shards[listener.shard]!.skDrops += skDrops
    this.#refuse(connection)
  }

  #refuse(connection: number): void {
    const { refusals } = this.#stories
    if (refusals[connection]! < 255) refusals[connection]!++
  }

  #store(request: number, listener: Listener): void {
    this.#listenerOf[request] = listener.place
    listener.requests++
    listener.young++
    this.#requests++
    const shard = this.#shards[listener.shard]!
    if (listener.requests > shard.synQueuePeak) shard.synQueuePeak = listener.requests
    if (this.#requests > this.#synQueuePeak) this.#synQueuePeak = this.#requests
  }

  #forget(request: number): void {
    const listener = this.#listeners[this.#listenerOf[request]!]!
    this.#listenerOf[request] = -1
    listener.requests--
    if (this.#timeouts[request] === 0) listener.young--
    this.#requests--
  }

  #finalAckArrives(nowMs: number, connection: number): void {
    if (this.#state[connection] === COOKIE) this.#cookieArrives(nowMs, connection)
    else if (this.#state[connection] === HALF_OPEN) this.#requestCompletes(nowMs, connection)
  }

  #requestCompletes(nowMs: number, connection: number): void {
    const own = this.#listeners[this.#listenerOf[connection]!]!
    const listener = own.open ? own : this.#heir(connection)
    if (listener === undefined) {
      if (this.#system.kernel.migrateReq) this.#counters.TCPMigrateReqFailure++
      this.#reset(connection)
      return
    }
    if (!listener.acceptQueueFull) {
      if (listener !== own) this.#counters.TCPMigrateReqSuccess++
      this.#forget(connection)
      this.#enqueue(nowMs, connection, listener)
      return
    }
    if (listener !== own) this.#counters.TCPMigrateReqFailure++
    this.#overflow(listener, connection, 2)
    if (this.#system.kernel.abortOnOverflow) {
      this.#counters.EmbryonicRsts++
      this.#reset(connection)
    } else if (this.#requestTries[connection] === 0) {
      this.#overflow(listener, connection, 2) // the request comes right behind the ACK, and acts as one
      const bornMs = nowMs - 2 * this.#oneWayMs
      this.#at(Math.max(nowMs, this.#wheel.firesAt(bornMs, synAckTimeoutMs(0))), SYN_ACK_TIMER, connection)
      this.#sendRequestAgain(nowMs - this.#oneWayMs, connection)
    }
  }

  #cookieArrives(nowMs: number, connection: number): void {
    const listener = this.#group.choose(this.#hashes[connection]!)
    if (listener === undefined) {
      this.#reset(connection)
      return
    }
    this.#counters.SyncookiesRecv++
    if (!listener.acceptQueueFull) {
      this.#enqueue(nowMs, connection, listener)
      return
    }
    this.#overflow(listener, connection, 1)
    if (this.#requestTries[connection] === 0) this.#sendRequestAgain(nowMs - this.#oneWayMs, connection)
  }

  /** The client believes to be connected, and sends its request until it is answered or its patience is over. */
  #sendRequestAgain(sentMs: number, connection: number): void {
    const { timeoutMs, rttMs } = this.#system.client
    const tries = Math.min(++this.#requestTries[connection]!, 20)
    const againMs = this.#wheel.firesAt(sentMs, requestTimeoutMs(tries, rttMs))
    if (againMs < this.#stories.arrivedMs[connection]! + timeoutMs)
      this.#at(againMs + this.#oneWayMs, REQUEST, connection)
    else this.#stories.end(connection, 'timed out')
  }

  #requestArrives(nowMs: number, connection: number): void {
    const state = this.#state[connection]
    if (state === KNOWN) return
    if (state === FORGOTTEN) {
      this.#reset(connection)
      return
    }
    this.#finalAckArrives(nowMs, connection)
    if (this.#state[connection] === state) this.#sendRequestAgain(nowMs - this.#oneWayMs, connection)
  }

  #reset(connection: number): void {
    if (this.#listenerOf[connection] !== -1) this.#forget(connection)
    this.#state[connection] = KNOWN
    this.#stories.end(connection, 'reset')
  }

  /** reqsk_timer_handler: resends the SYN-ACK, or gives the request up. */
  #synAckTimerFires(nowMs: number, request: number): void {
    const place = this.#listenerOf[request]!
    if (place === -1) return
    let listener = this.#listeners[place]!
    const connection = request < this.#stories.count
    if (!listener.open) {
      const heir = this.#system.kernel.migrateReq ? this.#heir(request) : undefined
      this.#forget(request)
      if (heir === undefined) {
        if (connection) this.#state[request] = FORGOTTEN
        return
      }
      this.#counters.TCPMigrateReqSuccess++
      this.#store(request, heir)
      listener = heir
    }
    const { requests, young, limit } = listener
    if (this.#timeouts[request]! >= synAckRetries(this.#system.kernel.synAckRetries, requests, young, limit)) {
      this.#forget(request)
      if (connection) this.#state[request] = FORGOTTEN
      return
    }
    this.#counters.synAckRetransmits++
    if (this.#timeouts[request]!++ === 0) listener.young--
    if (connection && this.#stories.ending[request] === 0) this.#at(nowMs + 2 * this.#oneWayMs, FINAL_ACK, request)
    this.#at(this.#wheel.firesAt(nowMs, synAckTimeoutMs(this.#timeouts[request]!)), SYN_ACK_TIMER, request)
  }

  // The accept queue

  #enqueue(nowMs: number, connection: number, listener: Listener): void {
    this.#state[connection] = KNOWN
    this.#stories.queuedMs[connection] = nowMs
    this.#stories.shard[connection] = listener.shard
    listener.accept.push(connection)
    const { length } = listener.accept
    const shard = this.#shards[listener.shard]!
    if (length > shard.queuePeak) shard.queuePeak = length
    this.#curves[listener.shard]?.record(nowMs, length)
    this.#wake(nowMs, listener.shard)
  }

  /** Wakes an idle loop of the shard. One that stands still looks when it goes on, so another one is woken as well. */
  #wake(nowMs: number, shard: number): void {
    for (const number of this.#loopsOf[shard]!) {
      const loop = this.#loops[number]!
      if (!loop.idle) continue
      loop.idle = false
      const freeMs = loop.clock.freeAt(nowMs)
      this.#at(freeMs, LOOP, number)
      if (freeMs === nowMs) return
    }
  }

  /** What a loop does next: it accepts, or handles what it has accepted in this turn, or waits. */
  #turn(nowMs: number, number: number): void {
    const loop = this.#loops[number]!
    const freeMs = loop.clock.freeAt(nowMs)
    if (freeMs > nowMs) {
      this.#at(freeMs, LOOP, number)
      return
    }
    const listener = this.#listeners[this.#current[loop.shard]!]
    const waiting = listener !== undefined && listener.accept.length > 0
    const { acceptsPerTurn, handleMs } = loop.plan
    if (loop.acceptedThisTurn > 0 && (!waiting || loop.acceptedThisTurn >= acceptsPerTurn)) {
      const doneMs = loop.clock.after(nowMs, loop.acceptedThisTurn * handleMs)
      loop.acceptedThisTurn = 0
      if (doneMs > nowMs) {
        this.#at(doneMs, LOOP, number)
        return
      }
    }
    if (!waiting) {
      loop.idle = true
      return
    }
    loop.acceptedThisTurn++
    this.#at(this.#accept(nowMs, loop, listener), LOOP, number)
  }

  /** Takes the oldest out of the queue, and gives the moment in which the loop is done with accepting it. */
  #accept(nowMs: number, { shard, plan, clock, acceptMs }: Loop, listener: Listener): number {
    const connection = listener.accept.shift()
    this.#curves[shard]?.record(nowMs, listener.accept.length)
    this.#shards[shard]!.accepts++
    const doneMs = clock.after(nowMs, acceptMs())
    const answeredMs = clock.after(doneMs, plan.handleMs) + this.#oneWayMs
    const stories = this.#stories
    stories.acceptedMs[connection] = nowMs
    stories.answeredMs[connection] = answeredMs
    const late = answeredMs > stories.arrivedMs[connection]! + this.#system.client.timeoutMs
    stories.end(connection, late ? 'timed out' : 'answered')
    return doneMs
  }

  // Listeners that come and go

  #open(shard: number): void {
    const place = this.#listeners.length
    const listener = new Listener(place, shard, this.#system.shards[shard]!.backlog)
    this.#listeners.push(listener)
    this.#current[shard] = place
    this.#group.join(listener)
  }

  /** The queue is reset, or goes to the others without a look at their limits (facts 4). Requests learn it later. */
  #close(nowMs: number, shard: number): void {
    const listener = this.#listeners[this.#current[shard]!]
    if (listener === undefined) return
    this.#current[shard] = -1
    listener.open = false
    this.#group.leave(listener)
    while (listener.accept.length > 0) {
      const connection = listener.accept.shift()
      const heir = this.#heir(connection)
      if (heir !== undefined) {
        this.#counters.TCPMigrateReqSuccess++
        this.#enqueue(nowMs, connection, heir)
        continue
      }
      if (this.#system.kernel.migrateReq) this.#counters.TCPMigrateReqFailure++
      this.#counters.EstabResets++
      this.#reset(connection)
    }
    this.#curves[shard]?.record(nowMs, 0)
  }

  /** Who takes over from a closed listener; undefined without tcp_migrate_req, or if nobody is left. */
  #heir(request: number): Listener | undefined {
    if (!this.#system.kernel.migrateReq) return undefined
    // The socket's own hash decides, which has nothing to do with the one that chose the shard.
    return this.#group.byHash(Math.imul(this.#hashes[request] ?? request, 0x9e3779b1) >>> 0)
  }
}
