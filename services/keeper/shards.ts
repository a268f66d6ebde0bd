/** The sockets of a server's port as numbered shards, and the processes that accept at each. */
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { withSocketOf } from '#kernel/borrowed-socket.ts'
import type { SocketHolders } from '#kernel/owners.ts'
import { readSysctl } from '#kernel/sysctl.ts'
import type { Found, NoOtherFaults, ServerStatus } from './api.ts'
import type { KeeperOptions } from './options.ts'
import type { ServerProcess } from './processes.ts'
import { holdersOf, type ListeningSocket, pathOf, reaches, type Sockets } from './sockets.ts'

/** Who accepts is looked for no more often: it walks over the files of every process of the server. */
const HOLDERS_MS = 200

/** What the shards need of a server. */
export interface Kept {
  processes(): ServerProcess[]
  readonly firstPid: number | undefined
}

/** What a server is called, and where clients come to it: by IPv4, or by IPv6 if it listens on that alone. */
type Reached = Pick<KeeperOptions, 'name' | 'address'> & Partial<Pick<KeeperOptions, 'address6'>>

export class Shards {
  readonly #name: string
  #address: string
  readonly #address6: string | undefined
  readonly #server: Kept
  readonly #sockets: Sockets
  /** A port, or the name of a UNIX socket. */
  #place: number | string | undefined
  /** The socket of each shard by its cookie: one that closes leaves its number to the next that opens. */
  #numbers: (string | undefined)[] = []
  #holders: { atMs: number; found: SocketHolders } | undefined
  /** Who was ever seen to wait at a socket, by inode: busy processes do not wait at the moment. */
  readonly #seen = new Map<number, Set<number>>()
  /** Of the only socket: what had been completed when it was first seen, less what waited. */
  #counting: { cookie: string; from: number; accepts: number } | undefined

  constructor({ name, address, address6 }: Reached, server: Kept, sockets: Sockets) {
    this.#name = name
    this.#address = address
    this.#address6 = address6
    this.#server = server
    this.#sockets = sockets
  }

  /** The sockets that listen and that some process of the server holds. */
  held(): ListeningSocket[] {
    return heldOf(this.#sockets.list())
  }

  /** The UNIX sockets among them. */
  heldUnix(): ListeningSocket[] {
    return heldOf(this.#sockets.unix())
  }

  /** From now on the shards are those of this port, or it is the UNIX socket of this name. */
  follow(place: number | string): Found {
    this.#place = place
    const expected = this.#address
    if (typeof place === 'number') this.#address = this.reachedAt(place)
    const own = this.#own(this.#all())
    const shards = own.map(({ limit }, index) => ({ limit, acceptors: Math.max(1, this.#acceptors(index).length) }))
    const [first] = own
    const found = { name: this.#name, mode: this.#mode(own), sockets: shards }
    const reached = this.#address === expected ? {} : { reachedAt: this.#address }
    if (typeof place === 'number')
      return { ...found, ...reached, address: first?.address ?? this.#address, port: place }
    const path = pathOf(place, first === undefined ? [] : this.#ownersOf(first.inode))
    return { ...found, address: this.#address, port: 0, path }
  }

  /** The address by which clients reach a port: that by IPv6 only where the other is not listened at. */
  reachedAt(port: number): string {
    const there = this.held().filter((socket) => socket.port === port)
    const [address, address6] = [this.#address, this.#address6]
    if (address6 === undefined || there.some((socket) => reaches(socket, address))) return address
    return there.some((socket) => reaches(socket, address6)) ? address6 : address
  }

  /** What listens that could be the server's. */
  #all(): ListeningSocket[] {
    return typeof this.#place === 'string' ? this.#sockets.unix() : this.#sockets.list()
  }

  /** What is known of shard 0, 1, … now. */
  status(index: number): Omit<ServerStatus, 'reloads' | 'cpu'> {
    const all = this.#all()
    const own = this.#own(all)
    const socket = own.find(({ cookie }) => cookie === this.#numbers[index])
    const processes = this.#server.processes()
    const accepting = socket === undefined ? [] : this.#accepting(socket, processes)
    const only =
      all.length === 1 && socket !== undefined && typeof this.#place === 'number' ? this.#accepts(socket) : undefined
    const accepts = only === undefined ? {} : { accepts: only }
    return {
      name: this.#name,
      pid: accepting[0]?.pid ?? processes[0]?.pid ?? 0,
      mode: this.#mode(own),
      listener: socket === undefined ? null : listenerOf(socket),
      faults: faultsOf(accepting.length > 0 && accepting.every(({ stopped }) => stopped)),
      ...accepts,
      somaxconn: Number(readSysctl('net.core.somaxconn')),
      processes: accepting.map(({ pid, stopped, cpuSeconds }) => ({
        pid,
        faults: faultsOf(stopped),
        cpuSeconds,
        ...(accepting.length === 1 ? accepts : {}),
      })),
      runs: processes.length > 0,
      sockets: own.length,
    }
  }

  /** The processes that accept at shard 0, 1, …: all whose stop leaves its queue to itself. */
  acceptors(index: number): number[] {
    this.#holders = undefined // as they are now
    return this.#acceptors(index)
  }

  #acceptors(index: number): number[] {
    const socket = this.#own(this.#all()).find(({ cookie }) => cookie === this.#numbers[index])
    return socket === undefined ? [] : this.#accepting(socket, this.#server.processes()).map(({ pid }) => pid)
  }

  /** Who holds any of the sockets. */
  holders(): number[] {
    return this.#own(this.#all()).flatMap(({ inode }) => this.#ownersOf(inode))
  }

  /** Borrows the socket of shard 0, 1, … from whoever holds it. Throws a UsageError where nobody does. */
  withSocket(index: number, use: (fd: number) => void): void {
    const socket = this.#own(this.#all()).find(({ cookie }) => cookie === this.#numbers[index])
    const pids = socket === undefined ? [] : this.#ownersOf(socket.inode)
    if (socket === undefined || !pids.some((pid) => withSocketOf(pid, socket.inode, use)))
      throw new UsageError(`${this.#name} does not listen there`, 'Start it again')
  }

  /**
   * The process that answers for all: of those that hold the sockets the one that started the others. It may be the parent
   * of all of them without holding any.
   */
  main(): number | undefined {
    const processes = this.#server.processes()
    const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]))
    const owners = new Set(this.#own(this.#all()).flatMap(({ inode }) => this.#ownersOf(inode)))
    const top = [...owners].filter((pid) => !owners.has(parents.get(pid) ?? 0)).sort((a, b) => a - b)
    const [first] = top
    const parent = first === undefined ? undefined : parents.get(first)
    const shared = top.length > 1 && top.every((pid) => parents.get(pid) === parent)
    if (shared && parent !== undefined && parents.has(parent)) return parent
    return first ?? this.#server.firstPid ?? processes[0]?.pid
  }

  /** The sockets of the port that a client reaches, numbered; of UNIX sockets of one name only the latest is reached. */
  #own(all: readonly ListeningSocket[]): ListeningSocket[] {
    const own =
      typeof this.#place === 'string'
        ? all.filter(({ address }) => address === this.#place).slice(-1)
        : all.filter((socket) => socket.port === this.#place && reaches(socket, this.#address))
    const there = new Set(own.map(({ cookie }) => cookie))
    this.#numbers = this.#numbers.map((cookie) => (cookie !== undefined && there.has(cookie) ? cookie : undefined))
    for (const { cookie } of own) {
      if (this.#numbers.includes(cookie)) continue
      const free = this.#numbers.indexOf(undefined)
      this.#numbers[free === -1 ? this.#numbers.length : free] = cookie
      this.#holders = undefined
    }
    const number = new Map(this.#numbers.map((cookie, index) => [cookie, index]))
    return own.sort((a, b) => (number.get(a.cookie) ?? 0) - (number.get(b.cookie) ?? 0))
  }

  #mode(own: readonly ListeningSocket[]): ServerStatus['mode'] {
    if (own.length > 1) return 'sharded'
    const [only] = own
    return only !== undefined && this.#accepting(only, this.#server.processes()).length > 1 ? 'shared' : 'single'
  }

  /**
   * Who was seen to wait at a socket, and those that were started beside these and hold it: they may be busy. Workers of which
   * each has a socket of its own hold all of them (nginx with reuseport): who waits at another is not meant.
   */
  #accepting({ inode }: ListeningSocket, processes: readonly ServerProcess[]): ServerProcess[] {
    const owners = new Set(this.#ownersOf(inode))
    const seen = this.#seen.get(inode) ?? new Set()
    const holding = processes.filter(({ pid }) => owners.has(pid))
    const waiting = holding.filter(({ pid }) => seen.has(pid))
    if (waiting.length === 0) return leaves(holding)
    const parents = new Set(waiting.map(({ parent }) => parent).filter((parent) => owners.has(parent)))
    const elsewhere = (pid: number): boolean => [...this.#seen.values()].some((pids) => pids.has(pid))
    return holding.filter(({ pid, parent }) => seen.has(pid) || (parents.has(parent) && !elsewhere(pid)))
  }

  #ownersOf(inode: number): number[] {
    const nowMs = monotonicMs()
    if (this.#holders === undefined || nowMs - this.#holders.atMs > HOLDERS_MS) {
      const own = this.#all().filter(({ address, port }) => (port === 0 ? address : port) === this.#place)
      this.#holders = { atMs: nowMs, found: holdersOf(own) }
      for (const { inode } of own) this.#note(inode, this.#holders.found)
    }
    return (this.#holders.found.owners.get(inode) ?? []).map(({ pid }) => pid)
  }

  #note(inode: number, { owners, waiters }: SocketHolders): void {
    const hold = new Set((owners.get(inode) ?? []).map(({ pid }) => pid))
    const known = [...(this.#seen.get(inode) ?? []), ...(waiters.get(inode)?.pids ?? [])]
    this.#seen.set(inode, new Set(known.filter((pid) => hold.has(pid))))
  }

  /** Two files are read one after the other, so a connection may be missing for a moment; none is counted back. */
  #accepts({ cookie, length }: ListeningSocket): number {
    const left = this.#sockets.passiveOpens() - length
    if (this.#counting?.cookie !== cookie) this.#counting = { cookie, from: left, accepts: 0 }
    this.#counting.accepts = Math.max(this.#counting.accepts, left - this.#counting.from)
    return this.#counting.accepts
  }
}

/** Those that some process that can be seen holds. */
function heldOf(sockets: readonly ListeningSocket[]): ListeningSocket[] {
  const { owners } = holdersOf(sockets)
  return sockets.filter(({ inode }) => owners.has(inode))
}

/** Those that none of the others was started by: where nobody is seen to wait, a parent most often only keeps its workers. */
function leaves(holding: readonly ServerProcess[]): ServerProcess[] {
  const parents = new Set(holding.map(({ parent }) => parent))
  return holding.filter(({ pid }) => !parents.has(pid))
}

const listenerOf = ({ address, port, limit, length, drops, inode, cookie }: ListeningSocket) => ({
  address,
  port,
  backlog: limit,
  limit,
  length,
  drops,
  inode,
  cookie,
})

const faultsOf = (stalled: boolean): NoOtherFaults => ({
  stalled,
  acceptDelayMs: 0,
  readDelayMs: 0,
  responseDelayMs: 0,
  neverRead: false,
  responseBytes: 0,
})
