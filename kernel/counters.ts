import fs from 'node:fs'

/** A namespace's counters, named as node_exporter names them without its prefix: `TcpExt_ListenOverflows`. */
export type Counters = Map<string, number>

const NEWLINE = 10
const SPACE = 32
const MINUS = 45
const ZERO = 48

/**
 * Parses the layout of /proc/net/netstat and /proc/net/snmp: pairs of lines, names then values, each starting with a
 * group (`TcpExt:`). Fields the two lines do not share are left out. Values above 2^53 lose their last digits.
 */
export function parseCounters(text: string, into: Counters = new Map()): Counters {
  const lines = text.split('\n')
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = lines[i]!.split(' ')
    const values = lines[i + 1]!.split(' ')
    if (names[0] !== values[0] || names[0]?.endsWith(':') !== true) continue
    const group = names[0].slice(0, -1)
    for (let k = 1; k < Math.min(names.length, values.length); k++) {
      const value = Number(values[k])
      if (values[k] !== '' && Number.isFinite(value)) into.set(`${group}_${names[k]}`, value)
    }
  }
  return into
}

/**
 * Reads the same file again and again: the names are parsed once, and later reads only take the numbers, straight from
 * the bytes. The kernel never changes the names while it runs; if the file's shape differs all the same, it starts anew.
 */
export class CounterFile {
  readonly #fd: number
  #bytes = Buffer.alloc(16_384)
  #names: string[] = []
  #shape = ''

  /**
   * Opens a file such as /proc/thread-self/net/netstat. The open file stays with the namespace that the calling thread
   * is in now, also after the thread has moved on (and /proc/net would show the main thread's).
   */
  constructor(path: string) {
    this.#fd = fs.openSync(path, 'r')
  }

  /** Reads the counters as they are now into `into`. */
  read(into: Counters): void {
    let length = 0
    for (;;) {
      const read = fs.readSync(this.#fd, this.#bytes, length, this.#bytes.length - length, length)
      if (read === 0) break
      length += read
      if (length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(length)])
    }
    const header = this.#bytes.toString('latin1', 0, Math.max(0, this.#bytes.indexOf(NEWLINE)))
    if (header !== this.#shape) {
      const parsed = parseCounters(this.#bytes.toString('latin1', 0, length))
      this.#names = [...parsed.keys()]
      this.#shape = header
      for (const [name, value] of parsed) into.set(name, value)
      return
    }
    this.#readValues(length, into)
  }

  #readValues(length: number, into: Counters): void {
    const bytes = this.#bytes
    let name = 0
    let at = 0
    for (let line = 0; at < length; line++) {
      if (line % 2 === 0) {
        at = bytes.indexOf(NEWLINE, at) + 1
        if (at === 0) break
        continue
      }
      while (at < length && bytes[at] !== SPACE) at++ // the group
      while (at < length && bytes[at] !== NEWLINE) {
        at++
        const negative = bytes[at] === MINUS
        if (negative) at++
        let value = 0
        for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO)
          value = value * 10 + digit
        into.set(this.#names[name++]!, negative ? -value : value)
      }
      at++
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
