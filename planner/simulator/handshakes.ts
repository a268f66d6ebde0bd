/** The server's side of the handshake: what becomes of a SYN, a final ACK and a half-open request. */
import type { KernelRules } from '../system.ts'
import type { Clients } from './clients.ts'
import type { Counters } from './counters.ts'
import { type Events, FINAL_ACK, SYN_ACK_TIMER } from './events.ts'
import type { Listener } from './listener.ts'
import type { Listeners } from './listeners.ts'
import type { ConnectionRecords } from './records.ts'
import { Requests } from './requests.ts'
import { synAckRetries, synAckTimeoutMs, type TimerWheel } from './timers.ts'

/** What the server knows of a connection; 0 before its SYN is taken. */
const HALF_OPEN = 1
const COOKIE = 2
const KNOWN = 3
const FORGOTTEN = 4

const DROPPED = 0
const STORED = 1
const COOKIE_SENT = 2

/** What the handshake has to do with. */
interface Surroundings {
  listeners: Listeners
  clients: Clients
  events: Events
  counters: Counters
  records: ConnectionRecords
  /** What the addresses and ports of each connection give. */
  hashes: Uint32Array
  wheel: TimerWheel
  random: () => number
}

export class Handshakes {
  /** Connections first, half-open SYNs after them. */
  readonly requests: Requests
  readonly #kernel: KernelRules
  readonly #listeners: Listeners
  readonly #clients: Clients
  readonly #events: Events
  readonly #counters: Counters
  readonly #records: ConnectionRecords
  readonly #hashes: Uint32Array
  readonly #wheel: TimerWheel
  readonly #random: () => number
  readonly #state: Uint8Array
  readonly #oneWayMs: number

  /** `halfOpen` is how many SYNs nobody follows up. */
  constructor(kernel: KernelRules, halfOpen: number, surroundings: Surroundings) {
    const { listeners, clients, events, counters, records, hashes, wheel, random } = surroundings
    this.requests = new Requests(records.count + halfOpen, listeners.all)
    this.#kernel = kernel
    this.#listeners = listeners
    this.#clients = clients
    this.#events = events
    this.#counters = counters
    this.#records = records
    this.#hashes = hashes
    this.#wheel = wheel
    this.#random = random
    this.#state = new Uint8Array(records.count)
    this.#oneWayMs = clients.oneWayMs
  }

  synArrives(nowMs: number, connection: number): void {
    const records = this.#records
    if (++records.syns[connection]! > 1) this.#counters.synRetransmits++
    const listener = this.#listeners.group.choose(this.#hashes[connection]!)
    if (listener === undefined) {
      this.#counters.syns++
      records.end(connection, 'refused')
      return
    }
    const verdict = this.#admit(listener)
    if (verdict === DROPPED) {
      records.dropSyn(connection)
      this.#clients.sendSynAgain(nowMs - this.#oneWayMs, connection)
      return
    }
    records.connectedMs[connection] = nowMs + this.#oneWayMs
    if (verdict === STORED) {
      this.#state[connection] = HALF_OPEN
      this.#store(connection, listener)
    } else this.#state[connection] = COOKIE
    // connect() on a short wire sees its handshake through before another SYN leaves. SYNs that one tick of the timers sends
    // again do not: all of them are looked at before the first of their final ACKs.
    if (this.#oneWayMs === 0 && records.syns[connection] === 1) this.finalAckArrives(nowMs, connection)
    else this.#events.at(nowMs + 2 * this.#oneWayMs, FINAL_ACK, connection)
  }

  /** A SYN that nobody follows up, and nobody sends again. */
  halfOpenSynArrives(nowMs: number, request: number): void {
    const listener = this.#listeners.group.choose(Math.floor(this.#random() * 2 ** 32))
    if (listener === undefined) this.#counters.syns++
    if (listener === undefined || this.#admit(listener) !== STORED) return
    this.#store(request, listener)
    this.#events.at(this.#wheel.firesAt(nowMs, synAckTimeoutMs(0)), SYN_ACK_TIMER, request)
  }

  /** tcp_conn_request: what becomes of a SYN. The SYN queue is asked before the accept queue (docs/kernel-facts.md#syn-cookies). */
  #admit(listener: Listener): number {
    const { syncookies, maxSynBacklog } = this.#kernel
    const counters = this.#counters
    counters.syns++
    const wantsCookie = syncookies === 2 || listener.synQueueFull
    if (wantsCookie && syncookies === 0) {
      counters.TCPReqQFullDrop++
      return this.#listenDrop(listener)
    }
    if (wantsCookie) counters.TCPReqQFullDoCookies++
    if (this.#listeners.findsFull(listener)) {
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
    this.#listeners.countDrop(listener, 1)
    return DROPPED
  }

  /** A full accept queue that meets a final ACK. The kernel holds 2 against the socket, or 1 where it came with a cookie. */
  #overflow(listener: Listener, connection: number, skDrops: number): void {
    this.#counters.ListenOverflows++
    this.#counters.ListenDrops++
    this.#listeners.countDrop(listener, skDrops)
    this.#records.dropFinalAck(connection)
  }

  #store(request: number, listener: Listener): void {
    this.requests.store(request, listener)
    this.#listeners.synQueueGrew(listener)
  }

  finalAckArrives(nowMs: number, connection: number): void {
    if (this.#state[connection] === COOKIE) this.#cookieArrives(nowMs, connection)
    else if (this.#state[connection] === HALF_OPEN) this.#requestCompletes(nowMs, connection)
  }

  #requestCompletes(nowMs: number, connection: number): void {
    const own = this.requests.listenerOf(connection)
    const listener = own?.open === true ? own : this.#listeners.successor(connection)
    if (listener === undefined) {
      if (this.#kernel.migrateReq) this.#counters.TCPMigrateReqFailure++
      this.#reset(connection)
      return
    }
    if (!this.#listeners.findsFull(listener)) {
      if (listener !== own) this.#counters.TCPMigrateReqSuccess++
      this.requests.forget(connection)
      this.#enqueue(nowMs, connection, listener)
      return
    }
    if (listener !== own) this.#counters.TCPMigrateReqFailure++
    this.#overflow(listener, connection, 2)
    if (this.#kernel.abortOnOverflow) {
      this.#counters.EmbryonicRsts++
      this.#reset(connection)
      return
    }
    if (this.#clients.sendsRequest(connection)) return
    const bornMs = nowMs - 2 * this.#oneWayMs
    this.#events.at(Math.max(nowMs, this.#wheel.firesAt(bornMs, synAckTimeoutMs(0))), SYN_ACK_TIMER, connection)
    this.#clients.sendRequest(nowMs - this.#oneWayMs, connection)
  }

  #cookieArrives(nowMs: number, connection: number): void {
    const listener = this.#listeners.group.choose(this.#hashes[connection]!)
    if (listener === undefined) {
      this.#reset(connection)
      return
    }
    this.#counters.SyncookiesRecv++
    if (!this.#listeners.findsFull(listener)) {
      this.#enqueue(nowMs, connection, listener)
      return
    }
    this.#overflow(listener, connection, 1)
    if (!this.#clients.sendsRequest(connection)) this.#clients.sendRequest(nowMs - this.#oneWayMs, connection)
  }

  #enqueue(nowMs: number, connection: number, listener: Listener): void {
    this.#state[connection] = KNOWN
    this.#listeners.enqueue(nowMs, connection, listener)
  }

  /** The request of a client whose final ACK was dropped: it acts as one. */
  requestArrives(nowMs: number, connection: number): void {
    const state = this.#state[connection]
    if (state === KNOWN) return
    if (state === FORGOTTEN) {
      this.#reset(connection)
      return
    }
    this.finalAckArrives(nowMs, connection)
    if (this.#state[connection] === state) this.#clients.sendRequestAgain(nowMs - this.#oneWayMs, connection)
  }

  #reset(connection: number): void {
    this.requests.forget(connection)
    this.#state[connection] = KNOWN
    this.#records.end(connection, 'reset')
  }

  /** reqsk_timer_handler: resends the SYN-ACK, or gives the request up. */
  synAckTimerFires(nowMs: number, request: number): void {
    const requests = this.requests
    let listener = requests.listenerOf(request)
    if (listener === undefined) return
    const connection = request < this.#records.count
    if (!listener.open) {
      const successor = this.#listeners.successor(request)
      requests.forget(request)
      if (successor === undefined) {
        if (connection) this.#state[request] = FORGOTTEN
        return
      }
      this.#counters.TCPMigrateReqSuccess++
      this.#store(request, successor)
      listener = successor
    }
    const retries = synAckRetries(this.#kernel.synAckRetries, listener.requests, listener.young, listener.limit)
    if (requests.timeouts(request) >= retries) {
      requests.forget(request)
      if (connection) this.#state[request] = FORGOTTEN
      return
    }
    this.#counters.synAckRetransmits++
    requests.countTimeout(request)
    if (connection && this.#records.ending[request] === 0)
      this.#events.at(nowMs + 2 * this.#oneWayMs, FINAL_ACK, request)
    this.#events.at(this.#wheel.firesAt(nowMs, synAckTimeoutMs(requests.timeouts(request))), SYN_ACK_TIMER, request)
  }
}
