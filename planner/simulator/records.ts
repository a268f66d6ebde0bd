/** How connections can end. `waiting` is none that a finished run has. */
export const endings = ['waiting', 'answered', 'timed out', 'reset', 'refused'] as const
export type Ending = (typeof endings)[number]

const columns = [
  'connectedMs',
  'queuedMs',
  'acceptedMs',
  'answeredMs',
  'shard',
  'syns',
  'synDrops',
  'finalAckDrops',
  'ending',
] as const

/** The record of each connection, column by column: some 40 bytes each. NaN where a moment never came. */
export class ConnectionRecords {
  readonly count: number
  /** When its first SYN left. */
  readonly arrivedMs: Float64Array
  /** When the client had its SYN-ACK. */
  readonly connectedMs: Float64Array
  /** When it entered the accept queue. */
  readonly queuedMs: Float64Array
  readonly acceptedMs: Float64Array
  readonly answeredMs: Float64Array
  /** The shard whose queue it entered; of no meaning before. */
  readonly shard: Uint16Array
  readonly syns: Uint8Array
  /** SYNs of it that were dropped. */
  readonly synDrops: Uint8Array
  /** Final ACKs of it that were dropped, and requests that acted as one. */
  readonly finalAckDrops: Uint8Array
  readonly ending: Uint8Array

  constructor(arrivedMs: Float64Array) {
    const count = arrivedMs.length
    this.count = count
    this.arrivedMs = arrivedMs
    this.connectedMs = new Float64Array(count).fill(Number.NaN)
    this.queuedMs = new Float64Array(count).fill(Number.NaN)
    this.acceptedMs = new Float64Array(count).fill(Number.NaN)
    this.answeredMs = new Float64Array(count).fill(Number.NaN)
    this.shard = new Uint16Array(count)
    this.syns = new Uint8Array(count)
    this.synDrops = new Uint8Array(count)
    this.finalAckDrops = new Uint8Array(count)
    this.ending = new Uint8Array(count)
  }

  /** A copy of the first so many of them. */
  first(count: number): ConnectionRecords {
    const part = new ConnectionRecords(this.arrivedMs.subarray(0, count))
    for (const column of columns) part[column].set(this[column].subarray(0, count))
    return part
  }

  end(connection: number, ending: Ending): void {
    this.ending[connection] = endings.indexOf(ending)
  }

  dropSyn(connection: number): void {
    if (this.synDrops[connection]! < 255) this.synDrops[connection]!++
  }

  dropFinalAck(connection: number): void {
    if (this.finalAckDrops[connection]! < 255) this.finalAckDrops[connection]!++
  }
}
