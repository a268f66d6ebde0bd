import fs from 'node:fs'
import * as libc from './libc.ts'

const SNMP_BYTES = 8192
const SOCKSTAT_BYTES = 1024
const SPACE = 32
const ZERO = 48
/** In the line of values: algorithm, three numbers, connections opened from here, and then those opened from elsewhere. */
const NAMES = 'Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens'
const PLACE = NAMES.split(' ').indexOf('PassiveOpens')
/** At every so-manieth look the counter itself is read in any case. */
const IN_ANY_CASE = 5

/**
 * How many connections have come to be at the listeners of a network namespace, in the one in which the calling thread makes
 * this object. The kernel counts a connection before it stands in an accept queue: docs/kernel-facts.md#passiveopens.
 *
 * As long as the numbers of sockets stand still (docs/kernel-facts.md#socket-memory) hardly anything can have come, and reading
 * them costs a quarter: only if as many have gone in the same time are those who came counted some looks late.
 */
export class PassiveOpens {
  readonly #snmp = fs.openSync('/proc/thread-self/net/snmp', 'r')
  readonly #sockstat = fs.openSync('/proc/thread-self/net/sockstat', 'r')
  /** Memory of its own, which koffi hands over without a copy. */
  readonly #bytes = Buffer.from(new ArrayBuffer(SNMP_BYTES))
  #sockets = Buffer.from(new ArrayBuffer(SOCKSTAT_BYTES))
  #socketsBefore = Buffer.from(new ArrayBuffer(SOCKSTAT_BYTES))
  #socketsLength = -1
  #last: number | undefined
  #looks = 0

  /** The counter as it is now; undefined where the kernel does not say. */
  read(): number | undefined {
    const still = this.#socketsStandStill()
    if (still && this.#last !== undefined && ++this.#looks % IN_ANY_CASE !== 0) return this.#last
    const length = libc.readFromStart(this.#snmp, this.#bytes, 'Reading the counters of TCP')
    this.#last = length === SNMP_BYTES ? undefined : passiveOpensIn(this.#bytes, length)
    return this.#last
  }

  #socketsStandStill(): boolean {
    const [now, before] = [this.#socketsBefore, this.#sockets]
    const length = libc.readFromStart(this.#sockstat, now, 'Reading the numbers of sockets')
    const still = length === this.#socketsLength && now.compare(before, 0, length, 0, length) === 0
    this.#sockets = now
    this.#socketsBefore = before
    this.#socketsLength = length
    return still
  }

  close(): void {
    fs.closeSync(this.#snmp)
    fs.closeSync(this.#sockstat)
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
