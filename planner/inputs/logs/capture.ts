/** Captures of packets as text: what tcpdump and tshark print. The SYNs in them are arrivals. */
import { UsageError } from '#common/errors.ts'
import { number } from '#common/quantities.ts'
import { dateMs, isDate } from '../times.ts'
import { eachLine, type LogFormat, type Said } from './format.ts'

/** One SYN that a capture shows. */
export interface Syn {
  atMs: number
  from: string
  to: string
  /** The sequence number, which a SYN that is sent again keeps. */
  sequence: string
  again: boolean
}

/** So long clients go on sending a SYN again (tcp_syn_retries 6): the same ports later are another connection. */
const RETRIES_MS = 180_000

/** Takes each connection once, and only those of one server's port. */
export class Syns {
  readonly #seen = new Map<string, { atMs: number; sequence: string }>()
  readonly #ports = new Map<string, number>()
  readonly #port: string | undefined

  constructor(port: string | undefined) {
    this.#port = port
  }

  take({ atMs, from, to, sequence, again }: Syn): Said {
    const port = to.slice(to.lastIndexOf(' ') + 1)
    if (this.#port !== undefined && port !== this.#port) return { leftOut: 'SYNs to other ports' }
    const key = `${from} ${to}`
    const before = this.#seen.get(key)
    const same = before !== undefined && before.sequence === sequence && atMs - before.atMs < RETRIES_MS
    this.#seen.set(key, { atMs, sequence })
    if (again || same) return { leftOut: 'SYNs sent or seen again' }
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1)
    return { atMs, tookMs: 0, connection: `${key} ${sequence}` }
  }

  /** Throws a UsageError where nobody has said which of several ports counts. */
  refuseSeveral(file: string): void {
    if (this.#ports.size < 2) return
    const most = [...this.#ports].toSorted(([, a], [, b]) => b - a)
    const shown = most.slice(0, 3).map(([port, count]) => `port ${port} (${number(count)})`)
    throw new UsageError(
      `${file} holds SYNs to ${number(most.length)} ports: ${shown.join(', ')}${most.length > 3 ? ', …' : ''}`,
      `Say which one is the server’s: --port ${most[0]?.[0]}`,
    )
  }
}

const stamp = String.raw`\s*(?:(\d{4}-\d{2}-\d{2} )?(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)|(\d+\.\d+))`
const packet = new RegExp(`^${stamp} .*?\\b(?:IP6?|In|Out|ethertype|ARP)\\b`)
const bytes = /^\s+0x[\da-f]{4}:/
const untimed = /^\s*IP6? \S+ > \S+: /
/** With -v the addresses stand in a line of their own. */
const flags = /(\S+)\.(\w[\w-]*) > (\S+)\.(\w[\w-]*): Flags \[(\S+?)\],(?: cksum .*?,)? seq (\d+)/
/** Looked for only where there can be any: in a long line without spaces that would take minutes. */
const flagged = (line: string): RegExpExecArray | null => (line.includes(': Flags [') ? flags.exec(line) : null)

type Stamps = 'unix' | 'dates' | 'time-of-day' | 'since-last' | 'since-first'

const stampWords: Record<Stamps, string> = {
  unix: 'with Unix times (-tt)',
  dates: 'with dates (-tttt)',
  'time-of-day': 'with times of day',
  'since-last': 'with the time since the line before (-ttt), added up',
  'since-first': 'with the time since the first line (-ttttt)',
}

const DAY_MS = 86_400_000

export const tcpdumpText: LogFormat = {
  matches: (line) => packet.test(line) || untimed.test(line) || flagged(line) !== null || bytes.test(line),
  read(file, lines, { port }) {
    const stamps = stampsOf(file, lines)
    if (!lines.some((line) => line.includes('Flags [')))
      throw new UsageError(
        `${file}: tcpdump printed no flags (-q), so that SYNs cannot be told from other packets`,
        'Print it without -q: tcpdump -tt -n -r FILE',
      )
    const syns = new Syns(port)
    let [atMs, before] = [Number.NaN, Number.NaN]
    let days = 0
    const read = eachLine(lines, (line): Said => {
      const timed = stampMs(line)
      if (timed !== undefined) {
        if (stamps === 'since-last') atMs = (Number.isNaN(atMs) ? 0 : atMs) + timed
        else {
          // Packets may be a little out of order; half a day back is midnight.
          if (stamps === 'time-of-day' && timed + days * DAY_MS < before - DAY_MS / 2) days++
          atMs = timed + days * DAY_MS
          before = atMs
        }
      }
      const [, host, own, server, service = '', set = '', sequence = ''] = flagged(line) ?? []
      // Of -v, the first half of a packet; of -X and -A, bytes.
      if (host === undefined)
        return timed === undefined ? { leftOut: 'lines without addresses' } : { leftOut: 'other packets' }
      if (!set.includes('S') || set.includes('.')) return { leftOut: 'other packets' }
      if (Number.isNaN(atMs)) return undefined
      return syns.take({ atMs, from: `${host} ${own}`, to: `${server} ${service}`, sequence, again: false })
    })
    syns.refuseSeveral(file)
    // tcpdump's own words at the beginning and the end.
    read.leftOut.delete('lines without addresses')
    return { ...read, format: 'SYNs of a capture printed by tcpdump', of: 'connections', times: stampWords[stamps] }
  },
}

function stampMs(line: string): number | undefined {
  const match = packet.test(line) ? new RegExp(`^${stamp}`).exec(line) : null
  if (match === null) return undefined
  const [, day, hours, minutes, seconds, unix] = match
  if (unix !== undefined) return Number(unix) * 1000
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return day === undefined ? ms : dateMs(`${day.trim()} 00:00:00Z`) + ms
}

function stampsOf(file: string, lines: readonly string[]): Stamps {
  let first: RegExpExecArray | undefined
  let before = Number.NEGATIVE_INFINITY
  let falls = false
  for (const line of lines) {
    const match = packet.exec(line)
    if (match === null) continue
    first ??= match
    if (match[5] !== undefined) return 'unix'
    if (match[1] !== undefined) return 'dates'
    const ms = stampMs(line) ?? 0
    falls ||= ms < before
    before = ms
  }
  if (first === undefined)
    throw new UsageError(`${file}: tcpdump printed no times (-t)`, 'Print it with -tt: tcpdump -tt -n -r FILE')
  const zero = Number(first[2]) === 0 && Number(first[3]) === 0 && Number(first[4]) === 0
  return !zero ? 'time-of-day' : falls ? 'since-last' : 'since-first'
}

/** `    1 0.000000000 127.0.0.1 → 127.0.0.1 TCP 74 51234 → 8080 [SYN] Seq=0 …` */
const summary =
  /^\s*\d+ +(\d+\.\d+|\d{4}-\d{2}-\d{2} [\d:.]+|\d{2}:\d{2}:[\d.]+) +(\S+) +(?:→|->) +(\S+) +\S+ +\d+ (.*)$/

export const tsharkText: LogFormat = {
  matches: (line) => summary.test(line),
  read(file, lines, { port }) {
    const syns = new Syns(port)
    const read = eachLine(lines, (line): Said => {
      const [, time = '', from = '', to = '', info = ''] = summary.exec(line) ?? []
      if (time === '') return undefined
      const atMs = isDate(time)
        ? dateMs(time)
        : time.includes(':')
          ? (stampMs(`${time} IP `) ?? Number.NaN)
          : Number(time) * 1000
      return synOf(info, { atMs, from, to }, syns)
    })
    syns.refuseSeveral(file)
    return {
      ...read,
      format: 'SYNs of a capture printed by tshark',
      of: 'connections',
      times: 'with its times as they are',
    }
  },
}

const info = /^(.*?)(\d+)\s*(?:→|->|>)\s*(\d+)\s*\[([A-Z, ]+)\]/

/** What Wireshark says of a packet: `[TCP Retransmission] 51234 → 8080 [SYN] Seq=0 Win=65495`. */
export function synOf(words: string, { atMs, from, to }: Pick<Syn, 'atMs' | 'from' | 'to'>, syns: Syns): Said {
  const [, remark = '', own = '', port = '', flags = ''] = info.exec(words) ?? []
  const set = flags.split(/,\s*/)
  if (!set.includes('SYN') || set.includes('ACK')) return { leftOut: 'other packets' }
  const again = /Retransmission|Out-Of-Order/i.test(remark)
  // The number that Wireshark shows is relative: of a SYN it is always 0. It says itself which are sent again.
  return syns.take({ atMs, from: `${from} ${own}`, to: `${to} ${port}`, sequence: `${atMs}`, again })
}
