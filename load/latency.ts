import { createRequire } from 'node:module'
import type { Histogram } from 'hdr-histogram-js'
import type { Latency } from './agent/api.ts'

const require = createRequire(import.meta.url)
let loaded: typeof import('hdr-histogram-js') | undefined

/** Loading the histograms takes a fifth of an agent's start, so the first load does it, before its first connection. */
function histograms(): typeof import('hdr-histogram-js') {
  loaded ??= loadHistograms()
  return loaded
}

const loadHistograms = (): typeof import('hdr-histogram-js') => require('hdr-histogram-js')

const HIGHEST_US = 3_600_000_000
const none: Latency = { count: 0, min: 0, mean: 0, stdev: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }

/** Durations in an HDR histogram: microseconds with 3 significant digits, up to an hour. Takes no memory until used. */
export class LatencyHistogram {
  readonly #library = histograms()
  #histogram: Histogram | undefined
  // The histogram would walk through all its buckets for each of these, while connections wait to be started.
  #lowestUs = Number.POSITIVE_INFINITY
  #meanUs = 0
  /** Of squared distances from the mean (Welford). */
  #sum = 0
  /** The last summary given, as long as nothing has been recorded since. */
  #summary: Latency | undefined

  /** Records a duration in milliseconds. Clocks read in two places can disagree slightly: below 0 counts as 0. */
  record(durationMs: number): void {
    this.#histogram ??= this.#library.build({
      bitBucketSize: 32,
      autoResize: false,
      highestTrackableValue: HIGHEST_US,
      numberOfSignificantValueDigits: 3,
      useWebAssembly: false,
    })
    const valueUs = Math.min(Math.max(0, Math.round(durationMs * 1000)), HIGHEST_US)
    this.#histogram.recordValue(valueUs)
    this.#lowestUs = Math.min(this.#lowestUs, valueUs)
    const distance = valueUs - this.#meanUs
    this.#meanUs += distance / this.#histogram.totalCount
    this.#sum += distance * (valueUs - this.#meanUs)
    this.#summary = undefined
  }

  /** The distribution so far, in milliseconds. */
  summary(): Latency {
    const histogram = this.#histogram
    if (histogram === undefined) return none
    if (this.#summary !== undefined) return this.#summary
    // A bucket's upper end can lie above the highest value that was recorded.
    const at = (percentile: number): number =>
      Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000
    this.#summary = {
      count: histogram.totalCount,
      min: this.#lowestUs / 1000,
      mean: this.#meanUs / 1000,
      stdev: Math.sqrt(this.#sum / histogram.totalCount) / 1000,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: histogram.maxValue / 1000,
    }
    return this.#summary
  }
}
