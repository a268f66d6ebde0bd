/**
 * Plays a system through, event by event, by the kernel's rules (facts 0 to 4 and 10). What it leaves out: packets are
 * never lost on the way, two CPUs never race for the last place of a queue, and clients only make one request.
 */
import { seededRandom } from '#load/random.ts'
import type { System } from '../system.ts'
import { Acceptors } from './acceptors.ts'
import { type Counters, noCounts } from './counters.ts'
import { Curve } from './curve.ts'
import { EventHeap } from './event-heap.ts'
import { Group } from './group.ts'
import { Listener } from './listener.ts'
import { Requests } from './requests.ts'
import { Stories } from './stories.ts'
import { ClientTimers, requestTimeoutMs, synAckRetries, synAckTimeoutMs, synTimeoutMs, TimerWheel } from './timers.ts'

/** What a run leaves. */
export interface Played {
  stories: Stories
  counters: Counters
  shards: PlayedShard[]
  /** Half-open requests of all shards together, at most. */
  synQueuePeak: number
  /** Only if it was asked for. */
  synQueueCurve: readonly number[] | undefined
  /** When the last event happened. */
  endMs: number
}

interface PlayedShard {
  /** sk_drops of its sockets. */
  skDrops: number
  accepts: number
  queuePeak: number
  /** The longest accept queue that a SYN or a final ACK has met: the smallest backlog at which none of them is dropped. */
  longestMet: number
  synQueuePeak: number
  /** How many wait in its accept queue when nothing can happen any more: its loops stand still for ever. */
  left: number
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

/** Beyond it a request's timeout no longer fits a client's patience. */
const MOST_TRIES = 20

const DROPPED = 0
const STORED = 1
const COOKIE_SENT = 2

class Simulation {
  readonly #system: System
  readonly #random: () => number
  readonly #wheel: TimerWheel
  readonly #clientTimers: ClientTimers
  readonly #events = new EventHeap()
  readonly #group: Group
  /** Every listener that there has been; requests know theirs by its place here. */
  readonly #listeners: Listener[] = []
  /** The place of the shard's present listener; -1 while it is closed. */
  readonly #current: Int32Array
  readonly #acceptors: Acceptors
  readonly #stories: Stories
  readonly #hashes: Uint32Array
  readonly #state: Uint8Array
  readonly #requestTries: Uint8Array
  /** Connections first, half-open SYNs after them. */
  readonly #requests: Requests
  readonly #counters = noCounts()
  readonly #shards: PlayedShard[]
  readonly #curves: (Curve | undefined)[]
  readonly #synQueueCurve: Curve | undefined
  readonly #oneWayMs: number
  /** When the clients can send the next request. */
  #clientsFreeMs = 0

  constructor(system: System, { seed = 1, curveEveryMs }: PlayOptions) {
    const { arrivals, halfOpen, shards, dealing, kernel, client } = system
    this.#system = system
    const random = seededRandom(seed)
    this.#random = random
    this.#wheel = new TimerWheel(kernel.hz, random())
    this.#clientTimers = new ClientTimers(kernel.hz, client, random)
    this.#group = new Group(dealing, random)
    this.#stories = new Stories(arrivals)
    this.#hashes = Uint32Array.from(arrivals, () => random() * 2 ** 32)
    this.#state = new Uint8Array(arrivals.length)
    this.#requestTries = new Uint8Array(arrivals.length)
    this.#requests = new Requests(arrivals.length + halfOpen.length, this.#listeners)
    this.#oneWayMs = client.rttMs / 2
    this.#current = new Int32Array(shards.length).fill(-1)
    this.#shards = shards.map(() => ({
      skDrops: 0,
      accepts: 0,
      queuePeak: 0,
      longestMet: 0,
      synQueuePeak: 0,
      left: 0,
      curve: undefined,
    }))
    this.#curves = shards.map(() => (curveEveryMs === undefined ? undefined : new Curve(curveEveryMs)))
    this.#synQueueCurve = curveEveryMs === undefined ? undefined : new Curve(curveEveryMs)
    this.#acceptors = new Acceptors(shards, random, {
      turnAt: (timeMs, loop) => this.#at(timeMs, LOOP, loop),
      waiting: (shard) => (this.#listening(shard)?.accept.length ?? 0) > 0,
      take: (nowMs, shard, answeredMs) => this.#accept(nowMs, shard, answeredMs),
    })
    for (const [number, shard] of shards.entries()) {
      if (!shard.absences.some(({ fromMs }) => fromMs <= 0)) this.#open(number)
      for (const { fromMs, toMs } of shard.absences) {
        if (fromMs > 0) this.#at(fromMs, CLOSE, number)
        if (Number.isFinite(toMs)) this.#at(toMs, OPEN, number)
      }
    }
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
      this.#synQueueCurve?.record(nowMs, this.#requests.count)
    }
    return {
      stories: this.#stories,
      counters: this.#counters,
      shards: this.#shards.map((shard, number) => ({
        ...shard,
        left: this.#listening(number)?.accept.length ?? 0,
        curve: this.#curves[number]?.peaks,
      })),
      synQueuePeak: this.#requests.peak,
      synQueueCurve: this.#synQueueCurve?.peaks,
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
        this.#acceptors.turn(nowMs, subject)
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
    // connect() on a short wire sees its handshake through before another SYN leaves. SYNs that one tick of the timers sends
    // again do not: all of them are looked at before the first of their final ACKs.
    if (this.#oneWayMs === 0 && stories.syns[connection] === 1) this.#finalAckArrives(nowMs, connection)
    else this.#at(nowMs + 2 * this.#oneWayMs, FINAL_ACK, connection)
  }

  #sendSynAgain(sentMs: number, connection: number): void {
    const { timeoutMs, synRetries, synLinearTimeouts } = this.#system.client
    const waitMs = synTimeoutMs(this.#stories.syns[connection]!, synRetries, synLinearTimeouts)
    const againMs =
      waitMs === undefined
        ? Number.POSITIVE_INFINITY
        : this.#clientTimers.firesAt(this.#hashes[connection]!, sentMs, waitMs)
    if (againMs < this.#stories.arrivedMs[connection]! + timeoutMs) this.#at(againMs + this.#oneWayMs, SYN, connection)
    else this.#stories.end(connection, 'timed out')
  }

  #halfOpenSynArrives(nowMs: number, request: number): void {
    const listener = this.#group.choose(Math.floor(this.#random() * 2 ** 32))
    if (listener === undefined) this.#counters.syns++
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
    if (this.#findsFull(listener)) {
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

  #findsFull(listener: Listener): boolean {
    const shard = this.#shards[listener.shard]!
    if (listener.accept.length > shard.longestMet) shard.longestMet = listener.accept.length
    return listener.acceptQueueFull
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
    this.#requests.store(request, listener)
    const shard = this.#shards[listener.shard]!
    if (listener.requests > shard.synQueuePeak) shard.synQueuePeak = listener.requests
  }

  #finalAckArrives(nowMs: number, connection: number): void {
    if (this.#state[connection] === COOKIE) this.#cookieArrives(nowMs, connection)
    else if (this.#state[connection] === HALF_OPEN) this.#requestCompletes(nowMs, connection)
  }

  #requestCompletes(nowMs: number, connection: number): void {
    const own = this.#requests.holder(connection)
    const listener = own?.open === true ? own : this.#heir(connection)
    if (listener === undefined) {
      if (this.#system.kernel.migrateReq) this.#counters.TCPMigrateReqFailure++
      this.#reset(connection)
      return
    }
    if (!this.#findsFull(listener)) {
      if (listener !== own) this.#counters.TCPMigrateReqSuccess++
      this.#requests.forget(connection)
      this.#enqueue(nowMs, connection, listener)
      return
    }
    if (listener !== own) this.#counters.TCPMigrateReqFailure++
    this.#overflow(listener, connection, 2)
    if (this.#system.kernel.abortOnOverflow) {
      this.#counters.EmbryonicRsts++
      this.#reset(connection)
      return
    }
    if (this.#requestTries[connection]! > 0) return
    const bornMs = nowMs - 2 * this.#oneWayMs
    this.#at(Math.max(nowMs, this.#wheel.firesAt(bornMs, synAckTimeoutMs(0))), SYN_ACK_TIMER, connection)
    this.#sendRequest(nowMs - this.#oneWayMs, connection)
  }

  #cookieArrives(nowMs: number, connection: number): void {
    const listener = this.#group.choose(this.#hashes[connection]!)
    if (listener === undefined) {
      this.#reset(connection)
      return
    }
    this.#counters.SyncookiesRecv++
    if (!this.#findsFull(listener)) {
      this.#enqueue(nowMs, connection, listener)
      return
    }
    this.#overflow(listener, connection, 1)
    if (this.#requestTries[connection] === 0) this.#sendRequest(nowMs - this.#oneWayMs, connection)
  }

  /** The client believes to be connected: its request comes behind the final ACK that was dropped, and acts as one. */
  #sendRequest(connectedMs: number, connection: number): void {
    this.#requestTries[connection] = 1
    this.#at(this.#nextRequestMs(connectedMs) + this.#oneWayMs, REQUEST, connection)
  }

  /** When a client that is connected sends its request: clients of one process take their turns. */
  #nextRequestMs(connectedMs: number): number {
    this.#clientsFreeMs = Math.max(connectedMs, this.#clientsFreeMs) + this.#system.client.requestGapMs
    return this.#clientsFreeMs
  }

  /** It sends its request until it is answered or its patience is over. */
  #sendRequestAgain(sentMs: number, connection: number): void {
    const { timeoutMs, rttMs } = this.#system.client
    const tries = this.#requestTries[connection]!
    if (tries < MOST_TRIES) this.#requestTries[connection]!++
    const againMs = this.#clientTimers.firesAt(this.#hashes[connection]!, sentMs, requestTimeoutMs(tries, rttMs))
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
    this.#requests.forget(connection)
    this.#state[connection] = KNOWN
    this.#stories.end(connection, 'reset')
  }

  /** reqsk_timer_handler: resends the SYN-ACK, or gives the request up. */
  #synAckTimerFires(nowMs: number, request: number): void {
    const requests = this.#requests
    let listener = requests.holder(request)
    if (listener === undefined) return
    const connection = request < this.#stories.count
    if (!listener.open) {
      const heir = this.#system.kernel.migrateReq ? this.#heir(request) : undefined
      requests.forget(request)
      if (heir === undefined) {
        if (connection) this.#state[request] = FORGOTTEN
        return
      }
      this.#counters.TCPMigrateReqSuccess++
      this.#store(request, heir)
      listener = heir
    }
    const retries = synAckRetries(this.#system.kernel.synAckRetries, listener.requests, listener.young, listener.limit)
    if (requests.timeouts(request) >= retries) {
      requests.forget(request)
      if (connection) this.#state[request] = FORGOTTEN
      return
    }
    this.#counters.synAckRetransmits++
    requests.countTimeout(request)
    if (connection && this.#stories.ending[request] === 0) this.#at(nowMs + 2 * this.#oneWayMs, FINAL_ACK, request)
    this.#at(this.#wheel.firesAt(nowMs, synAckTimeoutMs(requests.timeouts(request))), SYN_ACK_TIMER, request)
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
    this.#acceptors.wake(nowMs, listener.shard)
  }

  /** A loop takes the oldest out of the queue. */
  #accept(nowMs: number, shard: number, doneMs: number): void {
    const { accept } = this.#listening(shard)!
    const connection = accept.shift()
    this.#curves[shard]?.record(nowMs, accept.length)
    this.#shards[shard]!.accepts++
    const answeredMs = doneMs + this.#oneWayMs
    const stories = this.#stories
    stories.acceptedMs[connection] = nowMs
    stories.answeredMs[connection] = answeredMs
    const late = answeredMs > stories.arrivedMs[connection]! + this.#system.client.timeoutMs
    stories.end(connection, late ? 'timed out' : 'answered')
  }

  // Listeners that come and go

  /** The shard's present listener; undefined while it is closed. */
  #listening(shard: number): Listener | undefined {
    return this.#listeners[this.#current[shard]!]
  }

  #open(shard: number): void {
    const place = this.#listeners.length
    const listener = new Listener(place, shard, this.#system.shards[shard]!.backlog)
    this.#listeners.push(listener)
    this.#current[shard] = place
    this.#group.join(listener)
  }

  /** The queue is reset, or goes to the others without a look at their limits (facts 4). Requests learn it later. */
  #close(nowMs: number, shard: number): void {
    const listener = this.#listening(shard)
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
