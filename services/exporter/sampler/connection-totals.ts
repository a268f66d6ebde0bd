import { maskOf, type SocketRecord, type TcpState, tcpStates } from '#kernel/sock-diag.ts'
import type { PortSample } from '../snapshot.ts'
import { PastAccept } from './past-accept.ts'
import { LONG_WAIT_MS } from './reset-places.ts'
import { RoundTrips } from './round-trips.ts'

/** The states in which a connection of a listening port can be: all except those of a socket that opens one. */
const shownStates = [
  'established',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'close_wait',
  'last_ack',
  'closing',
] as const satisfies readonly TcpState[]

const number = (state: TcpState): number => tcpStates.indexOf(state)

/** The mask for a dump of those states. */
export const connectionStates = maskOf(...shownStates)

/** A FIN takes one sequence number and no byte: in these states a queue shows one more than it holds. */
const peerHasFinished = maskOf('close_wait', 'last_ack', 'closing')
const weHaveFinished = maskOf('fin_wait1', 'last_ack', 'closing')
const open = maskOf('established', 'close_wait')

const ZERO_WINDOW_PROBE = 4

/** What the fields of a connection's record are needed for. */
export type ConnectionRecord = Pick<
  SocketRecord,
  | 'state'
  | 'timer'
  | 'inode'
  | 'receiveQueue'
  | 'sendQueue'
  | 'lastDataSentMs'
  | 'lastDataReceivedMs'
  | 'bytesReceived'
  | 'bytesSent'
  | 'isRetransmitting'
  | 'roundTripUs'
  | 'peerWindowBytes'
>

/**
 * Whether a connection stays as it is until a segment arrives or leaves: it is open, a process has accepted it, all data has
 * been read and acknowledged, the peer takes more, and it is not one whose age is shown. Whatever is done with it sends a
 * segment then: writing, closing (also with a reset), keep-alive; and accepting or reading it is over.
 */
function rests({
  state,
  inode,
  receiveQueue,
  sendQueue,
  bytesSent = 0,
  peerWindowBytes = 0,
}: ConnectionRecord): boolean {
  const isOpen = (open & (1 << state)) !== 0
  return isOpen && inode !== 0 && receiveQueue === 0 && sendQueue === 0 && bytesSent > 0 && peerWindowBytes > 0
}

/** What one dump of connections tells of a port. */
export type ConnectionSums = Omit<
  PortSample,
  'address' | 'port' | 'device' | 'used' | 'synQueue' | 'synQueueRetried' | 'waitingReset'
> &
  Required<
    Pick<
      PortSample,
      | 'oldestWaitMs'
      | 'waiting'
      | 'connections'
      | 'receiveBytes'
      | 'receiveBytesMax'
      | 'sendBytes'
      | 'sendBytesMax'
      | 'zeroWindows'
    >
  >

/** Sums over the connections of one listening port. */
export class ConnectionTotals {
  readonly #byState = new Uint32Array(tcpStates.length)
  readonly #pastAccept = new PastAccept()
  readonly #roundTrips = new RoundTrips()
  #waiting = 0
  #waitingFinished = 0
  #waitingLong = 0
  #oldestWaitMs = 0
  #receiveBytes = 0
  #receiveBytesMax = 0
  #sendBytes = 0
  #sendBytesMax = 0
  #zeroWindows = 0
  #retransmitting = 0
  #restless = 0

  clear(): void {
    this.#byState.fill(0)
    this.#waiting = this.#oldestWaitMs = this.#zeroWindows = 0
    this.#waitingFinished = this.#waitingLong = this.#retransmitting = this.#restless = 0
    this.#receiveBytes = this.#receiveBytesMax = this.#sendBytes = this.#sendBytesMax = 0
    this.#pastAccept.clear()
    this.#roundTrips.clear()
  }

  /** Connections that wait to be accepted, and those of them that have waited for `LONG_WAIT_MS` or more. */
  get waiting(): { all: number; long: number } {
    return { all: this.#waiting, long: this.#waitingLong }
  }

  /** Whether there is none that can change without a segment that arrives or leaves. */
  get rests(): boolean {
    return this.#restless === 0
  }

  /** Whether there is any connection at all. */
  get any(): boolean {
    return this.#byState.some((count) => count > 0)
  }

  add(record: ConnectionRecord): void {
    const { state, receiveQueue, sendQueue } = record
    const bit = 1 << state
    this.#byState[state]! += 1
    if (!rests(record)) this.#restless++
    const receiveBytes = receiveQueue > 0 && (peerHasFinished & bit) !== 0 ? receiveQueue - 1 : receiveQueue
    this.#receiveBytes += receiveBytes
    if (receiveBytes > this.#receiveBytesMax) this.#receiveBytesMax = receiveBytes
    const sendBytes = sendQueue > 0 && (weHaveFinished & bit) !== 0 ? sendQueue - 1 : sendQueue
    this.#sendBytes += sendBytes
    if (sendBytes > this.#sendBytesMax) this.#sendBytesMax = sendBytes
    if (record.isRetransmitting === true) this.#retransmitting++
    if ((open & bit) === 0) return
    this.#roundTrips.add(record.roundTripUs ?? 0)
    // Before Linux 5.4 the kernel does not report the window, but the timer that probes a closed one shows.
    const window = record.peerWindowBytes
    if (window === undefined ? record.timer === ZERO_WINDOW_PROBE : window === 0) this.#zeroWindows++
    // Finished by the kernel and not accepted: no file yet, so no inode. It cannot have sent anything, so the time
    // since it last "sent" is the time since the final ACK (tcp_create_openreq_child).
    if (record.inode !== 0) {
      this.#pastAccept.add(record, receiveBytes)
      return
    }
    this.#waiting++
    if ((peerHasFinished & bit) !== 0) this.#waitingFinished++
    const waitMs = record.lastDataSentMs ?? 0
    if (waitMs >= LONG_WAIT_MS) this.#waitingLong++
    if (waitMs > this.#oldestWaitMs) this.#oldestWaitMs = waitMs
  }

  toSample(): ConnectionSums {
    const connections: Record<string, number> = {}
    for (const state of shownStates) connections[state] = this.#byState[number(state)]!
    // Most ports of a host with many are idle: what concerns connections is left out where there is none.
    const pastAccept = this.#pastAccept.toSample()
    const roundTripUs = this.#roundTrips.toSample()
    return {
      oldestWaitMs: this.#oldestWaitMs,
      waiting: this.#waiting,
      connections,
      receiveBytes: this.#receiveBytes,
      receiveBytesMax: this.#receiveBytesMax,
      sendBytes: this.#sendBytes,
      sendBytesMax: this.#sendBytesMax,
      zeroWindows: this.#zeroWindows,
      ...(this.#waiting > 0 && { waitingFinished: this.#waitingFinished }),
      ...(pastAccept !== undefined && { pastAccept }),
      ...((pastAccept !== undefined || this.#waiting > 0) && { retransmitting: this.#retransmitting }),
      ...(roundTripUs !== undefined && { roundTripUs }),
    }
  }
}
