/** Which descriptors a process waits on, from what /proc tells of its epoll instances, its rings and its threads. Pure. */

/** A descriptor that an epoll instance watches. */
export interface Watched {
  /** Its number when it was added, in the process that added it. It may mean another file by now. */
  descriptor: number
  /** The inode of the watched file; undefined before Linux 4.18. */
  inode: number | undefined
}

const TARGET = /^tfd:\s*(\d+) events:\s*([0-9a-f]+).*?(?: ino:([0-9a-f]+).*)?$/gm
/** EPOLLIN and EPOLLRDNORM: a connection that arrives wakes whoever waits for either. */
const READABLE = 0x41

/**
 * What an epoll instance waits to read from, or to accept at, from /proc/PID/fdinfo/FD (ep_show_fdinfo):
 * docs/kernel-facts.md#who-really-accepts. A server that takes no more for now may leave its listener there, and wait for
 * nothing at it.
 */
export function* watchedBy(fdinfo: string): Generator<Watched, void> {
  for (const [, descriptor, events = '', inode] of fdinfo.matchAll(TARGET))
    if ((Number.parseInt(events, 16) & READABLE) !== 0)
      yield { descriptor: Number(descriptor), inode: inode === undefined ? undefined : Number.parseInt(inode, 16) }
}

const OP_POLL_ADD = 6
const OP_ACCEPT = 13

/**
 * Whether requests to accept, or to poll, wait in an io_uring ring, from /proc/PID/fdinfo/FD (io_uring_show_fdinfo). It
 * names their operations and not their descriptors.
 */
export function waitingIn(fdinfo: string): { accepts: boolean; polls: boolean } {
  const operations = new Set(
    [...fdinfo.matchAll(/^\s*op=(\d+), task_works=/gm)].map(([, operation]) => Number(operation)),
  )
  return { accepts: operations.has(OP_ACCEPT), polls: operations.has(OP_POLL_ADD) }
}

/** A system call in which a thread sleeps, as far as it can wait for a connection. Addresses are of its own memory. */
export type SleepingCall =
  | { call: 'accept'; descriptor: number }
  | { call: 'poll'; address: number; count: number }
  | { call: 'select'; address: number; count: number }
  | { call: 'other' }

const callNames: Record<string, Record<number, 'accept' | 'poll' | 'select'>> = {
  x64: { 43: 'accept', 288: 'accept', 7: 'poll', 271: 'poll', 23: 'select', 270: 'select' },
  arm64: { 202: 'accept', 242: 'accept', 73: 'poll', 72: 'select' },
}

/**
 * The call in /proc/PID/task/TID/syscall: its number and arguments in hexadecimal, `running`, or -1 outside of a call.
 * Undefined on a machine whose numbers are not known here.
 */
export function sleepingCall(line: string, arch: string = process.arch): SleepingCall | undefined {
  const names = callNames[arch]
  if (names === undefined) return undefined
  const [number = '', first = '', second = ''] = line.trim().split(' ')
  switch (names[Number(number)]) {
    case 'accept':
      return { call: 'accept', descriptor: Number(first) | 0 }
    case 'poll':
      return { call: 'poll', address: Number(first), count: Number(second) }
    case 'select':
      return { call: 'select', address: Number(second), count: Number(first) }
    default:
      return { call: 'other' }
  }
}

/**
 * Functions of the kernel in which a thread sleeps for other things than a connection, or for those of an epoll instance or a
 * ring, which are looked at by themselves. Their names change with its versions: what is not among them may be anything.
 */
const ELSEWHERE =
  /^(?:ep_poll|do_epoll_wait|io_cqring_wait|futex_\w*wait\w*|hrtimer_nanosleep|do_nanosleep|do_wait|(?:anon_)?pipe_(?:read|wait\w*)|\w*sys_pause|sigsuspend|do_sigtimedwait)(?:\.\w+)*$/

/** Whether a thread that sleeps there, by /proc/PID/task/TID/wchan, waits at no listening socket by that very call. */
export const sleepsElsewhere = (place: string): boolean => ELSEWHERE.test(place)

const POLLIN = 1
const POLLFD_BYTES = 8

/** The descriptors that an array of `struct pollfd` waits to read from. */
export function* polledIn(array: Buffer): Generator<number, void> {
  for (let at = 0; at + POLLFD_BYTES <= array.length; at += POLLFD_BYTES)
    if ((array.readInt16LE(at + 4) & POLLIN) !== 0) yield array.readInt32LE(at)
}

/** The descriptors in an `fd_set`: one bit each, the lowest first. */
export function* selectedIn(set: Buffer): Generator<number, void> {
  for (const [index, byte] of set.entries())
    for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) yield index * 8 + bit
}
