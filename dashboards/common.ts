/** What all boards share: where numbers come from, how series are selected, and when a number is worrying. */

/** The data source that the variable at the top of each board names. */
export const datasource = { type: 'prometheus', uid: '$datasource' } as const

/** Label filters by the variables at the top. What the kernel does not report by shard cannot be filtered by shard. */
export const byListener = 'netns=~"$netns",port=~"$port",shard=~"$shard"'
export const byPort = 'netns=~"$netns",port=~"$port"'
export const byNetns = 'netns=~"$netns"'

/** The rate of a counter, a second, over as many scrapes as it takes. */
export const rate = (counter: string, filter = ''): string =>
  `rate(${counter}${filter === '' ? '' : `{${filter}}`}[$__rate_interval])`

/** A quantile of one of the backends' or clients' distributions. `buckets` holds a rate of classic or native buckets. */
export const quantile = (q: number, buckets: string): string => `histogram_quantile(${q}, ${buckets})`

/** Units as Grafana names them. */
export const unit = {
  share: 'percentunit',
  seconds: 's',
  /** Decimal, as Spillway itself writes bytes: Grafana's `bytes` counts in KiB. */
  bytes: 'decbytes',
  connections: 'suffix: conn.',
  perSecond: 'suffix: /s',
  count: 'short',
  yesNo: 'bool_yes_no',
} as const

/** A number of at least this value has this colour. */
export interface Level {
  from: number
  color: 'green' | 'yellow' | 'orange' | 'red' | 'blue'
}

export const levels = {
  /** No threshold: the number matters only in comparison with others. */
  none: [],
  fill: [
    { from: 0.5, color: 'yellow' },
    { from: 0.9, color: 'orange' },
    { from: 1, color: 'red' },
  ],
  /** Any is bad news. */
  any: [{ from: 1e-9, color: 'red' }],
  /** Any is worth knowing. */
  notable: [{ from: 1e-9, color: 'yellow' }],
  /** Waits that people notice, and the second after which a dropped SYN is retransmitted. */
  wait: [
    { from: 0.1, color: 'yellow' },
    { from: 1, color: 'red' },
  ],
} satisfies Record<string, Level[]>
