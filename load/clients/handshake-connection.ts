import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { formatAddress } from '#kernel/address.ts'
import { AF_INET } from '#kernel/libc.ts'
import { type ConnectionRecord, type Handshake, type HandshakeStep, NOT_HTTP } from '../agent/api.ts'
import type { Outcome, Progress } from '../progress.ts'
import { ResponseReader } from './response.ts'
import { readServerSide } from './server-side.ts'
import { ACK, FIN, type Place, PSH, RST, type Segment, SYN } from './tcp-segment.ts'

export interface HandshakeOptions {
  /** 1, 2, … */
  number: number
  from: Place
  to: Place
  /** The initial sequence number. */
  sequence: number
  /** What `request` sends. */
  request: string
  scheduledMs: number
  progress: Progress
  send(segment: Segment): void
}

const nothing = Buffer.alloc(0)

/**
 * The client's end of one TCP connection, done by hand: the SYN leaves at once, the rest of the handshake on request.
 * Nothing is retransmitted automatically. Once connected it acknowledges what arrives and answers the peer's FIN. It ends
 * exactly once and knows no socket: segments go out through `send` and come in through `hear`.
 */
export class HandshakeConnection {
  readonly record: ConnectionRecord
  readonly #options: HandshakeOptions
  readonly #request: Buffer
  readonly #reader = new ResponseReader()
  readonly #synAcksMs: number[] = []
  readonly #moments: Pick<Handshake, 'requestedMs' | 'answeredMs'> = {}
  #finished = false
  /** The sequence number of the next byte to send. */
  #next: number
  /** The first byte that the peer is not known to have acknowledged. */
  #unacknowledged: number
  /** The sequence number of the next byte to receive; meaningless before the SYN-ACK. */
  #expected = 0

  /** Sends the SYN. */
  constructor(options: HandshakeOptions) {
    const { sequence, progress, scheduledMs } = options
    this.#options = options
    this.#request = Buffer.from(options.request)
    this.#next = sequence
    const startedMs = monotonicMs()
    this.#send(SYN)
    this.#next = later(sequence, 1)
    this.#unacknowledged = this.#next
    this.record = { scheduledMs, startedMs, outcome: 'open' }
    progress.started++
    progress.open++
    progress.scheduleLagMs.record(startedMs - scheduledMs)
  }

  get finished(): boolean {
    return this.#finished
  }

  /** True once the peer has answered the SYN: then there is something to acknowledge. */
  get answerable(): boolean {
    return this.#synAcksMs.length > 0
  }

  /** Sends the requested packet. Throws a UsageError if the connection is over, or has no SYN-ACK to answer. */
  step(send: HandshakeStep): void {
    if (this.#finished) throw new UsageError(`Connection ${this.#options.number} is over (${this.record.outcome})`)
    if (send === 'reset') {
      this.cut()
      return
    }
    if (!this.answerable) throw new UsageError(`Connection ${this.#options.number} has not received a SYN-ACK yet`)
    const nowMs = monotonicMs() // before the packet leaves: the server may accept before the call returns
    if (send === 'ack') this.#send(ACK)
    else this.#sendRequest(nowMs)
    if (this.record.connectedMs !== undefined) return
    const { progress } = this.#options
    this.record.connectedMs = nowMs
    progress.connected++
    progress.connectMs.record(nowMs - this.record.startedMs)
  }

  #sendRequest(nowMs: number): void {
    const first = later(this.#options.sequence, 1)
    this.#send(ACK | PSH, first, this.#request)
    this.#next = later(first, this.#request.length)
    if (this.#moments.requestedMs !== undefined) return
    this.#moments.requestedMs = nowMs
    this.#options.progress.bytesWritten += this.#request.length
  }

  /** Takes a segment of the peer. Its payload is only valid during the call. */
  hear(segment: Segment): void {
    if (this.#finished) return
    const { flags, sequence, acknowledgement } = segment
    if ((flags & RST) !== 0) this.#finish(this.answerable ? 'reset' : 'refused')
    else if ((flags & (SYN | ACK)) === (SYN | ACK)) {
      if (acknowledgement !== later(this.#options.sequence, 1)) return
      if (!this.answerable) this.#expected = later(sequence, 1)
      this.#synAcksMs.push(monotonicMs())
    } else if (this.record.connectedMs !== undefined) this.#hearConnected(segment)
  }

  #hearConnected({ flags, sequence, acknowledgement, payload }: Segment): void {
    if (distance(this.#unacknowledged, acknowledgement) > 0 && distance(acknowledgement, this.#next) >= 0)
      this.#unacknowledged = acknowledgement
    const ends = (flags & FIN) !== 0
    const length = payload.length + (ends ? 1 : 0)
    if (length === 0) return
    const known = distance(sequence, this.#expected)
    if (known >= 0 && known < length) {
      this.#expected = later(sequence, length)
      if (known < payload.length) this.#received(payload.subarray(known))
      if (this.#finished) return
      if (ends) {
        this.#ended()
        return
      }
    }
    this.#send(ACK)
  }

  #received(bytes: Buffer): void {
    const { progress } = this.#options
    if (this.record.firstByteMs === undefined) {
      this.record.firstByteMs = monotonicMs()
      progress.firstByteMs.record(this.record.firstByteMs - this.record.scheduledMs)
    }
    progress.bytesRead += bytes.length
    this.#reader.push(bytes)
    if (this.#reader.malformed) {
      this.#reset()
      this.#finish('failed', NOT_HTTP)
    } else if (this.#reader.complete(false)) this.#moments.answeredMs ??= monotonicMs()
  }

  /**
   * The peer has sent its FIN. It gets a FIN back, so that it sees an orderly end, and then an RST, which ends its
   * TIME_WAIT at once (RFC 1337) and leaves nothing of the connection behind.
   */
  #ended(): void {
    const whole = this.#reader.complete(true)
    if (whole) this.#moments.answeredMs ??= monotonicMs()
    this.#send(ACK | FIN)
    this.#next = later(this.#next, 1)
    this.#send(RST)
    this.#finish(whole ? 'ok' : 'closedEarly')
  }

  /** Ends it with an RST. It counts as ok if it was connected and waited for nothing, otherwise as abandoned. */
  cut(): void {
    if (this.#finished) return
    const waits = this.#moments.requestedMs !== undefined && this.#moments.answeredMs === undefined
    this.#finish(this.record.connectedMs === undefined || waits ? 'abandoned' : 'ok')
    this.#reset()
  }

  /**
   * The kernel accepts an RST only with exactly the sequence number that it expects next (RFC 5961). That depends on
   * whether it has accepted the request or dropped it, so an RST is sent for each case.
   */
  #reset(): void {
    this.#send(RST, this.#unacknowledged)
    if (this.#next !== this.#unacknowledged) this.#send(RST)
  }

  #finish(outcome: Outcome, failure?: string): void {
    if (this.#finished) return
    this.#finished = true
    const { progress } = this.#options
    const closedMs = monotonicMs()
    this.record.closedMs = closedMs
    this.record.outcome = failure ?? outcome
    readServerSide(this.record, this.#reader, progress)
    if (outcome === 'ok' && this.#moments.answeredMs !== undefined)
      progress.totalMs.record(closedMs - this.record.scheduledMs)
    progress.open--
    progress.count(outcome, failure)
    progress.tell(this.record)
  }

  #send(flags: number, sequence = this.#next, payload: Buffer = nothing): void {
    const { from, to, send } = this.#options
    send({ from, to, sequence, acknowledgement: (flags & ACK) === 0 ? 0 : this.#expected, flags, payload })
  }

  /** Everything known about it, as plain data. */
  report(): Handshake {
    const { number, from } = this.#options
    return {
      connection: number,
      address: addressText(from.address),
      port: from.port,
      state: this.#state(),
      ...this.record,
      ...this.#moments,
      synAcksMs: [...this.#synAcksMs],
    }
  }

  #state(): Handshake['state'] {
    if (this.#finished) return 'over'
    if (this.#moments.requestedMs !== undefined) return 'requested'
    if (this.record.connectedMs !== undefined) return 'acked'
    return this.answerable ? 'half-open' : 'syn-sent'
  }
}

/** A later sequence number; they wrap at 2^32. */
const later = (sequence: number, by: number): number => (sequence + by) >>> 0

/** The distance from one sequence number to another; negative if the other is earlier. */
const distance = (from: number, to: number): number => (to - from) | 0

function addressText(address: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(address)
  return formatAddress(AF_INET, bytes)
}
