/** What every format of a log has in common: lines are recognised, read one by one, and what is no arrival is counted. */
import type { SaidOfRecording } from '../recorded.ts'

/** One connection or request of a log. */
export interface Entry {
  /** The time that its line bears, in milliseconds since any moment. */
  atMs: number
  /** How long before that time it began, where the line says so. */
  tookMs: number
  /** What tells its connection from others, where the line says so. */
  connection?: string | undefined
  /** Known to be the first of its connection, or known not to be. */
  first?: boolean | undefined
}

export interface LogReading {
  /** As a sentence names it: `access log in the combined format`. */
  format: string
  /** `lines` where they may be either. */
  of: 'requests' | 'connections' | 'lines'
  /** What the times are, where it had to be found out: the middle of a sentence. */
  times: string
  entries: Entry[]
  /** Numbers of lines that could not be read; the first is 1. */
  unreadable: number[]
  /** How many lines are no arrival, by what they are: `SYNs sent again`. */
  leftOut: Map<string, number>
}

export interface LogFormat {
  /** Whether a line is of this format. */
  matches(line: string): boolean
  read(file: string, lines: readonly string[], said: SaidOfRecording): LogReading
}

/** What a line says: an entry, why it is none, or undefined where it cannot be read. */
export type Said = Entry | { leftOut: string } | undefined

/** Reads line by line; blank ones and comments are nothing. */
export function eachLine(
  lines: readonly string[],
  read: (line: string, number: number) => Said,
): Pick<LogReading, 'entries' | 'unreadable' | 'leftOut'> {
  const entries: Entry[] = []
  const unreadable: number[] = []
  const leftOut = new Map<string, number>()
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const said = read(line, i + 1)
    if (said === undefined) unreadable.push(i + 1)
    else if ('leftOut' in said) leftOut.set(said.leftOut, (leftOut.get(said.leftOut) ?? 0) + 1)
    else entries.push(said)
  }
  return { entries, unreadable, leftOut }
}
