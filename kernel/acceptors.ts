/** Who waits at a listening socket for connections, apart from all who hold it: docs/kernel-facts.md#who-really-accepts. */
import fs from 'node:fs'
import { epollWatches } from './libc.ts'
import type { OpenFiles } from './owners.ts'
import {
  polledIn,
  type SleepingCall,
  selectedIn,
  sleepingCall,
  sleepsElsewhere,
  waitingIn,
  watchedBy,
} from './polled.ts'
import { beginningOf, type NotRead, namesIn, ofProcess } from './proc-reading.ts'
import type { Unseen } from './unseen.ts'

/** The processes that were seen to wait at a socket for connections: by epoll, accept(), poll(), select() or io_uring. */
export interface Waiters {
  /** Lowest first. */
  pids: number[]
  /** Whether all that are known to hold the socket could be looked at: only then does an empty list mean that nobody waits. */
  complete: boolean
  /**
   * Of an empty list: who could not be looked into at all. With nobody among them who may well hold the socket it is likely
   * that nobody waits; otherwise the list is not complete.
   */
  unseen?: Unseen
}

/**
 * The kernel holds up the server's epoll_wait() while it lists what an epoll instance watches, 1 to 2 µs for each file.
 * Where a process has more open, single files are asked for instead, which takes a fiftieth of that.
 */
const LISTED_FILES = 1000
/** That costs a call for each listening socket; with more of them the list is better, up to the second number of files. */
const ASKED_SOCKETS = 64
const MOST_LISTED_FILES = 10_000
/** A process has its threads looked at while they are few: pools of hundreds rarely accept. */
const MOST_THREADS = 512
const MOST_POLLED = 4096

/** Looks at one process that holds sockets, and adds to `waiters` where it waits. */
export class WaitersOfProcess {
  readonly #folder: string
  readonly #pid: number
  readonly #open: OpenFiles
  readonly #wanted: ReadonlySet<number>
  readonly #waiters: Map<number, Waiters>
  /** The inodes at which this process is not known to wait so far. */
  readonly #rest: Set<number>

  constructor(
    folder: string,
    pid: number,
    open: OpenFiles,
    wanted: ReadonlySet<number>,
    waiters: Map<number, Waiters>,
  ) {
    this.#folder = folder
    this.#pid = pid
    this.#open = open
    this.#wanted = wanted
    this.#waiters = waiters
    this.#rest = new Set(open.sockets.values())
    for (const inode of this.#rest) this.#of(inode)
  }

  *look(): Generator<void, void> {
    for (const epoll of this.#open.epolls) {
      yield
      yield* this.#lookAtEpoll(epoll)
    }
    for (const ring of this.#open.rings) {
      yield
      this.#lookAtRing(ring)
    }
    if (this.#rest.size > 0) yield* this.#lookAtThreads()
  }

  #of(inode: number): Waiters {
    const known = this.#waiters.get(inode)
    if (known !== undefined) return known
    const waiters: Waiters = { pids: [], complete: true }
    this.#waiters.set(inode, waiters)
    return waiters
  }

  #waitsAt(inode: number | undefined): void {
    if (inode === undefined) return
    const { pids } = this.#of(inode)
    if (pids.at(-1) !== this.#pid) pids.push(this.#pid)
    this.#rest.delete(inode)
  }

  /** Something could not be looked at that may wait at any of the rest. */
  #cannotTell(): void {
    for (const inode of this.#rest) this.#of(inode).complete = false
  }

  *#lookAtEpoll(epoll: number): Generator<void, void> {
    const { count, sockets } = this.#open
    if (count > LISTED_FILES && sockets.size <= ASKED_SOCKETS && (yield* this.#askEpoll(epoll))) return
    const fdinfo =
      count > MOST_LISTED_FILES
        ? 'hidden'
        : ofProcess(() => fs.readFileSync(`${this.#folder}/fdinfo/${epoll}`, 'latin1'))
    if (isUnseen(fdinfo)) {
      this.#cannotTell()
      return
    }
    for (const { descriptor, inode } of watchedBy(fdinfo)) {
      const watched = inode ?? sockets.get(descriptor)
      // Also one whose descriptor this process has closed: while anyone holds the socket it is still watched.
      if (watched !== undefined && this.#wanted.has(watched)) this.#waitsAt(watched)
    }
  }

  /** Asks for each socket whether an epoll instance watches it. False if the kernel does not answer such questions. */
  *#askEpoll(epoll: number): Generator<void, boolean> {
    for (const [descriptor, inode] of this.#open.sockets) {
      yield
      const watches = epollWatches(this.#pid, epoll, descriptor)
      if (watches === undefined) return false
      if (watches) this.#waitsAt(inode)
    }
    return true
  }

  #lookAtRing(ring: number): void {
    const fdinfo = ofProcess(() => beginningOf(`${this.#folder}/fdinfo/${ring}`))
    const { accepts, polls } = isUnseen(fdinfo) ? { accepts: false, polls: true } : waitingIn(fdinfo)
    const [only, ...others] = this.#rest
    // A ring does not name the sockets at which its requests wait.
    if (accepts && others.length === 0) this.#waitsAt(only)
    else if (accepts || polls) this.#cannotTell()
  }

  *#lookAtThreads(): Generator<void, void> {
    const threads = namesIn(`${this.#folder}/task`)
    try {
      for (let looked = 0; this.#rest.size > 0; looked++) {
        yield
        const thread = ofProcess(() => threads.next())
        if (thread === 'gone' || (!isUnseen(thread) && thread.done === true)) return
        if (isUnseen(thread) || looked === MOST_THREADS) {
          this.#cannotTell()
          return
        }
        this.#lookAtThread(`${this.#folder}/task/${thread.value}`)
      }
    } finally {
      threads.return()
    }
  }

  #lookAtThread(folder: string): void {
    const line = ofProcess(() => beginningOf(`${folder}/syscall`))
    if (line === 'gone') return
    const sleeping = line === 'hidden' ? undefined : sleepingCall(line)
    if (sleeping === undefined) this.#lookWhereItSleeps(folder)
    else if (sleeping.call === 'accept') this.#waitsAt(this.#open.sockets.get(sleeping.descriptor))
    else if (sleeping.call !== 'other') this.#lookAtWhatItPolls(sleeping)
  }

  /** Without the right to see the call, the kernel function in which a thread sleeps may be seen; it names no descriptor. */
  #lookWhereItSleeps(folder: string): void {
    const place = ofProcess(() => beginningOf(`${folder}/wchan`))
    const [only, ...others] = this.#rest
    if (place === 'gone' || sleepsElsewhere(place)) return
    if (place === 'inet_csk_accept' && others.length === 0) this.#waitsAt(only)
    else this.#cannotTell()
  }

  #lookAtWhatItPolls({ call, address, count }: Extract<SleepingCall, { address: number }>): void {
    const bytes = call === 'poll' ? count * 8 : Math.ceil(count / 64) * 8
    if (bytes === 0) return
    const memory = count > MOST_POLLED ? 'hidden' : ofProcess(() => memoryAt(this.#folder, address, bytes))
    if (isUnseen(memory)) this.#cannotTell()
    else
      for (const descriptor of call === 'poll' ? polledIn(memory) : selectedIn(memory))
        this.#waitsAt(this.#open.sockets.get(descriptor))
  }
}

const isUnseen = (value: unknown): value is NotRead => value === 'gone' || value === 'hidden'

/** The part of a process's memory that it has handed to the kernel as the argument of its call. */
function memoryAt(folder: string, address: number, bytes: number): Buffer {
  const fd = fs.openSync(`${folder}/mem`, 'r')
  try {
    const memory = Buffer.alloc(bytes)
    return memory.subarray(0, fs.readSync(fd, memory, 0, bytes, address))
  } finally {
    fs.closeSync(fd)
  }
}
