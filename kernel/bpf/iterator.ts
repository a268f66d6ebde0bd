/** A walk of the kernel over things of one kind: what a program writes of each is read like a file. */
import fs from 'node:fs'
import { KernelError } from '../errors.ts'
import { close, readIfAny } from '../libc.ts'
import { Assembly, frame, helpers } from './assembler.ts'
import type { Btf } from './btf.ts'
import { CommonValue, linkIterator, loadProgram, openIterator, pin } from './system-call.ts'

/** What a walk begins at: a link that this process holds, or the path of one that somebody has pinned. */
export type WalkSource = number | string

/** Of enum tcp_state. */
export const LISTEN = 10
/** Registers in which a program at iter/tcp keeps what it is called with. */
export const context = 6
export const socket = 7

/**
 * The beginning of a program at iter/tcp (meta, socket): keeps both, and goes to `next` where the walk is over, to `end` at the first
 * socket that does not listen. `stateAt` is where a socket has its state.
 */
export const atListener = (stateAt: number): Assembly =>
  new Assembly()
    .withRegister('mov', context, 1)
    .load(8, socket, context, 8)
    .jumpIf(socket, '==', 0, 'next')
    .load(1, 1, socket, stateAt)
    .jumpIf(1, '!=', LISTEN, 'end')

/**
 * Goes on with it: `listener` is the socket as one of TCP, and its cookie is in register 0.
 */
export const withCookie = (program: Assembly, listener: number): Assembly =>
  program
    .withRegister('mov', 1, socket)
    .call(helpers.skcToTcpSock)
    .jumpIf(0, '==', 0, 'next')
    .withRegister('mov', listener, 0)
    .withRegister('mov', 1, socket)
    .call(helpers.getSocketCookie)

/** Hands a record of so many bytes, which stands on the stack from `at`, to whoever reads the walk: 0 in register 0 if there was room. */
export const written = (program: Assembly, at: number, bytes: number): Assembly =>
  program
    .load(8, 1, context, 0)
    .load(8, 1, 1, 0)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, at)
    .withConstant('mov', 3, bytes)
    .call(helpers.seqWrite)

/**
 * What is where in the memory that a program at iter/tcp and its reader have in common. A program can end a walk, but the kernel then throws
 * away what was written of the last socket; so it leaves that here, `left` records of it, for a reader who has given it a `goal`, which is
 * all 0 for one who wants the whole walk. What `seen` counts the program knows.
 */
export const common = { left: 0, seen: 4, goal: 8, records: 16 } as const

/** Copies a record, which stands on the stack from `at`, to `to` + `offset`. */
export function leave(program: Assembly, at: number, bytes: number, to: number, offset: number): Assembly {
  for (let word = 0; word < bytes; word += 8) program.load(8, 3, frame, at + word).store(8, to, offset + word, 3)
  return program
}

/** What the kernel must have for `what` to be read. Throws a KernelError where it has not. */
export function need<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value
  throw new KernelError('bpf', 'ENOENT', 'Preparing exact readings', `This kernel has no ${what}`)
}

/** Is told in which bytes a record is, and where it begins; `words` are the same bytes as numbers of 32 bits, quicker to read. */
type TakeRecord = (bytes: Buffer, at: number, words: Uint32Array) => void

/** Where records are read. */
export class Records {
  readonly bytes: Buffer
  readonly words: Uint32Array

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  }
}

/** How much is read at once. */
const ROOM = 64 * 1024

/** A program at iter/tcp. */
export interface WalkProgram {
  name: string
  /** Of each record. */
  recordBytes: number
  /** How many it leaves at most when it ends a walk at its goal. */
  mostLeft: number
  /** `memory` is what it has in common with the reader: see `common`. */
  code(btf: Btf, memory: CommonValue): Buffer
}

/** A program in the kernel that tells of each listening socket of a namespace, loaded by this process or pinned by another. */
export class ListenerWalk {
  readonly #recordBytes: number
  readonly #room = new Records(Buffer.alloc(ROOM))
  readonly #descriptors: number[] = []
  readonly #source: WalkSource
  /** Undefined where somebody else has loaded the program: nobody gives that one a goal. */
  readonly #memory: CommonValue | undefined
  #left: Records | undefined

  /**
   * Loads the program, or reads through the file of one that was pinned. Loading takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN,
   * outside of any user namespace; reading takes nothing since Linux 6.0, and a pinned one no more than the permission to read its
   * file. Throws a KernelError that says what this kernel lacks or refuses.
   */
  constructor(source: Btf | string, { name, recordBytes, mostLeft, code }: WalkProgram) {
    this.#recordBytes = recordBytes
    if (typeof source === 'string') {
      this.#source = source
      return
    }
    try {
      const target = need(source.func('bpf_iter_tcp'), 'BPF iterator over TCP sockets (Linux 5.9)')
      this.#memory = new CommonValue(name, common.records + mostLeft * recordBytes)
      this.#left = new Records(this.#memory.bytes)
      const program = this.#keep(loadProgram(name, code(source, this.#memory), { kind: 'iterator', target }))
      this.#source = this.#keep(linkIterator(program))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Every record of the listeners of the calling thread's network namespace: `take` is told in which bytes it is, and where. The kernel
   * locks each socket while it is looked at, and stops at the first that does not listen: if there is none, it walks over its whole
   * table of connections. With a goal, the halves of 64 bits, the program ends the walk there: true if it has left a record there.
   */
  read(take: TakeRecord, goalLow = 0, goalHigh = 0): boolean {
    const left = this.#left
    if (left === undefined) {
      walk(this.#source, this.#room, this.#recordBytes, take)
      return false
    }
    aim(left, goalLow, goalHigh)
    walk(this.#source, this.#room, this.#recordBytes, take, left)
    const count = left.words[common.left >> 2]!
    for (let record = 0; record < count; record++)
      take(left.bytes, common.records + record * this.#recordBytes, left.words)
    return count > 0
  }

  /** Leaves the loaded program in a file of a bpffs, through which it is read after this process has ended too. */
  pin(path: string): void {
    // Whoever reads it so can give it no goal.
    if (this.#left !== undefined) aim(this.#left, 0, 0)
    if (typeof this.#source === 'number') pin(this.#source, path)
  }

  /** Why what somebody else has pinned is not to be read any more; undefined as long as it is. Some microseconds. */
  get gone(): KernelError | undefined {
    if (typeof this.#source === 'number') return undefined
    try {
      fs.accessSync(this.#source, fs.constants.R_OK)
      return undefined
    } catch (error) {
      return unreadable(this.#source, error)
    }
  }

  #keep(descriptor: number): number {
    this.#descriptors.push(descriptor)
    return descriptor
  }

  /** Takes the program out of the kernel. */
  close(): void {
    for (const descriptor of this.#descriptors.splice(0).reverse()) close(descriptor)
    this.#left = undefined
    this.#memory?.close()
  }
}

function aim({ words }: Records, low: number, high: number): void {
  words[common.left >> 2] = 0
  words[common.seen >> 2] = 0
  words[common.goal >> 2] = low
  words[(common.goal >> 2) + 1] = high
}

/**
 * Walks in the network namespace of the calling thread, and has every record read into `records`. Of a link that takes bpf(2); of a path
 * that this user may read it takes no privilege at all. `left` is what tells whether the program has ended the walk: see `common`.
 */
export function walk(
  source: WalkSource,
  { bytes: buffer, words }: Records,
  recordBytes: number,
  take: TakeRecord,
  left?: Records,
): void {
  const isPinned = typeof source === 'string'
  const descriptor = isPinned ? openPinned(source) : openIterator(source)
  try {
    // The kernel hands out what it has, which may end within a record where its pages are large.
    for (let held = 0; ; ) {
      // It has none to give where the program has ended the walk.
      const bytes = readIfAny(
        descriptor,
        held === 0 ? buffer : buffer.subarray(held),
        'Reading what a BPF iterator tells',
      )
      if (bytes === undefined || bytes === 0) return
      const isAll = bytes < buffer.length - held
      held += bytes
      let at = 0
      for (; at + recordBytes <= held; at += recordBytes) take(buffer, at, words)
      if (isAll && left !== undefined && left.words[common.left >> 2]! > 0) return
      if (at < held) buffer.copyWithin(0, at, held)
      held -= at
    }
  } finally {
    // Node keeps count of what it has opened itself.
    if (isPinned) fs.closeSync(descriptor)
    else close(descriptor)
  }
}

function openPinned(path: string): number {
  try {
    return fs.openSync(path, 'r')
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): KernelError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
  const remedy = code === 'ENOENT' ? 'It is not installed any more' : 'This user may not read it any more'
  return new KernelError('open', code, `Reading ${path}`, remedy)
}
