/** The clients' side: what they send again, when they give up, and what they get. */
import type { ClientRules } from '../system.ts'
import { type Events, REQUEST, SYN } from './events.ts'
import type { ConnectionRecords } from './records.ts'
import type { Returning } from './returning.ts'
import { type ClientTimers, requestTimeoutMs, synTimeoutMs } from './timers.ts'

/** Beyond it a request's timeout no longer fits a client's patience. */
const MOST_TRIES = 20

export class Clients {
  readonly oneWayMs: number
  readonly #rules: ClientRules
  readonly #timers: ClientTimers
  readonly #events: Events
  readonly #records: ConnectionRecords
  readonly #hashes: Uint32Array
  readonly #requestTries: Uint8Array
  readonly #returning: Returning | undefined
  /** When they can send the next request. */
  #freeMs = 0

  /** `hashes` are what the addresses and ports of each connection give. */
  constructor(
    rules: ClientRules,
    timers: ClientTimers,
    events: Events,
    {
      records,
      hashes,
      returning,
    }: { records: ConnectionRecords; hashes: Uint32Array; returning?: Returning | undefined },
  ) {
    this.oneWayMs = rules.rttMs / 2
    this.#rules = rules
    this.#timers = timers
    this.#events = events
    this.#records = records
    this.#hashes = hashes
    this.#requestTries = new Uint8Array(records.count)
    this.#returning = returning
  }

  sendSyn(nowMs: number, connection: number): void {
    this.#events.at(nowMs + this.oneWayMs, SYN, connection)
  }

  /** Its SYN of that moment was dropped. */
  sendSynAgain(sentMs: number, connection: number): void {
    const { timeoutMs, synRetries, synLinearTimeouts } = this.#rules
    const waitMs = synTimeoutMs(this.#records.syns[connection]!, synRetries, synLinearTimeouts)
    const againMs =
      waitMs === undefined ? Number.POSITIVE_INFINITY : this.#timers.firesAt(this.#hashes[connection]!, sentMs, waitMs)
    if (againMs < this.#records.arrivedMs[connection]! + timeoutMs) this.sendSyn(againMs, connection)
    else this.#records.end(connection, 'timed out')
  }

  /** True if it believes to be connected, and has begun to send its request. */
  sendsRequest(connection: number): boolean {
    return this.#requestTries[connection]! > 0
  }

  /** It believes to be connected: its request comes behind the final ACK that was dropped, and acts as one. */
  sendRequest(connectedMs: number, connection: number): void {
    this.#requestTries[connection] = 1
    // Clients of one process take their turns.
    this.#freeMs = Math.max(connectedMs, this.#freeMs) + this.#rules.requestGapMs
    this.#events.at(this.#freeMs + this.oneWayMs, REQUEST, connection)
  }

  /** It sends its request until it is answered or its patience is over. */
  sendRequestAgain(sentMs: number, connection: number): void {
    const { timeoutMs, rttMs } = this.#rules
    const tries = this.#requestTries[connection]!
    if (tries < MOST_TRIES) this.#requestTries[connection]!++
    const againMs = this.#timers.firesAt(this.#hashes[connection]!, sentMs, requestTimeoutMs(tries, rttMs))
    if (againMs < this.#records.arrivedMs[connection]! + timeoutMs)
      this.#events.at(againMs + this.oneWayMs, REQUEST, connection)
    else this.#records.end(connection, 'timed out')
  }

  /** The server is done with it at that moment. */
  getAnswer(doneMs: number, connection: number): void {
    const answeredMs = doneMs + this.oneWayMs
    this.#records.answeredMs[connection] = answeredMs
    const late = answeredMs > this.#records.arrivedMs[connection]! + this.#rules.timeoutMs
    this.#records.end(connection, late ? 'timed out' : 'answered')
    if (!late) this.#returning?.answered(answeredMs)
  }
}
