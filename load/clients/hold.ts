import type { HoldLoad } from '../agent/api.ts'
import { burstArrivals, constantArrivals } from '../arrivals.ts'
import type { Progress } from '../progress.ts'
import type { Behaviour } from './client-connection.ts'
import { ConnectionSet } from './connection-set.ts'

/**
 * Connections that are opened and stay silent. At the end, those still open count as ok: they did what was asked. One
 * that the peer closes counts as ok if it got a response before, otherwise as closed early.
 */
export class HeldConnections {
  readonly #load: HoldLoad
  readonly #progress: Progress
  readonly #connections: ConnectionSet

  constructor(load: HoldLoad, progress: Progress) {
    this.#load = load
    this.#progress = progress
    const behaviour: Behaviour = {
      ended: (connection) => (connection.record.firstByteMs === undefined ? 'closedEarly' : 'ok'),
    }
    this.#connections = new ConnectionSet(load.target, progress, behaviour)
  }

  /** Connects and holds, until the load's time is up, the signal aborts, or no connection is left. */
  run(signal: AbortSignal): Promise<void> {
    const { connections, ratePerSecond, durationMs } = this.#load
    const offsets =
      ratePerSecond === undefined ? burstArrivals(connections) : constantArrivals(ratePerSecond).take(connections)
    return this.#connections.keep(offsets, durationMs, signal)
  }

  /** Every connection whose handshake is complete sends this text. Gives their number. */
  speak(text = 'G'): number {
    let speakers = 0
    for (const { socket, record } of this.#connections) {
      if (record.connectedMs === undefined) continue
      speakers++
      socket.write(text, (error) => {
        if (error == null) this.#progress.bytesWritten += Buffer.byteLength(text)
      })
    }
    return speakers
  }
}
