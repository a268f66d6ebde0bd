/**
 * The only file that knows the foreign function interface. Every function here is one system call of the C library;
 * a failing call becomes a KernelError. Buffers are handed over without a copy.
 */
import os from 'node:os'
import koffi from 'koffi'
import { errnoName, KernelError } from './errors.ts'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16
export const AF_PACKET = 17
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_SEQPACKET = 5
export const SOCK_CLOEXEC = 0o2000000
export const SOCK_NONBLOCK = 0o4000
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
export const IPPROTO_RAW = 255
export const IPPROTO_MPTCP = 262
export const SOL_SOCKET = 1
export const SO_REUSEPORT = 15
export const SO_RCVBUF = 8
const SO_BINDTODEVICE = 25
const SO_ATTACH_FILTER = 26
const SO_ATTACH_REUSEPORT_CBPF = 51
export const SO_MEMINFO = 55
export const SO_COOKIE = 57
export const SO_DETACH_REUSEPORT_BPF = 68
export const TCP_DEFER_ACCEPT = 9
export const TCP_INFO = 11
export const CLONE_NEWNET = 0x40000000
export const MSG_DONTWAIT = 0x40
export const SO_REUSEADDR = 2
export const EPOLLIN = 0x1
export const EPOLLEXCLUSIVE = 1 << 28
const EPOLL_CLOEXEC = 0o2000000
const EPOLL_CTL_ADD = 1
const WNOHANG = 1

const onLinux = os.platform() === 'linux'
const library = onLinux ? koffi.load(null) : undefined

/** Declares one C function. On another system than Linux the module still loads, and each call says why it cannot work. */
function declare<Arguments extends unknown[]>(prototype: string): (...values: Arguments) => number {
  if (library !== undefined) return library.func(prototype) as (...values: Arguments) => number
  return () => {
    throw new KernelError(prototype, 'ENOSYS', 'Calling the Linux kernel', 'This needs Linux: use `docker compose up`')
  }
}

const c = {
  socket: declare<[number, number, number]>('int socket(int domain, int type, int protocol)'),
  close: declare<[number]>('int close(int fd)'),
  waitpid: declare<[number, null, number]>('int waitpid(int pid, void *status, int options)'),
  bind: declare<[number, Buffer, number]>('int bind(int fd, const void *address, uint32_t length)'),
  connect: declare<[number, Buffer, number]>('int connect(int fd, const void *address, uint32_t length)'),
  listen: declare<[number, number]>('int listen(int fd, int backlog)'),
  accept4: declare<[number, null, null, number]>('int accept4(int fd, void *address, void *length, int flags)'),
  epoll_create1: declare<[number]>('int epoll_create1(int flags)'),
  epoll_ctl: declare<[number, number, number, Buffer]>('int epoll_ctl(int epfd, int op, int fd, void *event)'),
  epoll_wait: declare<[number, Buffer, number, number]>('int epoll_wait(int epfd, void *events, int max, int timeout)'),
  send: declare<[number, Buffer, number, number]>('long send(int fd, const void *data, size_t length, int flags)'),
  recv: declare<[number, Buffer, number, number]>('long recv(int fd, void *data, size_t length, int flags)'),
  read: declare<[number, Buffer, number]>('long read(int fd, void *data, size_t length)'),
  pread: declare<[number, Buffer, number, number]>('long pread(int fd, void *data, size_t length, long offset)'),
  usleep: declare<[number]>('int usleep(uint32_t us)'),
  recvmmsg: declare<[number, Buffer, number, number, null]>(
    'int recvmmsg(int fd, void *vector, unsigned int n, int flags, void *timeout)',
  ),
  sendmmsg: declare<[number, Buffer, number, number]>('int sendmmsg(int fd, void *vector, unsigned int n, int flags)'),
  getsockopt: declare<[number, number, number, Buffer, Uint32Array]>(
    'int getsockopt(int fd, int level, int name, void *value, void *length)',
  ),
  setsockopt: declare<[number, number, number, Buffer, number]>(
    'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  ),
  ioctl: declare<[number, bigint, Int32Array | Buffer]>('int ioctl(int fd, unsigned long request, void *value)'),
  setns: declare<[number, number]>('int setns(int fd, int kind)'),
  unshare: declare<[number]>('int unshare(int flags)'),
  clock_gettime: declare<[number, Int32Array]>('int clock_gettime(int clock, void *time)'),
  io_uring_setup: declare<[number, number, Buffer]>('long syscall(long number, uint32_t entries, void *params)'),
  io_uring_enter: declare<[number, number, number, number, number, null, number]>(
    'long syscall(long number, long fd, uint32_t submit, uint32_t wait, uint32_t flags, void *signals, size_t size)',
  ),
  mmap: declare<[number, number, number, number, number, number]>(
    'intptr_t mmap(intptr_t address, size_t length, int protection, int flags, int fd, long offset)',
  ),
  munmap: declare<[number, number]>('int munmap(intptr_t address, size_t length)'),
  copy_to: declare<[number, Buffer, number]>('intptr_t memcpy(intptr_t to, const void *from, size_t length)'),
  copy_from: declare<[Buffer, number, number]>('intptr_t memcpy(void *to, intptr_t from, size_t length)'),
  // By number: the C library of Debian 11 has no function for these. Those of the pidfds are the same on every architecture.
  pidfd_open: declare<[number, number, number]>('long syscall(long number, long pid, long flags)'),
  pidfd_getfd: declare<[number, number, number, number]>('long syscall(long number, long pidfd, long fd, long flags)'),
  bpf: declare<[number, number, Buffer, number]>('long syscall(long number, long command, void *attr, uint32_t size)'),
  kcmp: declare<[number, number, number, number, number, Buffer]>(
    'long syscall(long number, long one, long other, long type, long descriptor, const void *slot)',
  ),
  sched_getscheduler: declare<[number]>('int sched_getscheduler(int pid)'),
  sched_setattr: declare<[number, number, Buffer, number]>(
    'long syscall(long number, long pid, void *attr, unsigned long flags)',
  ),
  pidfd_send_signal: declare<[number, number, number, null, number]>(
    'long syscall(long number, long fd, long signal, void *info, long flags)',
  ),
}

function checked(result: number | bigint, call: string, doing: string): number {
  const value = Number(result)
  if (value >= 0) return value
  throw new KernelError(call, errnoName(koffi.errno()), doing)
}

/** Opens a socket and gives its file descriptor. */
export const socket = (domain: number, type: number, protocol: number, doing: string): number =>
  checked(c.socket(domain, type, protocol), 'socket', doing)

/** Closes a file descriptor. */
export const close = (fd: number): void => {
  checked(c.close(fd), 'close', 'Closing a file descriptor')
}

/** Collects a child that has ended, if it has. How it ended is not told: ask for none that somebody else waits for. */
export const collectIfEnded = (pid: number): void => {
  c.waitpid(pid, null, WNOHANG) // it may be no child of ours
}

/** Binds to an address made by `socketAddress`. */
export const bind = (fd: number, address: Buffer, doing: string): void => {
  checked(c.bind(fd, address, address.length), 'bind', doing)
}

/** Connects to an address made by `socketAddress`. */
export const connect = (fd: number, address: Buffer, doing: string): void => {
  checked(c.connect(fd, address, address.length), 'connect', doing)
}

/** Makes a socket listen, or gives a listening one another backlog: the kernel rewrites the limit and keeps the queue. */
export const listen = (fd: number, backlog: number, doing: string): void => {
  checked(c.listen(fd, backlog), 'listen', doing)
}

/** Accepts a connection and gives its descriptor; waits for one if the listening socket blocks, else undefined if there is none. */
export function acceptIfAny(fd: number, doing: string): number | undefined {
  const accepted = c.accept4(fd, null, null, SOCK_CLOEXEC)
  if (accepted < 0 && koffi.errno() === os.constants.errno.EAGAIN) return undefined
  return checked(accepted, 'accept4', doing)
}

/** Opens an epoll instance that watches one descriptor for `events`, and gives its descriptor. */
export function epollFor(fd: number, events: number, doing: string): number {
  const epoll = checked(c.epoll_create1(EPOLL_CLOEXEC), 'epoll_create1', doing)
  const event = Buffer.alloc(EPOLL_EVENT_BYTES)
  event.writeUInt32LE(events)
  checked(c.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event), 'epoll_ctl', doing)
  return epoll
}

/** Waits until what an epoll instance of `epollFor` watches is ready. Blocks the calling thread. */
export const epollWait = (epoll: number, doing: string): void => {
  checked(c.epoll_wait(epoll, epollEvent, 1, -1), 'epoll_wait', doing)
}
/** struct epoll_event: packed to 12 bytes on x86-64, 16 elsewhere. */
const EPOLL_EVENT_BYTES = 16
const epollEvent = Buffer.alloc(EPOLL_EVENT_BYTES)

/** Sends bytes and gives how many the kernel took. */
export const send = (fd: number, data: Buffer, flags: number, doing: string): number =>
  checked(c.send(fd, data, data.length, flags), 'send', doing)

/** Receives into the buffer and gives the number of bytes; 0 at the end of a stream. Blocks unless MSG_DONTWAIT. */
export const recv = (fd: number, into: Buffer, flags: number, doing: string): number =>
  checked(c.recv(fd, into, into.length, flags), 'recv', doing)

/** Reads a file from its beginning, as far as the buffer goes, and gives the number of bytes: half the cost of fs.readSync. */
export const readFromStart = (fd: number, into: Buffer, doing: string): number =>
  checked(c.pread(fd, into, into.length, 0), 'pread', doing)

/** Reads on in a file, and gives the number of bytes: 0 at its end; undefined if it has none to give (EAGAIN). */
export function readIfAny(fd: number, into: Buffer, doing: string): number | undefined {
  const length = c.read(fd, into, into.length)
  if (Number(length) < 0 && koffi.errno() === os.constants.errno.EAGAIN) return undefined
  return checked(length, 'read', doing)
}

/**
 * Blocks the calling thread for less than a second, and nothing but time or a signal ends it: waking up costs two thirds of
 * what it does after `Atomics.wait`.
 */
export const sleepMs = (ms: number): void => {
  c.usleep(Math.ceil(ms * 1000)) // interrupted, it is merely shorter
}

const SYS_SCHED_SETATTR: Partial<Record<NodeJS.Architecture, number>> = { x64: 314, arm64: 274 }
const SCHED_OTHER = 0
const SCHED_ATTR_BYTES = 48

/**
 * Has the scheduler give the calling thread shorter turns, and those sooner: beside busy processes one that sleeps most of the
 * time wakes when it asked for. Needs no privilege, gives no more CPU time than before, and keeps the nice value. False where
 * the kernel refuses; before Linux 6.12 it has no effect.
 */
export function askForShortTurns(turnNs: number): boolean {
  const number = SYS_SCHED_SETATTR[process.arch]
  // Whoever has chosen another class keeps it.
  if (number === undefined || c.sched_getscheduler(0) !== SCHED_OTHER) return false
  const attributes = Buffer.alloc(SCHED_ATTR_BYTES)
  attributes.writeUInt32LE(SCHED_ATTR_BYTES, 0)
  attributes.writeInt32LE(os.getPriority(), 16)
  attributes.writeBigUInt64LE(BigInt(turnNs), 24)
  return Number(c.sched_setattr(number, 0, attributes, 0)) === 0
}

/** Receives a message that is there already; undefined if there is none. Never waits, and throws nothing for an empty queue. */
export function recvIfAny(fd: number, into: Buffer, doing: string): number | undefined {
  const length = c.recv(fd, into, into.length, MSG_DONTWAIT)
  if (Number(length) < 0 && koffi.errno() === os.constants.errno.EAGAIN) return undefined
  return checked(length, 'recv', doing)
}

/** Reads a socket option into `into` and gives the number of bytes the kernel wrote. */
export function getsockopt(fd: number, level: number, name: number, into: Buffer, doing: string): number {
  optionLength[0] = into.length
  checked(c.getsockopt(fd, level, name, into, optionLength), 'getsockopt', doing)
  return optionLength[0]
}
const optionLength = new Uint32Array(1)

/** Sets a socket option from raw bytes. */
const setsockopt = (fd: number, level: number, name: number, value: Buffer, doing: string): void => {
  checked(c.setsockopt(fd, level, name, value, value.length), 'setsockopt', doing)
}

/** Sets a socket option that is one int. */
export const setIntOption = (fd: number, level: number, name: number, value: number, doing: string): void => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  setsockopt(fd, level, name, bytes, doing)
}

/** Sends what a socket sends by this device alone, whatever the routes say. */
export const bindToDevice = (fd: number, name: string, doing: string): void => {
  setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${name}\0`), doing)
}

/** Attaches a classic BPF program (see classic-bpf.ts) that chooses the member of a SO_REUSEPORT group. */
export const attachReuseportProgram = (fd: number, instructions: Buffer, doing: string): void =>
  attachProgram(fd, SO_ATTACH_REUSEPORT_CBPF, instructions, doing)

/** Attaches a classic BPF program (see classic-bpf.ts) that says how much of each packet a socket gets; 0 is nothing. */
export const attachFilter = (fd: number, instructions: Buffer, doing: string): void =>
  attachProgram(fd, SO_ATTACH_FILTER, instructions, doing)

function attachProgram(fd: number, option: number, instructions: Buffer, doing: string): void {
  const code = ownMemory(instructions)
  const program = Buffer.alloc(16) // struct sock_fprog on 64-bit: u16 length, then a pointer
  program.writeUInt16LE(code.length / 8, 0)
  program.writeBigUInt64LE(addressOf(code), 8)
  setsockopt(fd, SOL_SOCKET, option, program, doing)
}

/** A copy of bytes in memory of its own, whose address may be given to the kernel while the copy is referenced. */
export function ownMemory(bytes: Buffer): Buffer {
  const own = Buffer.from(new ArrayBuffer(bytes.length))
  bytes.copy(own)
  return own
}

/** The address of memory that `ownMemory` has made. */
export const addressOf = (own: Buffer): bigint => koffi.address(own)

/** bpf(2): what it gives depends on the command, most often a descriptor. `pointedAt` is what `attributes` has addresses of. */
export function bpf(command: number, attributes: Buffer, pointedAt: PointedAt, doing: string): number {
  return checked(callBpf(command, attributes, pointedAt, doing), 'bpf', doing)
}

/** The same; undefined where there is nothing (any more): ENOENT. */
export function bpfIfAny(command: number, attributes: Buffer, pointedAt: PointedAt, doing: string): number | undefined {
  const result = callBpf(command, attributes, pointedAt, doing)
  if (result < 0 && koffi.errno() === os.constants.errno.ENOENT) return undefined
  return checked(result, 'bpf', doing)
}

type PointedAt = readonly (Buffer | undefined)[]

function callBpf(command: number, attributes: Buffer, pointedAt: PointedAt, doing: string): number {
  const number = SYS_BPF[process.arch]
  if (number === undefined) throw new KernelError('bpf', 'ENOSYS', doing, `Not known on ${process.arch}`)
  const result = c.bpf(number, command, attributes, attributes.length)
  void pointedAt
  return result
}
const SYS_BPF: Partial<Record<string, number>> = { x64: 321, arm64: 280 }

/** An ioctl that gives one int, e.g. SIOCINQ. */
export function ioctlInt(fd: number, request: number, doing: string): number {
  checked(c.ioctl(fd, BigInt(request), ioctlResult), 'ioctl', doing)
  return ioctlResult[0] ?? 0
}
const ioctlResult = new Int32Array(1)

/** The name of the network device with this index, in the namespace of a socket (SIOCGIFNAME); undefined if there is none. */
export function deviceName(fd: number, index: number): string | undefined {
  const request = Buffer.alloc(IFREQ_BYTES)
  request.writeInt32LE(index, IFNAMSIZ)
  const result = c.ioctl(fd, BigInt(SIOCGIFNAME), request)
  if (result < 0 && koffi.errno() === os.constants.errno.ENODEV) return undefined
  checked(result, 'ioctl', 'Asking for the name of a network device')
  return request.toString('latin1', 0, Math.min(IFNAMSIZ, request.indexOf(0)))
}

/** Brings a network device up, in the namespace of a socket. Takes CAP_NET_ADMIN there. */
export function bringUp(fd: number, name: string): void {
  const doing = `Bringing the network device ${name} up`
  const request = Buffer.alloc(IFREQ_BYTES)
  request.write(name, 0, IFNAMSIZ - 1, 'latin1')
  checked(c.ioctl(fd, BigInt(SIOCGIFFLAGS), request), 'ioctl', doing)
  request.writeUInt16LE(request.readUInt16LE(IFNAMSIZ) | IFF_UP, IFNAMSIZ)
  checked(c.ioctl(fd, BigInt(SIOCSIFFLAGS), request), 'ioctl', doing)
}

const SIOCGIFNAME = 0x8910
const SIOCGIFFLAGS = 0x8913
const SIOCSIFFLAGS = 0x8914
const IFF_UP = 1
const IFNAMSIZ = 16
/** struct ifreq on 64-bit. */
const IFREQ_BYTES = 40

/** Moves the calling thread into the namespace of an open descriptor. Other threads stay where they are. */
export const setns = (fd: number, kind: number, doing: string): void => {
  checked(c.setns(fd, kind), 'setns', doing)
}

/** Gives the calling thread new namespaces. */
export const unshare = (flags: number, doing: string): void => {
  checked(c.unshare(flags), 'unshare', doing)
}

/**
 * CPU time of the calling thread, in user and kernel mode, in milliseconds. Exact, unlike getrusage and Node's
 * threadCpuUsage: those know what a thread had used at the last timer tick or when it last slept, so that work shorter
 * than a tick costs nothing by them.
 */
export function threadCpuMs(): number {
  checked(c.clock_gettime(CLOCK_THREAD_CPUTIME_ID, cpuTime), 'clock_gettime', "Reading the thread's CPU time")
  // struct timespec on 64-bit: seconds, then nanoseconds, 8 bytes each; the upper halves are 0.
  return (cpuTime[0] ?? 0) * 1000 + (cpuTime[2] ?? 0) / 1e6
}
const CLOCK_THREAD_CPUTIME_ID = 3
const cpuTime = new Int32Array(4)

/** A descriptor that means the process of this number for good, also after its end; undefined if there is none. Linux 5.3. */
export function pidfdIfAny(pid: number, doing: string): number | undefined {
  const fd = c.pidfd_open(SYS_PIDFD_OPEN, pid, 0)
  if (Number(fd) < 0 && koffi.errno() === os.constants.errno.ESRCH) return undefined
  return checked(fd, 'pidfd_open', doing)
}
const SYS_PIDFD_OPEN = 434

/** Sends a signal to the process of a descriptor of `pidfdIfAny`; false if it has ended. */
export function pidfdSignal(fd: number, signal: number, doing: string): boolean {
  const result = c.pidfd_send_signal(SYS_PIDFD_SEND_SIGNAL, fd, signal, null, 0)
  if (Number(result) < 0 && koffi.errno() === os.constants.errno.ESRCH) return false
  checked(result, 'pidfd_send_signal', doing)
  return true
}
const SYS_PIDFD_SEND_SIGNAL = 424

/** A descriptor of the same open file as descriptor `theirs` of the process of a `pidfdIfAny`. Linux 5.6. */
export const pidfdGetFd = (fd: number, theirs: number, doing: string): number =>
  checked(c.pidfd_getfd(SYS_PIDFD_GETFD, fd, theirs, 0), 'pidfd_getfd', doing)
const SYS_PIDFD_GETFD = 438

/** Opens an io_uring with room for `entries` submissions, fills in its `struct io_uring_params`, and gives its descriptor. */
export const ioUringSetup = (entries: number, params: Buffer, doing: string): number =>
  checked(c.io_uring_setup(SYS_IO_URING_SETUP, entries, params), 'io_uring_setup', doing)
const SYS_IO_URING_SETUP = 425

/** Hands so many submissions to an io_uring. Does not wait for them. */
export const ioUringEnter = (fd: number, submissions: number, doing: string): void => {
  checked(c.io_uring_enter(SYS_IO_URING_ENTER, fd, submissions, 0, 0, null, 0), 'io_uring_enter', doing)
}
const SYS_IO_URING_ENTER = 426

/** Memory that this process shares with the kernel through a descriptor. Whoever uses it keeps within its length. */
export class SharedMemory {
  readonly #address: number
  readonly #length: number

  constructor(fd: number, length: number, offset: number, doing: string) {
    this.#address = checked(
      c.mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset),
      'mmap',
      doing,
    )
    this.#length = length
  }

  /** The memory itself: whoever touches it after `close` ends the process. */
  get bytes(): Buffer {
    return Buffer.from(koffi.view(this.#address, this.#length))
  }

  read(at: number, into: Buffer): void {
    this.#check(at, into)
    c.copy_from(into, this.#address + at, into.length)
  }

  write(at: number, from: Buffer): void {
    this.#check(at, from)
    c.copy_to(this.#address + at, from, from.length)
  }

  close(): void {
    checked(c.munmap(this.#address, this.#length), 'munmap', 'Giving back shared memory')
  }

  #check(at: number, { length }: Buffer): void {
    if (at < 0 || at + length > this.#length) throw new RangeError(`${at} is outside of this memory`)
  }
}
const PROT_READ = 1
const PROT_WRITE = 2
const MAP_SHARED = 1
const MAP_POPULATE = 0x8000

/**
 * Whether an epoll instance of a process watches its descriptor (kcmp, KCMP_EPOLL_TFD); undefined if that cannot be
 * learned: the process may not be looked into, is gone, or the kernel has no kcmp. Walks over what the instance watches.
 */
export function epollWatches(pid: number, epoll: number, descriptor: number): boolean | undefined {
  const number = SYS_KCMP[process.arch]
  if (number === undefined) return undefined
  epollSlot.writeUInt32LE(epoll, 0)
  epollSlot.writeUInt32LE(descriptor, 4)
  const result = Number(c.kcmp(number, pid, pid, KCMP_EPOLL_TFD, descriptor, epollSlot))
  if (result >= 0) return result === 0
  return koffi.errno() === os.constants.errno.ENOENT ? false : undefined
}
const SYS_KCMP: Partial<Record<string, number>> = { x64: 312, arm64: 272 }
const KCMP_EPOLL_TFD = 7
/** struct kcmp_epoll_slot: epoll, descriptor, and which of several files that had the number. */
const epollSlot = Buffer.alloc(12)

/** struct mmsghdr on 64-bit: name, namelen, iov, iovlen, control, controllen, flags, then msg_len. */
const MMSGHDR_BYTES = 64
const MSG_LEN_AT = 56

/** Room for several messages that are received with one system call (recvmmsg). The vectors that point at it are built once. */
export class MessageBatch {
  readonly messages: readonly Buffer[]
  readonly #vector: Buffer
  readonly #lengths: DataView
  readonly #alive: readonly Buffer[]

  constructor(count: number, bytes: number) {
    const storage = Buffer.from(new ArrayBuffer(count * bytes))
    const iovecs = Buffer.from(new ArrayBuffer(count * 16))
    this.#vector = Buffer.from(new ArrayBuffer(count * MMSGHDR_BYTES))
    this.#lengths = new DataView(this.#vector.buffer)
    // The vectors hold raw addresses: this object keeps every buffer that they point at alive.
    this.#alive = [storage, iovecs]
    const [storageAddress, iovecAddress] = [koffi.address(storage), koffi.address(iovecs)]
    this.messages = Array.from({ length: count }, (_, i) => {
      iovecs.writeBigUInt64LE(storageAddress + BigInt(i * bytes), i * 16)
      iovecs.writeBigUInt64LE(BigInt(bytes), i * 16 + 8)
      this.#vector.writeBigUInt64LE(iovecAddress + BigInt(i * 16), i * MMSGHDR_BYTES + 16)
      this.#vector.writeBigUInt64LE(1n, i * MMSGHDR_BYTES + 24)
      return storage.subarray(i * bytes, (i + 1) * bytes)
    })
  }

  /** Receives up to `count` messages that are there already, and gives how many; never waits. */
  receive(fd: number, count: number, doing: string): number {
    void this.#alive
    const most = Math.min(count, this.messages.length)
    return checked(c.recvmmsg(fd, this.#vector, most, MSG_DONTWAIT, null), 'recvmmsg', doing)
  }

  /** The length of a message that the last call has received. */
  lengthOf(message: number): number {
    return this.#lengths.getUint32(message * MMSGHDR_BYTES + MSG_LEN_AT, true)
  }
}

/**
 * A batch of datagrams of one length, sent with one system call (sendmmsg). The bytes of each packet are written in
 * place through `packets`; the vectors that point at them are built once.
 */
export class DatagramBatch {
  readonly packets: readonly Buffer[]
  readonly #vector: Buffer

  constructor(count: number, packetBytes: number, to: Buffer) {
    const storage = Buffer.from(new ArrayBuffer(count * packetBytes))
    const target = ownMemory(to)
    const iovecs = Buffer.from(new ArrayBuffer(count * 16))
    this.#vector = Buffer.from(new ArrayBuffer(count * 64))
    // The vectors hold raw addresses: this object keeps every buffer that they point at alive.
    this.#alive = [storage, target, iovecs]
    const storageAddress = koffi.address(storage)
    const iovecAddress = koffi.address(iovecs)
    const targetAddress = koffi.address(target)
    this.packets = Array.from({ length: count }, (_, i) => {
      iovecs.writeBigUInt64LE(storageAddress + BigInt(i * packetBytes), i * 16)
      iovecs.writeBigUInt64LE(BigInt(packetBytes), i * 16 + 8)
      // struct mmsghdr on 64-bit: name, namelen, iov, iovlen, control, controllen, flags, then msg_len; 64 bytes
      this.#vector.writeBigUInt64LE(targetAddress, i * 64)
      this.#vector.writeUInt32LE(target.length, i * 64 + 8)
      this.#vector.writeBigUInt64LE(iovecAddress + BigInt(i * 16), i * 64 + 16)
      this.#vector.writeBigUInt64LE(1n, i * 64 + 24)
      return storage.subarray(i * packetBytes, (i + 1) * packetBytes)
    })
  }

  readonly #alive: readonly Buffer[]

  /** Sends the first `count` packets; gives how many the kernel took, which can be fewer when its queue is full. */
  send(fd: number, count: number, doing: string): number {
    void this.#alive
    return checked(c.sendmmsg(fd, this.#vector, Math.min(count, this.packets.length), 0), 'sendmmsg', doing)
  }
}
