import { KernelError } from '../errors.ts'
import * as libc from '../libc.ts'
import { pageBytes } from '../page-size.ts'
import type { DiagRecord } from './diag-record.ts'
import { CHUNK_BYTES, FIRST_CHUNK_BYTES, NETLINK_SOCK_DIAG } from './layout.ts'
import { walkChunk } from './parse.ts'
import { SocketRecord } from './record.ts'
import { type DumpQuery, dumpRequest, type ListenerName, LOOK_BYTES, lookRequest } from './request.ts'
import { UnixRecord } from './unix-record.ts'
import { unixListenersRequest } from './unix-request.ts'

/** A dump of more than this many chunks, of which the last is the end alone, is a long one. */
const MANY_CHUNKS = 4

/** Memory of its own, which koffi hands over without a copy. */
const newChunk = (bytes: number): Buffer => Buffer.from(new ArrayBuffer(bytes))

export type Visit = (socket: SocketRecord) => void

/** How many listeners can be asked for at a time. */
export const MOST_LOOKS = 8
/** Longer than any answer to a look: a record of a listener takes some 150 bytes. */
const LOOK_ANSWER_BYTES = 4096

/** A dump that is asked again and again: its bytes are built once. */
export class PreparedDump {
  readonly bytes: Buffer
  /** The same bytes: see `DiagRecord`. */
  readonly view: DataView
  /** As errors name the sockets. */
  readonly kind: string
  constructor(query: DumpQuery) {
    this.bytes = dumpRequest(query)
    this.view = viewOf(this.bytes)
    this.kind = query.protocol === libc.IPPROTO_UDP ? 'UDP' : 'TCP'
  }
}

/** Listeners, `MOST_LOOKS` at most, that are asked for again and again by what names them: their bytes are built once. */
export class PreparedLook {
  readonly bytes: Buffer
  readonly view: DataView
  readonly count: number
  constructor(names: readonly ListenerName[]) {
    if (names.length > MOST_LOOKS)
      throw new RangeError(`${names.length} listeners are more than can be asked for at a time`)
    this.bytes = lookRequest(names)
    this.view = viewOf(this.bytes)
    this.count = names.length
  }
}

const viewed = (bytes: Buffer): { bytes: Buffer; view: DataView } => ({ bytes, view: viewOf(bytes) })
const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length)

/** Made with the first look, and shared by all sockets of a thread. */
let answers: libc.MessageBatch | undefined
/** One for each, so that none is moved from bytes to bytes. */
const lookRecords = Array.from({ length: MOST_LOOKS }, () => new SocketRecord())

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
  readonly #unixListeners = viewed(unixListenersRequest())
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
    this.#ask(request, this.#record, visit, request.kind)
  }

  /**
   * Shows every listening UNIX socket of the namespace to `visit`, in place. A socket belongs to the namespace in which it was
   * made, wherever its path can be seen. Throws a KernelError; ENOENT where the kernel has no unix_diag.
   */
  dumpUnixListeners(visit: (listener: UnixRecord) => void): void {
    this.#ask(this.#unixListeners, this.#unixRecord, visit, 'UNIX')
  }

  /**
   * Asks for some listeners by what names them, and shows them to `visit`, in place. Costs about 2 µs for each, where a dump walks
   * over the listeners of all namespaces. False if the kernel does not find one of them: it has closed, or stands in a
   * SO_REUSEPORT group (docs/kernel-facts.md#asking-for-one-socket). Throws a KernelError.
   */
  look(request: PreparedLook, visit: Visit): boolean {
    const { bytes, view, count } = request
    answers ??= new libc.MessageBatch(MOST_LOOKS, LOOK_ANSWER_BYTES)
    this.#sequence = (this.#sequence + 1) >>> 0
    for (let at = 8; at < bytes.length; at += LOOK_BYTES) view.setUint32(at, this.#sequence, true)
    libc.send(this.#fd, bytes, 0, 'Asking the kernel for some of its listeners')
    try {
      // Each request has been answered when send() returns.
      const received = answers.receive(this.#fd, count, "Receiving the kernel's listeners")
      for (let i = 0; i < received; i++)
        walkChunk(answers.messages[i]!, answers.lengthOf(i), this.#sequence, lookRecords[i]!, visit)
      return received === count
    } catch (error) {
      this.#drain()
      if (error instanceof KernelError && error.call === 'sock_diag' && error.code === 'ENOENT') return false
      throw error
    }
  }

  #ask<Record extends DiagRecord>(
    { bytes, view }: { bytes: Buffer; view: DataView },
    record: Record,
    visit: (record: Record) => void,
    kind: string,
  ): void {
    this.#sequence = (this.#sequence + 1) >>> 0
    view.setUint32(8, this.#sequence, true)
    libc.send(this.#fd, bytes, 0, `Asking the kernel for its ${kind} sockets`)
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
