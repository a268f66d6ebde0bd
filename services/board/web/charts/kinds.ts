/** The charts: what each shows, in which unit, and how far its axis goes. */
import { duration, percent, whole } from '#common/quantities.ts'
import type { TermName } from '../page/glossary.ts'
import type { Point } from './series.ts'

export interface Curve {
  /** Number of the shard's colour, or the name of another. */
  colour: number | 'ink' | 'odd'
  dashed?: boolean
  name: string
  of(point: Point): number | null
}

export interface Kind {
  title: string
  term: TermName
  curves(shards: number): Curve[]
  show(value: number): string
  /** The same at its axis, where there is little room and the title has the unit. */
  axis?(value: number): string
  /** Bounds of the value axis, given the highest value seen. */
  range(highest: number): [number, number]
  logarithmic?: boolean
}

const byShard =
  (list: (point: Point) => (number | null)[]) =>
  (shards: number): Curve[] =>
    Array.from({ length: shards }, (_, index) => ({
      colour: index,
      name: String(index + 1),
      of: (point: Point) => list(point)[index] ?? null,
    }))

/** Room above, and never so little that noise fills the chart. */
const upTo =
  (least: number) =>
  (highest: number): [number, number] => [0, Math.max(least, highest * 1.08)]

/** 950, 1.5k, 20k. */
const short = (value: number): string =>
  value < 1000 ? String(Math.round(value * 10) / 10) : `${Math.round(value / 100) / 10}k`

const fill: Kind = {
  title: 'Fill of the accept queues',
  term: 'acceptQueue',
  curves: byShard((point) => point.fill),
  show: percent,
  range: upTo(1.05),
}

const drops: Kind = {
  title: 'Drops per second',
  term: 'drop',
  curves: byShard((point) => point.drops),
  show: (value) => `${whole(value)}/s`,
  axis: short,
  range: upTo(10),
}

const synQueue: Kind = {
  title: 'SYN queue',
  term: 'synQueue',
  curves: () => [
    { colour: 0, name: 'half-open', of: (point) => point.halfOpen },
    { colour: 'odd', dashed: true, name: 'limit', of: (point) => point.halfOpenLimit },
  ],
  show: whole,
  axis: short,
  range: upTo(10),
}

/** The charts of a lab. */
export const kinds: Kind[] = [
  fill,
  drops,
  {
    title: 'Accept wait, 99th percentile',
    term: 'acceptWait',
    curves: (shards) => [
      ...byShard((point) => point.waits)(shards),
      { colour: 'ink', dashed: true, name: 'oldest waiting', of: (point) => point.oldestWaitMs },
    ],
    show: duration,
    axis: (value) => (value < 1000 ? `${value} ms` : `${value / 1000} s`),
    range: (highest) => [1, Math.max(100, highest * 1.5)],
    logarithmic: true,
  },
  synQueue,
  {
    title: 'Accepts, arrivals per second',
    term: 'rate',
    curves: (shards) => [
      ...byShard((point) => point.accepts)(shards),
      { colour: 'ink', dashed: true, name: 'arrivals', of: (point) => point.arrivals },
    ],
    show: (value) => `${whole(value)}/s`,
    axis: short,
    range: upTo(10),
  },
]

/** Of a socket that is not ours the kernel tells no accepts, and who waits by port alone. */
const oldestWait: Kind = {
  title: 'Oldest accept wait',
  term: 'acceptWait',
  curves: () => [{ colour: 0, name: 'oldest waiting', of: (point) => point.oldestWaitMs }],
  show: duration,
  axis: (value) => (value < 1000 ? `${value} ms` : `${value / 1000} s`),
  range: (highest) => [1, Math.max(100, highest * 1.5)],
  logarithmic: true,
}

const neverRead: Kind = {
  title: 'Accepted, and not served',
  term: 'unserved',
  curves: () => [{ colour: 0, name: 'connections', of: (point) => point.unserved ?? null }],
  show: whole,
  axis: short,
  range: upTo(10),
}

/** The charts of a queue on any host, by what it is. */
export const hostKinds: Record<'tcp' | 'unix' | 'udp', readonly Kind[]> = {
  tcp: [fill, drops, oldestWait, synQueue, neverRead],
  // The kernel counts nothing else of a UNIX listener.
  unix: [{ ...fill, title: 'Fill of the queue' }],
  udp: [{ ...fill, title: 'Fill of the receive buffer', term: 'receiveQueue' }, drops],
}
