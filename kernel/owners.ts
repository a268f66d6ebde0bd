/** Who holds a socket, and who waits at it for connections: the walk over /proc/PID/fd. */
import fs from 'node:fs'
import { basename } from 'node:path'
import { type Waiters, WaitersOfProcess } from './acceptors.ts'
import { nowhere, type Workload, workloadOfProcess } from './cgroup-path.ts'
import { beginningOf, namesIn, ofProcess, processNames } from './proc-reading.ts'
import { type Kinship, networkOf, parentOf, relatedTo } from './unseen.ts'

/** A process that holds a socket. */
export interface Owner {
  pid: number
  /** The command name as `ps` shows it, at most 15 characters; for Node the name of its program. */
  command: string
  /** The command line, words separated by spaces, at most 4 KiB of it; empty where it may not be read. */
  commandLine: string
  /** Its unit, container and pod. */
  workload: Workload
}

/** What one walk over all processes has found out. */
export interface SocketHolders {
  /** By inode: who holds the socket, lowest pid first. Sockets that nobody visible holds have no entry. */
  owners: Map<number, Owner[]>
  /** By inode: who waits at it for connections. */
  waiters: Map<number, Waiters>
  /** Processes that were looked into. */
  seen: number
  /** Those that hold files and may not be looked into, each with its parent, as far as that is told. */
  hidden: Map<number, number | undefined>
  /** All processes that there were. */
  pids: Set<number>
  /** Those that were looked into and hold none of these sockets. */
  bystanders: Set<number>
}

export const noHolders = (): SocketHolders => ({
  owners: new Map(),
  waiters: new Map(),
  seen: 0,
  hidden: new Map(),
  pids: new Set(),
  bystanders: new Set(),
})

export interface Search {
  /** Where the proc file system is mounted. */
  proc?: string
  /** Which processes are looked into; all of them by default. */
  among?: (pid: number) => boolean
  /** Is filled while the search is under way. Owners come lowest pid first. */
  into?: SocketHolders
}

/** What a process has open, as far as it matters here. */
export interface OpenFiles {
  count: number
  /** The wanted sockets, by descriptor. */
  sockets: Map<number, number>
  epolls: number[]
  rings: number[]
}

const COMMAND_LINE_BYTES = 4096
const SOCKET = 'socket:['

/**
 * Walks over every file of every process for those that hold these socket inodes, of whatever protocol. Several owners of
 * one inode share one socket and its queues. A step takes microseconds; drain it, or take breaks between the steps. Throws
 * what the system says if /proc cannot be listed or no file be opened any more.
 */
export function* findHolders(
  inodes: ReadonlySet<number>,
  { proc = '/proc', among = () => true, into: found = noHolders() }: Search = {},
): Generator<void, SocketHolders> {
  if (inodes.size === 0) return found
  for (const name of processNames(proc)) {
    yield
    found.pids.add(Number(name))
    if (!among(Number(name))) continue
    const folder = `${proc}/${name}`
    const open: OpenFiles = { count: 0, sockets: new Map(), epolls: [], rings: [] }
    const looked = yield* openFiles(folder, inodes, open)
    if (looked === 'hidden') {
      const parent = parentOf(folder)
      if (parent !== 'gone') found.hidden.set(Number(name), parent === 'hidden' ? undefined : parent)
    }
    if (looked !== 'seen') continue
    found.seen++
    if (open.sockets.size === 0) {
      found.bystanders.add(Number(name))
      continue
    }
    const owner = ownerAt(folder, Number(name))
    if (owner === undefined) continue
    for (const inode of new Set(open.sockets.values())) {
      const owners = found.owners.get(inode)
      if (owners === undefined) found.owners.set(inode, [owner])
      else owners.push(owner)
    }
    yield* new WaitersOfProcess(folder, owner.pid, open, inodes, found.waiters).look()
  }
  yield* tellUnseen(found, proc)
  return found
}

/** Where nobody was seen to wait: whether that is likely to be so of those too who may not be looked into. */
function* tellUnseen({ owners, waiters, hidden, pids }: SocketHolders, proc: string): Generator<void, void> {
  const listed = pids.has(FIRST_PROCESS)
  if (hidden.size === 0 && listed) return
  const kinIsTold = hidden.values().every((parent) => parent !== undefined)
  const told = new Map<string, Pick<Waiters, 'complete' | 'unseen'>>()
  let strangers: Kinship[] | undefined
  for (const [inode, one] of waiters) {
    if (one.pids.length > 0 || !one.complete) continue
    const holders = owners.get(inode) ?? []
    const key = holders.map(({ pid }) => pid).join()
    if (!told.has(key)) {
      strangers ??= yield* kinshipsOf(hidden, proc)
      const related = relatedTo(
        holders.flatMap((owner) => kinshipOf(owner, proc)),
        strangers,
      ).map(({ pid, command }) => ({ pid, command }))
      const unseen = { processes: listed ? hidden.size : null, related }
      told.set(key, { complete: listed && kinIsTold && related.length === 0, unseen })
    }
    Object.assign(one, told.get(key))
  }
}

/** With hidepid=2 not even this one is listed. */
const FIRST_PROCESS = 1

function* kinshipsOf(hidden: SocketHolders['hidden'], proc: string): Generator<void, Kinship[]> {
  const found: Kinship[] = []
  for (const [pid, parent] of hidden) {
    yield
    const folder = `${proc}/${pid}`
    const process = parent === undefined ? undefined : ownerAt(folder, pid)
    if (process === undefined || parent === undefined) continue
    found.push({ pid, command: process.command, workload: process.workload, parent, network: networkOf(folder) })
  }
  return found
}

/** Empty where it has ended, or may not be read. */
function kinshipOf({ pid, command, workload }: Owner, proc: string): Kinship[] {
  const folder = `${proc}/${pid}`
  const parent = parentOf(folder)
  return typeof parent === 'string' ? [] : [{ pid, command, workload, parent, network: networkOf(folder) }]
}

/** Who holds each of these socket inodes. Blocks until every process has been looked at. */
export function ownersOf(inodes: ReadonlySet<number>, proc = '/proc'): Map<number, Owner[]> {
  const steps = findHolders(inodes, { proc })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value.owners
  }
}

function* openFiles(
  folder: string,
  inodes: ReadonlySet<number>,
  into: OpenFiles,
): Generator<void, 'seen' | 'gone' | 'hidden'> {
  const names = namesIn(`${folder}/fd`)
  try {
    for (;;) {
      const next = ofProcess(() => names.next())
      if (next === 'gone' || next === 'hidden') return next
      if (next.done === true) return 'seen'
      const link = ofProcess(() => fs.readlinkSync(`${folder}/fd/${next.value}`))
      // The names are its owner's to list; where they lead may take more.
      if (link === 'hidden') return link
      into.count++
      if (link.startsWith(SOCKET)) {
        const inode = Number(link.slice(SOCKET.length, -1))
        if (inodes.has(inode)) into.sockets.set(Number(next.value), inode)
      } else if (link === 'anon_inode:[eventpoll]') into.epolls.push(Number(next.value))
      else if (link === 'anon_inode:[io_uring]') into.rings.push(Number(next.value))
      if (into.count % 64 === 0) yield
    }
  } finally {
    names.return()
  }
}

function ownerAt(folder: string, pid: number): Owner | undefined {
  const comm = ofProcess(() => beginningOf(`${folder}/comm`))
  if (comm === 'gone') return undefined
  const line = ofProcess(() => beginningOf(`${folder}/cmdline`, COMMAND_LINE_BYTES))
  const cgroup = ofProcess(() => beginningOf(`${folder}/cgroup`))
  const words = line === 'gone' || line === 'hidden' ? [] : line.split('\0')
  return {
    pid,
    command: readable(commandName(comm === 'hidden' ? '' : comm.trim(), words[0] ?? '')),
    commandLine: words.join(' ').trim(),
    workload: cgroup === 'gone' || cgroup === 'hidden' ? nowhere : workloadOfProcess(cgroup),
  }
}

/** A process may call itself anything: what would break a line, or be an order to a terminal, is not passed on. */
const readable = (name: string): string => name.replaceAll(/\p{C}/gu, '?')

/** Node 24 names the thread of its own main() 'MainThread', which says nothing: its program's name does. */
const commandName = (comm: string, program: string): string =>
  comm === 'MainThread' && program !== '' ? basename(program) : comm
