/** bpf(2), as far as it is used here. Descriptors close on exec, and what they stand for ends with the last of them. */
import { KernelError } from '../errors.ts'
import { addressOf, bpf, ownMemory } from '../libc.ts'

const commands = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
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
  const attributes = Buffer.alloc(8)
  attributes.writeUInt32LE(link, 0)
  return bpf(commands.iterCreate, attributes, [], 'Opening a BPF iterator')
}

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

/** A table that programs and this process share. */
export class BpfMap {
  readonly descriptor: number
  readonly #keyBytes: number
  readonly #valueBytes: number
  readonly #keys: Buffer
  readonly #values: Buffer
  /** Where a walk has come to. */
  readonly #place = ownMemory(Buffer.alloc(8))

  constructor(name: string, type: keyof typeof mapTypes, keyBytes: number, valueBytes: number, entries: number) {
    this.#keyBytes = keyBytes
    this.#valueBytes = valueBytes
    this.#keys = ownMemory(Buffer.alloc(keyBytes * entries))
    this.#values = ownMemory(Buffer.alloc(valueBytes * entries))
    const attributes = Buffer.alloc(48)
    attributes.writeUInt32LE(mapTypes[type], 0)
    attributes.writeUInt32LE(keyBytes, 4)
    attributes.writeUInt32LE(valueBytes, 8)
    attributes.writeUInt32LE(entries, 12)
    attributes.write(name.slice(0, 15), 28, 'latin1')
    this.descriptor = bpf(commands.mapCreate, attributes, [], `Making the BPF map ${name}`)
  }

  /** The value of a key, in a buffer that the next call uses again; undefined if there is none. */
  get(key: Buffer): Buffer | undefined {
    key.copy(this.#keys)
    try {
      this.#element(commands.mapLookup, 'Reading a BPF map', this.#values)
    } catch (error) {
      if (error instanceof KernelError && error.code === 'ENOENT') return undefined
      throw error
    }
    return this.#values.subarray(0, this.#valueBytes)
  }

  set(key: Buffer, value: Buffer): void {
    key.copy(this.#keys)
    value.copy(this.#values)
    this.#element(commands.mapUpdate, 'Writing a BPF map', this.#values)
  }

  /** Takes a key out, if it is there. */
  delete(key: Buffer): void {
    key.copy(this.#keys)
    try {
      this.#element(commands.mapDelete, 'Deleting from a BPF map')
    } catch (error) {
      if (!(error instanceof KernelError && error.code === 'ENOENT')) throw error
    }
  }

  /** All keys and values, in one system call (Linux 5.6). The buffers are used again. */
  read(visit: (keys: Buffer, keyAt: number, values: Buffer, valueAt: number) => void): void {
    const attributes = Buffer.alloc(56)
    attributes.writeBigUInt64LE(addressOf(this.#place), 8)
    attributes.writeBigUInt64LE(addressOf(this.#keys), 16)
    attributes.writeBigUInt64LE(addressOf(this.#values), 24)
    attributes.writeUInt32LE(this.#keys.length / this.#keyBytes, 32)
    attributes.writeUInt32LE(this.descriptor, 36)
    try {
      bpf(commands.mapLookupBatch, attributes, [this.#place, this.#keys, this.#values], 'Reading a BPF map')
    } catch (error) {
      // It has come to the end.
      if (!(error instanceof KernelError && error.code === 'ENOENT')) throw error
    }
    const count = attributes.readUInt32LE(32)
    for (let at = 0; at < count; at++) visit(this.#keys, at * this.#keyBytes, this.#values, at * this.#valueBytes)
  }

  #element(command: number, doing: string, values?: Buffer): void {
    const attributes = Buffer.alloc(32)
    attributes.writeUInt32LE(this.descriptor, 0)
    attributes.writeBigUInt64LE(addressOf(this.#keys), 8)
    if (values !== undefined) attributes.writeBigUInt64LE(addressOf(values), 16)
    bpf(command, attributes, [this.#keys, values], doing)
  }
}
