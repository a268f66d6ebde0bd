import { nearestRank } from '#common/quantile.ts'
import type { RoundTripSample } from '../snapshot.ts'

const BINS_PER_OCTAVE = 8
const BINS = 32 * BINS_PER_OCTAVE
/** Half a bin, as a factor: a quantile is given as the middle of its bin, so it is off by at most 4.5 %. */
const HALF_A_BIN = 2 ** (0.5 / BINS_PER_OCTAVE)

/** How the smoothed round-trip times of many connections are spread, in bins of equal ratio; no memory without any. */
export class RoundTrips {
  #bins: Uint32Array | undefined
  #count = 0
  #maxUs = 0

  clear(): void {
    if (this.#count > 0) this.#bins?.fill(0)
    this.#count = this.#maxUs = 0
  }

  /** The smoothed round-trip time of one connection; 0 is one that was never measured, and is left out. */
  add(us: number): void {
    if (!(us > 0)) return
    this.#bins ??= new Uint32Array(BINS)
    const bin = Math.min(BINS - 1, Math.floor(Math.log2(us) * BINS_PER_OCTAVE))
    this.#bins[bin]! += 1
    this.#count++
    if (us > this.#maxUs) this.#maxUs = us
  }

  /** Undefined if nothing was measured. */
  toSample(): RoundTripSample | undefined {
    if (this.#count === 0) return undefined
    return { '0.5': this.#quantileUs(0.5), '0.9': this.#quantileUs(0.9), '1': this.#maxUs }
  }

  #quantileUs(share: number): number {
    const rank = nearestRank(share, this.#count)
    let below = 0
    for (const [bin, count] of (this.#bins ?? []).entries()) {
      below += count
      if (below >= rank) return Math.min(this.#maxUs, Math.round(2 ** (bin / BINS_PER_OCTAVE) * HALF_A_BIN))
    }
    return this.#maxUs
  }
}
