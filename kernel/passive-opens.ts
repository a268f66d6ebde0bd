import { ProcFile } from './proc-file.ts'

const SPACE = 32
const ZERO = 48
/** In the line of values: algorithm, three numbers, connections opened from here, and then those opened from elsewhere. */
const NAMES = 'Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens'
const PLACE = NAMES.split(' ').indexOf('PassiveOpens')

/**
 * How many connections have come to be at the listeners of a network namespace, in the one in which the calling thread makes
 * this object. The kernel counts a connection before it stands in an accept queue: docs/kernel-facts.md#passiveopens.
 */
export class PassiveOpens {
  readonly #snmp = new ProcFile('/proc/thread-self/net/snmp', { inOnePiece: true })

  /** The counter as it is now; undefined where the kernel does not say. A look costs a fifth of a dump of 200 listeners. */
  read(): number | undefined {
    const length = this.#snmp.readBytes()
    return passiveOpensIn(ProcFile.bytes, length)
  }

  close(): void {
    this.#snmp.close()
  }
}

const NAMES_BYTES = Buffer.from(`\n${NAMES} `)
const VALUES_BYTES = Buffer.from('\nTcp: ')

/** The counter in the first `length` bytes of /proc/net/snmp; undefined if it is not there. */
export function passiveOpensIn(bytes: Buffer, length: number): number | undefined {
  const names = bytes.indexOf(NAMES_BYTES)
  if (names < 0) return undefined
  let at = bytes.indexOf(VALUES_BYTES, names + NAMES_BYTES.length)
  if (at < 0) return undefined
  at++
  for (let field = 0; field < PLACE && at < length; at++) if (bytes[at] === SPACE) field++
  const first = at
  let value = 0
  for (; at < length; at++) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return at > first && at < length ? value : undefined
}
