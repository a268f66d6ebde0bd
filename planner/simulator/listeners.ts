/** The listening sockets of a run: they come and go, their accept queues fill, and loops accept from them. */
import type { System } from '../system.ts'
import { Acceptors } from './acceptors.ts'
import type { Clients } from './clients.ts'
import type { Counters } from './counters.ts'
import { Curve } from './curve.ts'
import { CLOSE, type Events, LOOP, OPEN } from './events.ts'
import { Group } from './group.ts'
import { Listener } from './listener.ts'
import type { ConnectionRecords } from './records.ts'

export interface PlayedShard {
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

/** What listeners have to do with. */
interface Surroundings {
  events: Events
  clients: Clients
  counters: Counters
  records: ConnectionRecords
  /** What the addresses and ports of each connection give. */
  hashes: Uint32Array
  random: () => number
}

export class Listeners {
  /** Every listener that there has been; half-open requests know theirs by its place here. */
  readonly all: Listener[] = []
  readonly group: Group
  readonly acceptors: Acceptors
  readonly #system: System
  readonly #clients: Clients
  readonly #counters: Counters
  readonly #records: ConnectionRecords
  readonly #hashes: Uint32Array
  /** The place of the shard's present listener; -1 while it is closed. */
  readonly #current: Int32Array
  readonly #shards: PlayedShard[]
  readonly #curves: (Curve | undefined)[]

  constructor(
    system: System,
    { events, clients, counters, records, hashes, random }: Surroundings,
    curveEveryMs?: number,
  ) {
    const { shards, steering } = system
    this.#system = system
    this.#clients = clients
    this.#counters = counters
    this.#records = records
    this.#hashes = hashes
    this.group = new Group(steering, random)
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
    this.acceptors = new Acceptors(shards, random, {
      turnAt: (timeMs, loop) => events.at(timeMs, LOOP, loop),
      waiting: (shard) => (this.#listening(shard)?.accept.length ?? 0) > 0,
      take: (nowMs, shard, answeredMs) => this.#accept(nowMs, shard, answeredMs),
    })
    for (const [number, shard] of shards.entries()) {
      if (!shard.absences.some(({ fromMs }) => fromMs <= 0)) this.open(number)
      for (const { fromMs, toMs } of shard.absences) {
        if (fromMs > 0) events.at(fromMs, CLOSE, number)
        if (Number.isFinite(toMs)) events.at(toMs, OPEN, number)
      }
    }
  }

  /** What each shard leaves. */
  get shards(): PlayedShard[] {
    return this.#shards.map((shard, number) => ({
      ...shard,
      left: this.#listening(number)?.accept.length ?? 0,
      curve: this.#curves[number]?.peaks,
    }))
  }

  /** sk_acceptq_is_full, asked for a SYN or a final ACK. */
  findsFull(listener: Listener): boolean {
    const shard = this.#shards[listener.shard]!
    if (listener.accept.length > shard.longestMet) shard.longestMet = listener.accept.length
    return listener.acceptQueueFull
  }

  /** So much is counted against its socket. */
  countDrop(listener: Listener, skDrops: number): void {
    this.#shards[listener.shard]!.skDrops += skDrops
  }

  /** A request has come into its SYN queue. */
  synQueueGrew(listener: Listener): void {
    const shard = this.#shards[listener.shard]!
    if (listener.requests > shard.synQueuePeak) shard.synQueuePeak = listener.requests
  }

  enqueue(nowMs: number, connection: number, listener: Listener): void {
    this.#records.queuedMs[connection] = nowMs
    this.#records.shard[connection] = listener.shard
    listener.accept.push(connection)
    const { length } = listener.accept
    const shard = this.#shards[listener.shard]!
    if (length > shard.queuePeak) shard.queuePeak = length
    this.#curves[listener.shard]?.record(nowMs, length)
    this.acceptors.wake(nowMs, listener.shard)
  }

  /** A loop takes the oldest out of the queue. */
  #accept(nowMs: number, shard: number, doneMs: number): void {
    const { accept } = this.#listening(shard)!
    const connection = accept.shift()
    this.#curves[shard]?.record(nowMs, accept.length)
    this.#shards[shard]!.accepts++
    this.#records.acceptedMs[connection] = nowMs
    this.#clients.getAnswer(doneMs, connection)
  }

  /** The shard's present listener; undefined while it is closed. */
  #listening(shard: number): Listener | undefined {
    return this.all[this.#current[shard]!]
  }

  open(shard: number): void {
    const place = this.all.length
    const listener = new Listener(place, shard, this.#system.shards[shard]!.backlog)
    this.all.push(listener)
    this.#current[shard] = place
    this.group.join(listener)
  }

  /** The queue is reset, or goes to the others without a look at their limits (docs/kernel-facts.md#migrating-a-queue). Requests learn it later. */
  close(nowMs: number, shard: number): void {
    const listener = this.#listening(shard)
    if (listener === undefined) return
    this.#current[shard] = -1
    listener.open = false
    this.group.leave(listener)
    while (listener.accept.length > 0) {
      const connection = listener.accept.shift()
      const successor = this.successor(connection)
      if (successor !== undefined) {
        this.#counters.TCPMigrateReqSuccess++
        this.enqueue(nowMs, connection, successor)
        continue
      }
      if (this.#system.kernel.migrateReq) this.#counters.TCPMigrateReqFailure++
      this.#counters.EstabResets++
      this.#records.end(connection, 'reset')
    }
    this.#curves[shard]?.record(nowMs, 0)
  }

  /** Who takes over from a closed listener; undefined without tcp_migrate_req, or if nobody is left. */
  successor(request: number): Listener | undefined {
    if (!this.#system.kernel.migrateReq) return undefined
    // The socket's own hash decides, which has nothing to do with the one that chose the shard.
    return this.group.byHash(Math.imul(this.#hashes[request] ?? request, 0x9e3779b1) >>> 0)
  }
}
