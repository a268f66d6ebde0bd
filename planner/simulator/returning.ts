/** Clients of a closed loop: each comes again some time after it was answered, or has given up. */
import type { ReturningClients } from '../system.ts'
import { type Events, PATIENCE, RETURN } from './events.ts'
import { type ConnectionRecords, endings } from './records.ts'

const ANSWERED = endings.indexOf('answered')

export class Returning {
  readonly #rules: ReturningClients
  readonly #timeoutMs: number
  readonly #events: Events
  readonly #records: ConnectionRecords
  readonly #random: () => number
  /** The next connection that nobody has made yet; there is no room for more than the records hold. */
  #next: number

  constructor(
    rules: ReturningClients,
    timeoutMs: number,
    { events, records, random }: { events: Events; records: ConnectionRecords; random: () => number },
  ) {
    this.#rules = rules
    this.#timeoutMs = timeoutMs
    this.#events = events
    this.#records = records
    this.#random = random
    this.#next = rules.clients
  }

  /** How many connections there have been, or are about to be. */
  get made(): number {
    return this.#next
  }

  /** It has sent its first SYN: by then it has an answer, or gives up. One that was reset or refused waits out its patience. */
  begins(nowMs: number, connection: number): void {
    this.#events.at(nowMs + this.#timeoutMs, PATIENCE, connection)
  }

  /** It has its answer at that moment, in time. */
  answered(atMs: number): void {
    this.#returnsAfter(atMs)
  }

  patienceEnds(nowMs: number, connection: number): void {
    if (this.#records.ending[connection] !== ANSWERED) this.#returnsAfter(nowMs)
  }

  #returnsAfter(atMs: number): void {
    const { thinkMs, untilMs } = this.#rules
    const againMs = atMs - Math.log(1 - this.#random()) * thinkMs
    if (againMs >= untilMs || this.#next >= this.#records.count) return
    const connection = this.#next++
    this.#records.arrivedMs[connection] = againMs
    this.#events.at(againMs, RETURN, connection)
  }
}
