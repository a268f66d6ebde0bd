import { ProcFile } from './proc-file.ts'

/** A namespace's counters, named as node_exporter names them without its prefix: `TcpExt_ListenOverflows`. */
export type Counters = Map<string, number>

const NEWLINE = 10
const SPACE = 32
const MINUS = 45
const ZERO = 48

/** A counter is a u64: it has at most 20 digits. */
const COUNT = /^\d{1,20}$/
/** Everything counts upward from 0 but this one limit, which says -1 for "none". */
const SIGNED = 'Tcp_MaxConn'

/**
 * Parses the layout of /proc/net/netstat and /proc/net/snmp: pairs of lines, names then values, each starting with a
 * group (`TcpExt:`). Fields the two lines do not share, and values that no counter can have, are left out. Values above
 * 2^53 lose their last digits.
 */
export function parseCounters(text: string, into: Counters = new Map()): Counters {
  const lines = text.split('\n')
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = lines[i]!.split(' ')
    const values = lines[i + 1]!.split(' ')
    if (names[0] !== values[0] || names[0]?.endsWith(':') !== true) continue
    const group = names[0].slice(0, -1)
    for (let k = 1; k < Math.min(names.length, values.length); k++) {
      const name = `${group}_${names[k]}`
      if (COUNT.test(values[k]!) || (name === SIGNED && values[k] === '-1')) into.set(name, Number(values[k]))
    }
  }
  return into
}

/** In /proc/net/snmp6 the name of a counter begins with its group, which ends in 6: `Udp6RcvbufErrors`. */
const SNMP6 = /^([A-Za-z]+6)(\w+)\s+(\d{1,20})$/

/** Parses /proc/net/snmp6, a counter on each line, into names like `Udp6_RcvbufErrors`. Other lines are left out. */
export function parseSnmp6(text: string, into: Counters = new Map()): Counters {
  for (const line of text.split('\n')) {
    const [, group, name, value] = SNMP6.exec(line) ?? []
    if (group !== undefined) into.set(`${group}_${name}`, Number(value))
  }
  return into
}

/** A line of names, byte for byte with its line end, and the counters whose values follow on the next line. */
interface Heading {
  line: Buffer
  group: Buffer
  counters: string[]
}

/**
 * Reads the same file again and again: the names are parsed once, and later reads only take the numbers, straight from
 * the bytes. The kernel never changes the names while it runs; where the file is not what was expected, it is parsed
 * as if for the first time.
 */
export class CounterFile {
  readonly #file: ProcFile
  /** What was read the time before, and where that went. */
  #before = Buffer.alloc(0)
  #beforeInto: Counters | undefined
  #headings: Heading[] = []
  readonly #values: number[] = []

  /**
   * Opens a file such as /proc/thread-self/net/netstat. The open file stays with the namespace that the calling thread
   * is in now, also after the thread has moved on (and /proc/net would show the main thread's).
   */
  constructor(path: string) {
    this.#file = new ProcFile(path, { inOnePiece: true })
  }

  /** Reads the counters as they are now into `into`. False if all of them are as they were when it last did. */
  read(into: Counters): boolean {
    const length = this.#file.readBytes()
    const { bytes } = ProcFile
    // Most namespaces are idle: comparing some kilobytes is far cheaper than reading hundreds of numbers out of them.
    if (into === this.#beforeInto && this.#before.compare(bytes, 0, length) === 0) return false
    this.#take(bytes, length, into)
    if (this.#before.length !== length) this.#before = Buffer.alloc(length)
    bytes.copy(this.#before, 0, 0, length)
    this.#beforeInto = into
    return true
  }

  #take(bytes: Buffer, length: number, into: Counters): void {
    if (this.#headings.length > 0 && this.#takeValues(bytes, length)) {
      let value = 0
      for (const heading of this.#headings)
        for (const counter of heading.counters) into.set(counter, this.#values[value++]!)
      return
    }
    const text = bytes.toString('latin1', 0, length)
    this.#headings = headingsOf(text)
    parseCounters(text, into)
  }

  /** Fills `#values` if the bytes are what the headings promise, and says whether they are. */
  #takeValues(bytes: Buffer, length: number): boolean {
    let at = 0
    let taken = 0
    const startsWith = (expected: Buffer): boolean =>
      at + expected.length <= length && bytes.compare(expected, 0, expected.length, at, at + expected.length) === 0
    for (const { line, group, counters } of this.#headings) {
      if (!startsWith(line)) return false
      at += line.length
      if (!startsWith(group)) return false
      at += group.length
      for (const counter of counters) {
        if (bytes[at++] !== SPACE) return false
        const negative = counter === SIGNED && bytes[at] === MINUS
        if (negative) at++
        const first = at
        let value = 0
        for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO)
          value = value * 10 + digit
        if (at === first || !Number.isSafeInteger(value) || (negative && value !== 1)) return false
        this.#values[taken++] = negative ? -1 : value
      }
      if (at >= length || bytes[at++] !== NEWLINE) return false
    }
    return at === length
  }

  close(): void {
    this.#file.close()
  }
}

function headingsOf(text: string): Heading[] {
  const lines = text.split('\n')
  const headings: Heading[] = []
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [group = '', ...names] = lines[i]!.split(' ')
    if (!group.endsWith(':')) return []
    headings.push({
      line: Buffer.from(`${lines[i]}\n`, 'latin1'),
      group: Buffer.from(group, 'latin1'),
      counters: names.map((name) => `${group.slice(0, -1)}_${name}`),
    })
  }
  return headings
}
