/** What all boards share: where numbers come from, their units, and when a number is worrying. */

/** The data source that the variable at the top of each board names. */
export const datasource = { type: 'prometheus', uid: '$datasource' } as const

/** A quantile of one of the backends' or clients' distributions. `buckets` holds a rate of classic or native buckets. */
export const quantile = (q: number, buckets: string): string => `histogram_quantile(${q}, ${buckets})`

/** Units as Grafana names them. */
export const unit = {
  share: 'percentunit',
  seconds: 's',
  /** Decimal, as Spillway itself writes bytes: Grafana's `bytes` counts in KiB. */
  bytes: 'decbytes',
  count: 'short',
  perSecond: 'cps',
  /** Milliseconds since 1970, shown as the time that has passed. */
  since: 'dateTimeFromNow',
} as const

export type Color = 'text' | 'transparent' | 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'purple'

/** A number of at least this value has this colour. What is not known has none. */
export interface Level {
  from: number
  color: Color
}

const fine: Level = { from: 0, color: 'green' }

export const levels = {
  /** The number matters only in comparison with others. */
  none: [],
  fill: [fine, { from: 0.5, color: 'yellow' }, { from: 0.9, color: 'orange' }, { from: 1, color: 'red' }],
  /** Any is bad news. */
  any: [fine, { from: 1e-9, color: 'red' }],
  /** Any is worth knowing. */
  notable: [fine, { from: 1e-9, color: 'yellow' }],
  /** None is bad news. */
  needed: [
    { from: 0, color: 'red' },
    { from: 1, color: 'green' },
  ],
  /** Waits that people notice, and the second after which a dropped SYN is retransmitted. */
  wait: [fine, { from: 0.1, color: 'yellow' }, { from: 1, color: 'red' }],
  /** Of the attempts to connect. */
  turnedAway: [fine, { from: 0.0001, color: 'yellow' }, { from: 0.01, color: 'red' }],
} satisfies Record<string, Level[]>
