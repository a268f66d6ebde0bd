/** The sockets at which a server listens, and who accepts at each: found through the kernel, whatever the server is. */
import { CounterFile, type Counters } from '#kernel/counters.ts'
import { findHolders, type SocketHolders } from '#kernel/owners.ts'
import { ANY_FAMILY, PreparedDump, SockDiag, states, wants } from '#kernel/sock-diag.ts'

export interface ListeningSocket {
  address: string
  port: number
  length: number
  /** N; N + 1 fit. */
  limit: number
  drops: number
  inode: number
  cookie: string
  v6only: boolean
}

const listening = new PreparedDump({ family: ANY_FAMILY, states: states.listen, wants: wants.skmeminfo })

/** The listening TCP sockets of the caller's network namespace, in the order in which they were made. */
export class Sockets implements Disposable {
  readonly #diag = new SockDiag()
  readonly #snmp = new CounterFile('/proc/thread-self/net/snmp')
  readonly #counters: Counters = new Map()

  list(): ListeningSocket[] {
    const found: ListeningSocket[] = []
    this.#diag.dump(listening, (socket) => {
      const { address, port, receiveQueue, sendQueue, drops = 0, inode, cookie, v6only } = socket
      found.push({
        address,
        port,
        length: receiveQueue,
        limit: sendQueue,
        drops,
        inode,
        cookie: String(cookie),
        v6only,
      })
    })
    return found.sort((a, b) => a.inode - b.inode)
  }

  /** Connections whose handshake the namespace has completed so far: docs/kernel-facts.md#passiveopens. */
  passiveOpens(): number {
    this.#snmp.read(this.#counters)
    return this.#counters.get('Tcp_PassiveOpens') ?? 0
  }

  [Symbol.dispose](): void {
    this.#diag.close()
  }
}

const ANYWHERE = new Set(['0.0.0.0', '::'])

/** A socket of IPv6 that is bound to an IPv4 address, as Java binds: the kernel shows it so. */
const mapped = (address: string): string => `::ffff:${address}`

/** Whether a client that connects to `address` reaches this socket. */
export const reaches = (socket: Pick<ListeningSocket, 'address' | 'v6only'>, address: string): boolean =>
  socket.address === address ||
  socket.address === mapped(address) ||
  (ANYWHERE.has(socket.address) && (address.includes(':') ? socket.address === '::' : !socket.v6only))

/** Who holds these sockets, and who waits at them; only processes that the caller's /proc shows. */
export function holdersOf(sockets: readonly ListeningSocket[]): SocketHolders {
  const steps = findHolders(new Set(sockets.map(({ inode }) => inode)))
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
