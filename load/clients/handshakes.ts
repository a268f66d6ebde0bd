import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { formatListen } from '#common/parse.ts'
import { duration } from '#common/quantities.ts'
import { eventually } from '#common/waiting.ts'
import { addressBytes, socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { SegmentTap } from '#kernel/segment-tap.ts'
import type { Handshake, HandshakeLoad, HandshakeStep, Target } from '../agent/api.ts'
import type { Progress } from '../progress.ts'
import { HandshakeConnection } from './handshake-connection.ts'
import { keepGuarding, refuseOutsideLab } from './lab-guard.ts'
import { countingSource } from './syn-source.ts'
import { packetOf, type Segment, segmentIn } from './tcp-segment.ts'

/** How often to check for segments. Most answers arrive as soon as a packet has left, and are seen right then. */
const HEAR_EVERY_MS = 5
/** A SYN-ACK that has not arrived by then was never sent and never will be: the SYN is not retransmitted. */
const SYN_ACK_LIMIT_MS = 3000
const MOST_SOURCES = 65_536

/**
 * Three-way handshakes done by hand, from addresses in 198.19.0.0/16 that no host has: so no kernel answers for them, and
 * each can stay in any state for as long as needed. The calling thread's network namespace must be a lab's.
 */
export class Handshakes {
  readonly #load: HandshakeLoad
  readonly #progress: Progress
  readonly #connections: HandshakeConnection[] = []
  readonly #byAddress = new Map<number, HandshakeConnection>()
  #wire: Wire | undefined

  constructor(load: HandshakeLoad, progress: Progress) {
    this.#load = load
    this.#progress = progress
  }

  /**
   * Sends the SYNs, each from a different address, and receives answers until every connection is over or the signal
   * aborts. What is left is reset. Throws a UsageError outside a lab.
   */
  async run(signal: AbortSignal): Promise<void> {
    const device = refuseOutsideLab(this.#load)
    const source = countingSource(MOST_SOURCES)
    const pair = randomInt(source.pairs)
    const port = source.port(pair)
    using wire = new Wire(this.#load.target, port, device)
    this.#wire = wire
    let refused: unknown
    using _ = keepGuarding(this.#load, (why) => {
      refused = why
    })
    try {
      this.#begin((i) => ({ address: source.address(pair + i), port }), wire)
      this.#progress.allBegun = true
      while (!signal.aborted && refused === undefined && this.#connections.some(({ finished }) => !finished)) {
        this.#hear()
        await sleep(HEAR_EVERY_MS)
      }
    } finally {
      this.#cut()
    }
    if (refused !== undefined) throw refused
  }

  /** Cuts every connection, even if sending an RST fails: then each still has its outcome, and the load has failed. */
  #cut(): void {
    const failures: unknown[] = []
    for (const connection of this.#connections) {
      try {
        connection.cut()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #begin(from: (index: number) => Segment['from'], wire: Wire): void {
    const { target, connections } = this.#load
    const to = { address: addressBytes(target.host).readUInt32BE(0), port: target.port }
    const request = `GET / HTTP/1.1\r\nHost: ${formatListen(target)}\r\nConnection: close\r\n\r\n`
    const scheduledMs = monotonicMs()
    for (let index = 0; index < connections; index++) {
      const connection = new HandshakeConnection({
        number: index + 1,
        from: from(index),
        to,
        sequence: randomInt(2 ** 32),
        request,
        scheduledMs,
        progress: this.#progress,
        send: (segment) => wire.send(segment),
      })
      this.#connections.push(connection)
      this.#byAddress.set(from(index).address, connection)
      this.#hear()
    }
  }

  #hear(): void {
    this.#wire?.hear((segment) => this.#byAddress.get(segment.to.address)?.hear(segment))
  }

  /**
   * Does the next step of a connection, counted from 1, and gives its state afterwards. Waits for the SYN-ACK if there is
   * nothing to answer yet. Throws a UsageError if none arrives, or if the connection is over.
   */
  async step(number: number, send: HandshakeStep): Promise<Handshake> {
    const connection = this.#connections[number - 1]
    if (connection === undefined)
      throw new UsageError(`There is no connection ${number}: this load has only ${this.#connections.length}`)
    if (send !== 'reset') await answerable(connection, number)
    connection.step(send)
    this.#hear()
    return connection.report()
  }

  /** The state of each connection, in the order of the SYNs. */
  report(): Handshake[] {
    return this.#connections.map((connection) => connection.report())
  }
}

async function answerable(connection: HandshakeConnection, number: number): Promise<void> {
  try {
    await eventually('it has its SYN-ACK', () => connection.answerable || connection.finished, undefined, {
      withinMs: SYN_ACK_LIMIT_MS,
      everyMs: HEAR_EVERY_MS,
    })
  } catch {
    throw new UsageError(
      `Connection ${number} has received no SYN-ACK within ${duration(SYN_ACK_LIMIT_MS)}: its SYN was dropped`,
      'The accept queue or the SYN queue was full, or nothing listens there. Reset the connection and start again',
    )
  }
}

/** Segments out through a raw socket, and in through a tap: all that goes to one port, from one target. */
class Wire implements Disposable {
  readonly #raw: number
  readonly #tap: SegmentTap
  readonly #open: DisposableStack

  constructor(target: Target, port: number, device: string) {
    using opening = new DisposableStack()
    const { AF_INET, SOCK_RAW, SOCK_CLOEXEC, SOCK_NONBLOCK, IPPROTO_RAW } = libc
    this.#raw = libc.socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW, 'Opening a raw socket')
    opening.adopt(this.#raw, libc.close)
    libc.bindToDevice(this.#raw, device, 'Binding a raw socket to its device')
    libc.connect(this.#raw, socketAddress(target.host, 0), 'Setting the target of a raw socket')
    this.#tap = opening.use(new SegmentTap({ from: { address: target.host, port: target.port }, toPort: port }))
    this.#open = opening.move()
  }

  send(segment: Segment): void {
    libc.send(this.#raw, packetOf(segment), 0, 'Writing a TCP segment')
  }

  /** Visits each segment that is there, with a payload that is valid during the visit. */
  hear(visit: (segment: Segment) => void): void {
    for (let packet = this.#tap.next(); packet !== undefined; packet = this.#tap.next()) {
      const segment = segmentIn(packet)
      if (segment !== undefined) visit(segment)
    }
  }

  [Symbol.dispose](): void {
    this.#open.dispose()
  }
}
