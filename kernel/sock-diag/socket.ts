import { KernelError } from '../errors.ts'
import * as libc from '../libc.ts'
import { pageBytes } from '../page-size.ts'
import { CHUNK_BYTES, FIRST_CHUNK_BYTES, NETLINK_SOCK_DIAG } from './layout.ts'
import { type DiagRecord, walkChunk } from './parse.ts'
import { SocketRecord } from './record.ts'
import { type DumpQuery, dumpRequest } from './request.ts'
import { UnixRecord } from './unix-record.ts'
import { unixListenersRequest } from './unix-request.ts'

/** A dump of more than this many chunks, of which the last is the end alone, is a long one. */
const MANY_CHUNKS = 4

/** Memory of its own, which koffi hands over without a copy. */
const newChunk = (bytes: number): Buffer => Buffer.from(new ArrayBuffer(bytes))

export type Visit = (socket: SocketRecord) => void

/** A dump that is asked again and again: its bytes are built once. */
export class PreparedDump {
  readonly bytes: Buffer
  /** As errors name the sockets. */
  readonly kind: string
  constructor(query: DumpQuery) {
    this.bytes = dumpRequest(query)
    this.kind = query.protocol === libc.IPPROTO_UDP ? 'UDP' : 'TCP'
  }
}

/**
 * A netlink socket that asks the kernel for its TCP, UDP and UNIX sockets. It belongs to the network namespace in which the calling
 * thread made it, for good, and keeps that namespace alive until it is closed. Calls block for as long as the kernel
 * needs, about 20 µs for listeners; use it from a thread that may wait.
 */
export class SockDiag {
  readonly #fd: number
  /** Grows with the first dump that needs many, and never shrinks: see `CHUNK_BYTES`. */
  #chunk = newChunk(Math.min(pageBytes(), FIRST_CHUNK_BYTES))
  readonly #record = new SocketRecord()
  readonly #unixRecord = new UnixRecord()
  readonly #unixListeners = unixListenersRequest()
  #sequence = 0
  #open = true

  /** Opens the socket in the calling thread's network namespace. Needs no privilege. */
  constructor() {
    this.#fd = libc.socket(
      libc.AF_NETLINK,
      libc.SOCK_RAW | libc.SOCK_CLOEXEC,
      NETLINK_SOCK_DIAG,
      'Opening the socket diagnostics interface',
    )
  }

  /**
   * Asks and shows every socket to `visit`, in place. Sockets that come or go between two chunks may be missed or seen
   * twice: inet_diag does not say when that happened. Throws a KernelError.
   */
  dump(request: PreparedDump, visit: Visit): void {
    this.#ask(request.bytes, this.#record, visit, request.kind)
  }

  /**
   * Shows every listening UNIX socket of the namespace to `visit`, in place. A socket belongs to the namespace in which it was
   * made, wherever its path can be seen. Throws a KernelError; ENOENT where the kernel has no unix_diag.
   */
  dumpUnixListeners(visit: (listener: UnixRecord) => void): void {
    this.#ask(this.#unixListeners, this.#unixRecord, visit, 'UNIX')
  }

  #ask<Record extends DiagRecord>(
    request: Buffer,
    record: Record,
    visit: (record: Record) => void,
    kind: string,
  ): void {
    this.#sequence = (this.#sequence + 1) >>> 0
    request.writeUInt32LE(this.#sequence, 8)
    libc.send(this.#fd, request, 0, `Asking the kernel for its ${kind} sockets`)
    try {
      let done = false
      for (let chunks = 0; !done; chunks++) {
        if (chunks === MANY_CHUNKS && this.#chunk.length < CHUNK_BYTES) this.#chunk = newChunk(CHUNK_BYTES)
        const length = libc.recv(this.#fd, this.#chunk, 0, `Receiving the kernel's ${kind} sockets`)
        done = walkChunk(this.#chunk, length, this.#sequence, record, visit, kind)
      }
    } catch (error) {
      this.#drain()
      throw error
    }
  }

  /** Takes what is left of an abandoned dump: until it is gone the kernel answers every other one with EBUSY. */
  #drain(): void {
    try {
      while (libc.recv(this.#fd, this.#chunk, libc.MSG_DONTWAIT, 'Abandoning a dump') > 0);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error // EAGAIN: nothing is left
    }
  }

  /** The name of the network device with this index, in the namespace of this socket; undefined if there is none. */
  deviceName(index: number): string | undefined {
    return libc.deviceName(this.#fd, index)
  }

  /** Closes the socket and lets go of its namespace. */
  close(): void {
    if (this.#open) libc.close(this.#fd)
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
