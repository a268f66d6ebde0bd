/** What a board shows of a host at one moment. */
import type { Severity } from '#findings/host/finding.ts'
import type { PictureState } from '../state.ts'

/** The sockets that share a place: one small tank of the overview. */
export interface PlaceView {
  /** The same for the same place in each state. */
  key: string
  kind: 'tcp' | 'unix' | 'udp'
  /** `0.0.0.0:8080`, `/run/app.sock` */
  place: string
  /** Present for a TCP listener that is one of MPTCP. */
  mptcp?: true
  /** The network namespace, where there are several. */
  netns?: string
  /** The command of the process that stands for it; empty if it may not be seen. */
  process: string
  sockets: number
  /** How many of them are full. */
  full: number
  /** Of the fullest; of UDP in bytes. */
  length: number
  /** As much fits in it. */
  room: number
  peak: number
  /** Of all; undefined where the kernel counts none. */
  dropsPerSecond: number | undefined
  drops: number | undefined
  /** 0 if nobody waits; undefined where it is not known. */
  oldestWaitMs: number | undefined
  /** 2: something is full or spills. 1: it was, within the last ten seconds. */
  trouble: 0 | 1 | 2
}

/** A finding with what mends it. */
export interface FoundView {
  code: string
  severity: Severity
  sure: 'certain' | 'likely' | 'possible'
  /** The place it is about, if it is shown: `key` of a PlaceView. */
  key: string | undefined
  /** `0.0.0.0:80 nginx`; empty for the whole machine. */
  where: string
  words: string
  mends: readonly { line: string; where: string; after: string }[]
}

/** The place that is looked at. */
export interface ChosenView
  extends Pick<PlaceView, 'key' | 'kind' | 'mptcp' | 'place' | 'netns' | 'process' | 'sockets'> {
  picture: PictureState
  /** Sockets beyond those that are drawn. */
  leftOut: number
  /** Who, as a person calls it: `nginx`. */
  who: string | undefined
  unit: string
  container: string
  /** `shop/web-7d9f (nginx)` */
  pod?: string
  /** ` (2 processes could not be looked into)` where nobody was seen to wait, and that is not certain; otherwise empty. */
  doubt: string
  /** Why its limit is what it is. */
  limitBecause: string | undefined
  /** Connections that were taken from the queue: open, and those of which nobody has read or answered anything. */
  past: { accepted: number; unserved: number | undefined; oldestMs: number | undefined } | undefined
  /** Undefined while not known. */
  retransmitting: number | undefined
}

export interface HostState {
  sequence: number
  timeMs: number
  /** `Linux 6.12, read every 10 ms` */
  source: string
  /** Worst first; so many as can be drawn. */
  places: readonly PlaceView[]
  /** All that match the filter, and all there are. */
  matching: number
  all: number
  /** Of those that match and are left out of `places`, the highest fill. */
  fullestLeftOut: number | undefined
  /** Sockets that the source itself leaves out. */
  unread: number
  /** How old the queues of each kind are at most, in milliseconds; undefined for what was not read. */
  ages: Record<'listeners' | 'unix' | 'udp', number | undefined>
  findings: readonly FoundView[]
  /** Findings beyond those. */
  moreFindings: number
  /** Whether it has been looked for twice by now. */
  judged: boolean
  chosen: ChosenView | undefined
}
