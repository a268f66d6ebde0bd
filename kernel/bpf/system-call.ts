/** bpf(2), as far as it is used here. Descriptors close on exec, and what they stand for ends with the last of them. */
import { KernelError } from '../errors.ts'
import { addressOf, bpf, bpfIfAny, close, ownMemory, SharedMemory } from '../libc.ts'

const commands = {
  mapCreate: 0,
  mapDelete: 3,
  progLoad: 5,
  objectPin: 6,
  rawTracepointOpen: 17,
  mapLookupBatch: 24,
  linkCreate: 28,
  iterCreate: 33,
} as const
/** Types of programs, and where those of the second are attached. */
const PROG_TYPE_RAW_TRACEPOINT = 17
const PROG_TYPE_TRACING = 26
const attachTypes = { tracepoint: 23, iterator: 28 } as const
const LOG_BYTES = 1 << 20
/** Helpers that take sockets are for GPL-compatible programs; this says that ours may be had under either licence. */
const LICENCE = 'Dual MIT/GPL'

/**
 * What a program is to be run for: a type of the kernel's own types (BTF) says which of its kind. One at a `raw tracepoint` gets the
 * arguments as plain numbers, so that it may read every one of them; which tracepoint is said when it is attached.
 */
export type Attachment = { kind: keyof typeof attachTypes; target: number } | { kind: 'raw tracepoint' }

/**
 * Loads a program that the kernel runs once for each thing that it walks over (`iterator`), or each time that it comes by a
 * place in its code (`tracepoint`). One that the kernel refuses becomes a KernelError with the last lines of what its verifier says.
 */
export function loadProgram(name: string, code: Buffer, attachment: Attachment): number {
  const instructions = ownMemory(code)
  const licence = ownMemory(Buffer.from(`${LICENCE}\0`))
  const load = (log?: Buffer): number => {
    const attributes = Buffer.alloc(120)
    const isRaw = attachment.kind === 'raw tracepoint'
    attributes.writeUInt32LE(isRaw ? PROG_TYPE_RAW_TRACEPOINT : PROG_TYPE_TRACING, 0)
    attributes.writeUInt32LE(instructions.length / 8, 4)
    attributes.writeBigUInt64LE(addressOf(instructions), 8)
    attributes.writeBigUInt64LE(addressOf(licence), 16)
    if (log !== undefined) {
      attributes.writeUInt32LE(1, 24)
      attributes.writeUInt32LE(log.length, 28)
      attributes.writeBigUInt64LE(addressOf(log), 32)
    }
    attributes.write(name.slice(0, 15), 48, 'latin1')
    if (attachment.kind !== 'raw tracepoint') {
      attributes.writeUInt32LE(attachTypes[attachment.kind], 68)
      attributes.writeUInt32LE(attachment.target, 108)
    }
    return bpf(commands.progLoad, attributes, [instructions, licence, log], `Loading the BPF program ${name}`)
  }
  try {
    return load()
  } catch (error) {
    if (!(error instanceof KernelError) || error.code === 'EPERM') throw error
    const log = ownMemory(Buffer.alloc(LOG_BYTES))
    try {
      return load(log)
    } catch {
      throw new KernelError('bpf', error.code, error.doing, saidBy(log))
    }
  }
}

function saidBy(log: Buffer): string | undefined {
  const lines = log.toString('latin1', 0, log.indexOf(0)).trimEnd().split('\n')
  const said = lines.filter((line) => line !== '' && !/^(processed|verification time|stack depth)/.test(line)).slice(-2)
  return said.length === 0 ? undefined : `Its verifier says: ${said.join('; ')}`
}

/** Links an iterator to all that there is of its kind. */
export function linkIterator(program: number): number {
  const attributes = Buffer.alloc(32)
  attributes.writeUInt32LE(program, 0)
  attributes.writeUInt32LE(attachTypes.iterator, 8)
  return bpf(commands.linkCreate, attributes, [], 'Linking a BPF iterator')
}

/** Begins a walk in the network namespace of the calling thread: what the program writes is read from the descriptor, to the end. */
export function openIterator(link: number): number {
  toOpen.writeUInt32LE(link, 0)
  return bpf(commands.iterCreate, toOpen, nothingPointedAt, 'Opening a BPF iterator')
}
const toOpen = Buffer.alloc(8)
const nothingPointedAt: readonly Buffer[] = []

/**
 * Has the kernel run a program at its tracepoint, in all network namespaces, until the descriptor that this gives is closed. `raw`
 * names the tracepoint of a program that does not know it.
 */
export function attachTracepoint(program: number, raw?: string): number {
  const name = raw === undefined ? undefined : ownMemory(Buffer.from(`${raw}\0`))
  const attributes = Buffer.alloc(16)
  if (name !== undefined) attributes.writeBigUInt64LE(addressOf(name), 0)
  attributes.writeUInt32LE(program, 8)
  return bpf(commands.rawTracepointOpen, attributes, [name], 'Attaching a BPF program to a tracepoint')
}

/**
 * Leaves what a descriptor stands for in a file of a bpffs (mode 0600), and so in the kernel until that is deleted. A walk that is
 * linked so begins when its file is opened: that takes no bpf(2).
 */
export function pin(descriptor: number, path: string): void {
  const name = ownMemory(Buffer.from(`${path}\0`))
  const attributes = Buffer.alloc(16)
  attributes.writeBigUInt64LE(addressOf(name), 0)
  attributes.writeUInt32LE(descriptor, 8)
  bpf(commands.objectPin, attributes, [name], `Pinning ${path}`)
}

/** Of `latest` the kernel gives up what was used least when there is no room. */
const mapTypes = { hash: 1, array: 2, latest: 9 } as const

function makeMap(
  name: string,
  type: keyof typeof mapTypes,
  {
    keyBytes,
    valueBytes,
    entries,
    flags = 0,
  }: { keyBytes: number; valueBytes: number; entries: number; flags?: number },
): number {
  const attributes = Buffer.alloc(48)
  attributes.writeUInt32LE(mapTypes[type], 0)
  attributes.writeUInt32LE(keyBytes, 4)
  attributes.writeUInt32LE(valueBytes, 8)
  attributes.writeUInt32LE(entries, 12)
  attributes.writeUInt32LE(flags, 16)
  attributes.write(name.slice(0, 15), 28, 'latin1')
  return bpf(commands.mapCreate, attributes, [], `Making the BPF map ${name}`)
}

const MMAPABLE = 1 << 10

/** An array of one value, in memory that programs and this process have in common: no system call reads or writes it (Linux 5.5). */
export class CommonValue {
  readonly descriptor: number
  #memory: SharedMemory | undefined
  #bytes: Buffer
  #words: Uint32Array

  constructor(name: string, bytes: number) {
    this.descriptor = makeMap(name, 'array', { keyBytes: 4, valueBytes: bytes, entries: 1, flags: MMAPABLE })
    try {
      this.#memory = new SharedMemory(this.descriptor, bytes, 0, `Mapping the BPF map ${name}`)
      this.#bytes = this.#memory.bytes
      this.#words = wordsOf(this.#bytes)
    } catch (error) {
      close(this.descriptor)
      throw error
    }
  }

  /** The value itself; once this is closed, the place where it was. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** The same as numbers of 32 bits: each is read and written at once, whatever a program does meanwhile. */
  get words(): Uint32Array {
    return this.#words
  }

  /** A program that uses it, or a file in which that is pinned, keeps it in the kernel. */
  close(): void {
    if (this.#memory === undefined) return
    this.#bytes = Buffer.alloc(this.#bytes.length)
    this.#words = new Uint32Array(this.#words.length)
    this.#memory.close()
    this.#memory = undefined
    close(this.descriptor)
  }
}

const wordsOf = ({ buffer, byteOffset, length }: Buffer): Uint32Array =>
  new Uint32Array(buffer, byteOffset, Math.floor(length / 4))

/** A table that programs and this process share. */
export class BpfMap {
  readonly descriptor: number
  readonly #keyBytes: number
  readonly #valueBytes: number
  readonly #keys: Buffer
  readonly #keyWords: Uint32Array
  readonly #valueWords: Uint32Array
  /** Where a walk has come to. */
  readonly #place = ownMemory(Buffer.alloc(8))
  readonly #memory: readonly Buffer[]
  /** Of commands for one key, and for all: made once. */
  readonly #ofOne = Buffer.alloc(16)
  readonly #ofAll = Buffer.alloc(56)

  constructor(name: string, type: keyof typeof mapTypes, keyBytes: number, valueBytes: number, entries: number) {
    this.#keyBytes = keyBytes
    this.#valueBytes = valueBytes
    this.#keys = ownMemory(Buffer.alloc(keyBytes * entries))
    const values = ownMemory(Buffer.alloc(valueBytes * entries))
    this.#keyWords = new Uint32Array(this.#keys.buffer)
    this.#valueWords = new Uint32Array(values.buffer)
    this.#memory = [this.#place, this.#keys, values]
    this.descriptor = makeMap(name, type, { keyBytes, valueBytes, entries })
    this.#ofOne.writeUInt32LE(this.descriptor, 0)
    this.#ofOne.writeBigUInt64LE(addressOf(this.#keys), 8)
    this.#ofAll.writeBigUInt64LE(addressOf(this.#place), 8)
    this.#ofAll.writeBigUInt64LE(addressOf(this.#keys), 16)
    this.#ofAll.writeBigUInt64LE(addressOf(values), 24)
    this.#ofAll.writeUInt32LE(this.descriptor, 36)
  }

  /** Takes a key out, if it is there. */
  delete(key: Buffer): void {
    key.copy(this.#keys)
    bpfIfAny(commands.mapDelete, this.#ofOne, this.#memory, 'Deleting from a BPF map')
  }

  /**
   * All keys and values, in one system call (Linux 5.6), as numbers of 32 bits, and at which byte each begins. The memory is used again.
   */
  read(visit: (keys: Uint32Array, keyAt: number, values: Uint32Array, valueAt: number) => void): void {
    this.#ofAll.writeUInt32LE(this.#keys.length / this.#keyBytes, AT_COUNT)
    // Where it finds no more it has come to the end.
    bpfIfAny(commands.mapLookupBatch, this.#ofAll, this.#memory, 'Reading a BPF map')
    const count = this.#ofAll.readUInt32LE(AT_COUNT)
    const [keys, values] = [this.#keyWords, this.#valueWords]
    for (let at = 0; at < count; at++) visit(keys, at * this.#keyBytes, values, at * this.#valueBytes)
  }
}
const AT_COUNT = 32
