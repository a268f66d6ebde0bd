/**
 * What the k6 scripts share. One iteration is one client: it connects, sends a few requests over that connection, and
 * leaves. Clients arrive on a schedule and never wait for each other: a full queue shows as latency, not as less load.
 *
 * From the environment: TARGET, RATE and PEAK (new clients a second), DURATION (k6's notation: 90s, 10m), REQUESTS (of
 * each client), TIMEOUT (of each request).
 */
import { check } from 'k6'
import http from 'k6/http'
import type { ConstantArrivalRateScenario, Options, RampingArrivalRateScenario } from 'k6/options'

/** The environment, as k6 gives it to scripts. */
declare const __ENV: Record<string, string | undefined>

/** The executors that keep to a schedule; any other slows down with the server that it should measure. */
type ArrivalScenario = ConstantArrivalRateScenario | RampingArrivalRateScenario

/** What a run takes from the environment; a script gives its own defaults. */
export interface Settings {
  target: string
  /** New clients a second. */
  rate: number
  /** New clients a second at the height of a ramp or a burst. */
  peak: number
  durationSeconds: number
  requests: number
  timeout: string
}

/** Reads the environment; what it does not set is the script's default, or else the common one. */
export function settings(own: Partial<Settings> = {}): Settings {
  const rate = positive('RATE', own.rate ?? 20)
  return {
    target: __ENV.TARGET || 'http://198.18.0.2:8080',
    rate,
    peak: positive('PEAK', own.peak ?? rate * 10),
    durationSeconds: __ENV.DURATION ? seconds(__ENV.DURATION) : (own.durationSeconds ?? 300),
    requests: positive('REQUESTS', own.requests ?? 3),
    timeout: __ENV.TIMEOUT || '10s',
  }
}

/** The options of a script; `load` is a tag on everything it measures. */
export function optionsFor(load: string, scenario: ArrivalScenario, changes: Partial<Options> = {}): Options {
  return {
    scenarios: { [load]: scenario },
    // The next client must not reuse the connection of the previous one.
    noVUConnectionReuse: true,
    discardResponseBodies: true,
    tags: { load },
    // Each additional tag multiplies the series that Prometheus has to keep.
    systemTags: ['scenario', 'method', 'name', 'status', 'error_code', 'expected_response'],
    summaryTrendStats: ['min', 'med', 'p(95)', 'p(99)', 'max'],
    thresholds: {
      http_req_failed: ['rate<0.01'],
      // A dropped SYN is retransmitted after a second: below half of that, no client met a full accept queue.
      http_req_connecting: ['p(99)<500'],
      http_req_duration: ['p(95)<500'],
      // Clients that k6 could not start: it measured less than it was asked to.
      dropped_iterations: ['rate<1'],
    },
    ...changes,
  }
}

/**
 * VUs for a schedule: each is busy while its client is served. A stalled backend holds each for the whole timeout;
 * iterations that find no free VU count as dropped_iterations.
 */
export function vus(perSecond: number): { preAllocatedVUs: number; maxVUs: number } {
  return { preAllocatedVUs: Math.ceil(perSecond), maxVUs: Math.min(2000, Math.ceil(perSecond * 10)) }
}

/** One client, from its connection to its last response. */
export function visit({ target, requests, timeout }: Settings): void {
  for (let request = 0; request < requests; request++) {
    const response = http.get(`${target}/`, { timeout, tags: { name: '/' } })
    // A client whose connection failed leaves: it would only try the same again.
    if (!check(response, { 'answers 200': ({ status }) => status === 200 })) return
  }
}

function positive(name: string, byDefault: number): number {
  const text = __ENV[name]
  if (!text) return byDefault
  const value = Number(text)
  if (!(value > 0 && Number.isInteger(value))) throw new Error(`${name}=${text} is not a whole number above 0`)
  return value
}

const unitSeconds = { ms: 0.001, s: 1, m: 60, h: 3600 }

/** 1m30s → 90. Throws on what k6 would not accept as a duration either. */
function seconds(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text))
    throw new Error(`DURATION=${text} is not a duration such as 90s or 1h30m`)
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    sum += Number(amount) * unitSeconds[unit as keyof typeof unitSeconds]
  return sum
}
