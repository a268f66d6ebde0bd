import { AF_INET, AF_INET6 } from '#kernel/libc.ts'
import { maskOf, type SocketRecord, type TcpState, tcpStates } from '#kernel/sock-diag.ts'
import type { OutgoingSample } from '../snapshot.ts'
import type { LocalPorts } from './local-ports.ts'

const shownStates = [
  'syn_sent',
  'established',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'close_wait',
  'last_ack',
  'closing',
] as const satisfies readonly TcpState[]

/** The mask for a dump of the states in which a connection holds its own port. */
export const outgoingStates = maskOf(...shownStates)

const SYN_SENT = tcpStates.indexOf('syn_sent')
const MAPPED_WORD = 0xffff

/** What is read of a connection. */
export type OutgoingRecord = Pick<
  SocketRecord,
  'family' | 'state' | 'port' | 'peerPort' | 'peerAddress' | 'addressWord' | 'peerAddressWord'
>

/** The connections to one address and port. */
class Destination {
  /** IPv4 as a number: text is made only of those that are shown. */
  readonly #address: string | number
  readonly port: number
  readonly byState: number[] = tcpStates.map(() => 0)
  count = 0
  /** Ports in use, by own address. Hardly ever more than one, so the first needs no map. */
  readonly #source: number | string
  #ports = 0
  #others: Map<number | string, number> | undefined

  constructor(address: string | number, port: number, source: number | string) {
    this.#address = address
    this.port = port
    this.#source = source
  }

  get address(): string {
    const address = this.#address
    if (typeof address === 'string') return address
    return [24, 16, 8, 0].map((bits) => (address >>> bits) & 0xff).join('.')
  }

  add(state: number, source: number | string, holdsPort: boolean): void {
    this.byState[state]! += 1
    this.count++
    if (!holdsPort) return
    if (source === this.#source) {
      this.#ports++
      return
    }
    this.#others ??= new Map()
    this.#others.set(source, (this.#others.get(source) ?? 0) + 1)
  }

  /** Ports in use of the own address that uses most of them. */
  get ports(): number {
    let most = this.#ports
    for (const ports of this.#others?.values() ?? []) if (ports > most) most = ports
    return most
  }
}

/**
 * The connections that this side has opened, by destination. Two connections between the same addresses and to the same
 * port differ in their own port, so each takes one of those that the kernel chooses from:
 * docs/kernel-facts.md#source-port-exhaustion.
 */
export class OutgoingConnections {
  readonly #ports: LocalPorts | undefined
  readonly #destinations = new Map<number | string, Destination>()

  /** `ports` is undefined where the range cannot be read. */
  constructor(ports: LocalPorts | undefined) {
    this.#ports = ports
  }

  /** A connection without a listener for its own end. */
  add(record: OutgoingRecord): void {
    const { state, port, peerPort } = record
    const holdsPort = this.#isChosen(port)
    // What a listener leaves behind when it closes: a port that nobody chose here, to one that was chosen over there.
    if (!holdsPort && state !== SYN_SENT && this.#isChosen(peerPort)) return
    const v4 = record.family === AF_INET || isMapped(record)
    const key = v4 ? v4Word(record, 'peer') * 65_536 + peerPort : `${v6Key(record, 'peer')} ${peerPort}`
    const source = v4 ? v4Word(record, 'own') : v6Key(record, 'own')
    let destination = this.#destinations.get(key)
    if (destination === undefined) {
      destination = new Destination(v4 ? v4Word(record, 'peer') : record.peerAddress, peerPort, source)
      this.#destinations.set(key, destination)
    }
    destination.add(state, source, holdsPort)
  }

  /** The destinations with the most connections, and the one that uses most ports; the others are summed up. */
  toSample(most: number): OutgoingSample {
    const shown = new Set(largest(this.#destinations.values(), most))
    const hungriest = largestBy(this.#destinations.values(), ({ ports }) => ports)
    if (hungriest !== undefined) shown.add(hungriest)
    const rest = tcpStates.map(() => 0)
    for (const one of this.#destinations.values())
      if (!shown.has(one)) for (const [state, count] of one.byState.entries()) rest[state]! += count
    return {
      destinations: [...shown].map((one) => ({
        address: one.address,
        port: one.port,
        connections: byName(one.byState),
        ...(this.#ports !== undefined && { ports: one.ports }),
      })),
      others: { destinations: this.#destinations.size - shown.size, connections: byName(rest) },
      ...(this.#ports !== undefined && { portsLimit: this.#ports.count }),
    }
  }

  #isChosen(port: number): boolean {
    return this.#ports !== undefined && port >= this.#ports.first && port <= this.#ports.last
  }
}

function largestBy(all: Iterable<Destination>, size: (one: Destination) => number): Destination | undefined {
  let found: Destination | undefined
  for (const one of all) if (found === undefined || size(one) > size(found)) found = one
  return found
}

/** The `most` with the highest counts, highest first. */
function largest(all: Iterable<Destination>, most: number): Destination[] {
  const cut = (some: Destination[]): Destination[] => some.sort((a, b) => b.count - a.count).slice(0, most)
  let found: Destination[] = []
  for (const one of all) {
    found.push(one)
    if (found.length > 2 * most + 100) found = cut(found)
  }
  return cut(found)
}

function byName(counts: readonly number[]): Record<string, number> {
  const named: Record<string, number> = {}
  for (const state of shownStates) {
    const count = counts[tcpStates.indexOf(state)]!
    if (count > 0) named[state] = count
  }
  return named
}

type End = 'own' | 'peer'

const word = (record: OutgoingRecord, end: End, index: number): number =>
  end === 'own' ? record.addressWord(index) : record.peerAddressWord(index)

/** IPv4 through an IPv6 socket: the same ports are taken. */
const isMapped = (record: OutgoingRecord): boolean =>
  record.family === AF_INET6 &&
  record.peerAddressWord(0) === 0 &&
  record.peerAddressWord(1) === 0 &&
  record.peerAddressWord(2) === MAPPED_WORD

const v4Word = (record: OutgoingRecord, end: End): number => word(record, end, record.family === AF_INET ? 0 : 3)

const v6Key = (record: OutgoingRecord, end: End): string =>
  `${word(record, end, 0)} ${word(record, end, 1)} ${word(record, end, 2)} ${word(record, end, 3)}`
