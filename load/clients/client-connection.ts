import net from 'node:net'
import { monotonicMs } from '#common/clock.ts'
import type { ConnectionRecord, StreamTarget } from '../agent/api.ts'
import type { Outcome, Progress } from '../progress.ts'
import { outcomeOfError } from './outcome.ts'
import { synRetransmits } from './socket-handle.ts'

/** What a kind of client does with a connection. Each handler may be left out. */
export interface Behaviour {
  /** The handshake is complete, as seen by the client. */
  connected?(connection: ClientConnection): void
  /** Bytes have arrived. They are only valid during the call. Return false to stop reading until `socket.resume()`. */
  received?(connection: ClientConnection, bytes: Uint8Array): boolean
  /** The peer has sent its FIN: how does the connection end? */
  ended?(connection: ClientConnection): Outcome
  /** It is over; called once. */
  finished?(connection: ClientConnection): void
}

export interface ConnectionOptions {
  target: StreamTarget
  progress: Progress
  behaviour: Behaviour
  /** Where received bytes go; connections may share it, since it is only read during `received`. */
  readBuffer: Uint8Array
  /** Begin without reading. */
  paused?: boolean
  scheduledMs: number
}

/** One client connection: it records when things happen, ends exactly once, and reports both to the progress of its load. */
export class ClientConnection {
  readonly socket: net.Socket
  readonly record: ConnectionRecord
  readonly #options: ConnectionOptions
  #finished = false

  constructor(options: ConnectionOptions) {
    const { target, readBuffer, progress, scheduledMs } = options
    this.#options = options
    this.record = { scheduledMs, startedMs: monotonicMs(), outcome: 'open' }
    progress.started++
    progress.open++
    this.socket = net.connect({
      ...target,
      onread: { buffer: readBuffer, callback: (length) => this.#received(readBuffer.subarray(0, length)) },
    })
    if (options.paused === true) this.socket.pause()
    // Node connects one turn after net.connect(): this is when the SYN leaves. To a UNIX socket it connects at once.
    if ('path' in target) progress.scheduleLagMs.record(this.record.startedMs - scheduledMs)
    else
      this.socket.once('connectionAttempt', () => {
        this.record.startedMs = monotonicMs()
        progress.scheduleLagMs.record(this.record.startedMs - scheduledMs)
      })
    this.socket.once('connect', () => this.#connected())
    this.socket.once('end', () => this.finish(options.behaviour.ended?.(this) ?? 'closedEarly'))
    this.socket.on('error', (error) => {
      const { outcome, failure } = outcomeOfError(error, this.record.connectedMs !== undefined)
      this.finish(outcome, failure)
    })
    this.socket.once('close', () => this.finish('closedEarly'))
  }

  get finished(): boolean {
    return this.#finished
  }

  #connected(): void {
    if (this.#finished) return
    const { progress, behaviour } = this.#options
    this.record.connectedMs = monotonicMs()
    progress.connected++
    if ('port' in this.#options.target) {
      this.record.synRetransmits = synRetransmits(this.socket)
      progress.synRetransmits += this.record.synRetransmits
    }
    progress.connectMs.record(this.record.connectedMs - this.record.startedMs)
    behaviour.connected?.(this)
  }

  #received(bytes: Uint8Array): boolean {
    if (this.#finished) return true
    const { progress, behaviour } = this.#options
    if (this.record.firstByteMs === undefined) {
      this.record.firstByteMs = monotonicMs()
      progress.firstByteMs.record(this.record.firstByteMs - this.record.scheduledMs)
    }
    progress.bytesRead += bytes.length
    return behaviour.received?.(this, bytes) ?? true
  }

  /** Ends the connection with this outcome, unless it has ended. The kernel sends a FIN, or an RST if unread bytes remain. */
  finish(outcome: Outcome, failure?: string): void {
    this.#finish(outcome, failure, (closedMs) => {
      if (outcome === 'ok') this.#options.progress.totalMs.record(closedMs - this.record.scheduledMs)
      this.socket.destroy()
    })
  }

  /** Ends it with a RST, so that nothing of it stays in the kernel: no TIME_WAIT, no FIN_WAIT, no unsent bytes. */
  cut(outcome: Outcome): void {
    this.#finish(outcome, undefined, () => {
      // A SYN that was never answered has nothing to reset: closing the socket is enough.
      if (this.record.connectedMs === undefined) this.socket.destroy()
      else if ('port' in this.#options.target) this.socket.resetAndDestroy()
      else this.socket.destroy() // unread bytes tell the other side all the same: ECONNRESET
    })
  }

  #finish(outcome: Outcome, failure: string | undefined, close: (closedMs: number) => void): void {
    if (this.#finished) return
    this.#finished = true
    const { progress, behaviour } = this.#options
    const closedMs = monotonicMs()
    this.record.closedMs = closedMs
    this.record.outcome = failure ?? outcome
    progress.open--
    progress.count(outcome, failure)
    behaviour.finished?.(this)
    progress.tell(this.record)
    close(closedMs)
  }
}
