/** The sockets at which a server listens, and who accepts at each: found through the kernel, whatever the server is. */
import fs from 'node:fs'
import path from 'node:path'
import { CounterFile, type Counters } from '#kernel/counters.ts'
import { findHolders, type SocketHolders } from '#kernel/owners.ts'
import { ofProcess } from '#kernel/proc-reading.ts'
import { ANY_FAMILY, PreparedDump, SockDiag, states, wants } from '#kernel/sock-diag.ts'

export interface ListeningSocket {
  /** Of a UNIX socket its name, as it was given to bind(). */
  address: string
  /** 0 for a UNIX socket. */
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

  /** The listening UNIX stream sockets that have a name, in the order in which they were made. */
  unix(): ListeningSocket[] {
    const found: ListeningSocket[] = []
    this.#diag.dumpUnixListeners(({ type, name, length, limit, inode, cookie }) => {
      if (type !== 'stream' || name === '') return
      found.push({ address: name, port: 0, length, limit, drops: 0, inode, cookie: String(cookie), v6only: false })
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

/** Where the name of a UNIX socket is found by others: a server may have bound it from its own working directory. */
export function pathOf(name: string, pids: readonly number[]): string {
  if (path.isAbsolute(name)) return name
  const folders = pids.flatMap((pid) => workingDirectory(pid) ?? [])
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file)) ?? name
}

function workingDirectory(pid: number): string | undefined {
  const folder = ofProcess(() => fs.readlinkSync(`/proc/${pid}/cwd`))
  return folder === 'gone' || folder === 'hidden' ? undefined : folder
}

/** Who holds these sockets, and who waits at them; only processes that the caller's /proc shows. */
export function holdersOf(sockets: readonly ListeningSocket[]): SocketHolders {
  const steps = findHolders(new Set(sockets.map(({ inode }) => inode)))
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
