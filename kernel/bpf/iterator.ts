/** A walk of the kernel over things of one kind: what a program writes of each is read like a file. */
import fs from 'node:fs'
import { KernelError } from '../errors.ts'
import { close } from '../libc.ts'
import { Assembly, frame, helpers } from './assembler.ts'
import type { Btf } from './btf.ts'
import { linkIterator, loadProgram, openIterator, pin } from './system-call.ts'

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

/** Hands a record of so many bytes, which stands on the stack from `at`, to whoever reads the walk. */
export const written = (program: Assembly, at: number, bytes: number): Assembly =>
  program
    .load(8, 1, context, 0)
    .load(8, 1, 1, 0)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, at)
    .withConstant('mov', 3, bytes)
    .call(helpers.seqWrite)

/** What the kernel must have for `what` to be read. Throws a KernelError where it has not. */
export function need<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value
  throw new KernelError('bpf', 'ENOENT', 'Preparing exact readings', `This kernel has no ${what}`)
}

/** A program in the kernel that tells of each listening socket of a namespace, loaded by this process or pinned by another. */
export class ListenerWalk {
  /** Where each record is read. */
  readonly buffer: Buffer = Buffer.alloc(64 * 1024)
  readonly #descriptors: number[] = []
  readonly #source: WalkSource

  /**
   * Loads what `code` gives, or reads through the file of one that was pinned. Loading takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN,
   * outside of any user namespace; reading takes nothing since Linux 6.0, and a pinned one no more than the permission to read its
   * file. Throws a KernelError that says what this kernel lacks or refuses.
   */
  constructor(name: string, source: Btf | string, code: (btf: Btf) => Buffer) {
    if (typeof source === 'string') {
      this.#source = source
      return
    }
    try {
      const target = need(source.func('bpf_iter_tcp'), 'BPF iterator over TCP sockets (Linux 5.9)')
      const program = this.#keep(loadProgram(name, code(source), { kind: 'iterator', target }))
      this.#source = this.#keep(linkIterator(program))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Every record of the listeners of the calling thread's network namespace: `take` is told where in `buffer` it begins. The kernel
   * locks each socket while it is looked at, and stops at the first that does not listen: if there is none, it walks over its whole
   * table of connections.
   */
  read(recordBytes: number, take: (at: number) => void): void {
    walk(this.#source, this.buffer, recordBytes, take)
  }

  /** Leaves the loaded program in a file of a bpffs, through which it is read after this process has ended too. */
  pin(path: string): void {
    if (typeof this.#source === 'number') pin(this.#source, path)
  }

  #keep(descriptor: number): number {
    this.#descriptors.push(descriptor)
    return descriptor
  }

  /** Takes the program out of the kernel. */
  close(): void {
    for (const descriptor of this.#descriptors.splice(0).reverse()) close(descriptor)
  }
}

/**
 * Walks in the network namespace of the calling thread, and has every record read from `buffer`, where `take` is told that it
 * begins. Of a link that takes bpf(2); of a path that this user may read it takes no privilege at all.
 */
export function walk(source: WalkSource, buffer: Buffer, recordBytes: number, take: (at: number) => void): void {
  const isPinned = typeof source === 'string'
  const descriptor = isPinned ? openPinned(source) : openIterator(source)
  try {
    // The kernel hands out what it has, which may end within a record where its pages are large.
    for (let held = 0; ; ) {
      const bytes = readSome(descriptor, buffer, held)
      if (bytes === 0) return
      held += bytes
      let at = 0
      for (; at + recordBytes <= held; at += recordBytes) take(at)
      buffer.copyWithin(0, at, held)
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
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
    const remedy = code === 'ENOENT' ? 'It is not installed any more' : 'This user may not read it any more'
    throw new KernelError('open', code, `Reading ${path}`, remedy)
  }
}

/** 0 at the end, which is also where the program has stopped the walk. */
function readSome(descriptor: number, into: Buffer, from: number): number {
  try {
    return fs.readSync(descriptor, into, from, into.length - from, null)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}
