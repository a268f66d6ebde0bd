/**
 * The kernel's own description of its types (BTF): where a field is, by the names in the source. Nothing of the 5 MB but
 * what is asked for is decoded. The format: Documentation/bpf/btf.rst of the kernel.
 */
import fs from 'node:fs'
import { KernelError } from '../errors.ts'

/** Where the kernel describes itself, since 5.4 if it was built with CONFIG_DEBUG_INFO_BTF. */
export const VMLINUX = '/sys/kernel/btf/vmlinux'

const MAGIC = 0xeb9f
const kinds = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  dataSection: 15,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const

/** Bytes that follow the 12 of every type: as many for each, and for each of its members. */
const extra: Record<number, { fixed: number; each: number }> = {
  [kinds.int]: { fixed: 4, each: 0 },
  [kinds.array]: { fixed: 12, each: 0 },
  [kinds.struct]: { fixed: 0, each: 12 },
  [kinds.union]: { fixed: 0, each: 12 },
  [kinds.enum]: { fixed: 0, each: 8 },
  [kinds.funcProto]: { fixed: 0, each: 8 },
  [kinds.var]: { fixed: 4, each: 0 },
  [kinds.dataSection]: { fixed: 0, each: 12 },
  [kinds.declTag]: { fixed: 4, each: 0 },
  [kinds.enum64]: { fixed: 0, each: 12 },
}
/** Names for the same thing: what they mean is one step away. */
const aliases = new Set<number>([kinds.typedef, kinds.volatile, kinds.const, kinds.restrict, kinds.typeTag])

/** Where a field is within its structure, in bytes. */
export interface Field {
  offset: number
  size: number
}

/** The types of one kernel. */
export class Btf {
  readonly #data: Buffer
  /** Offset of each type; ids begin at 1. */
  readonly #offsets: number[] = [0]
  readonly #stringsAt: number
  readonly #stringsEnd: number
  readonly #byName = new Map<number, number[]>()

  /** Throws a KernelError if that is not BTF. */
  constructor(data: Buffer) {
    if (data.length < 24 || data.readUInt16LE(0) !== MAGIC)
      throw new KernelError('btf', 'EBADMSG', "Reading the kernel's types", 'It is not BTF of this byte order')
    const header = data.readUInt32LE(4)
    this.#data = data
    this.#stringsAt = header + data.readUInt32LE(16)
    this.#stringsEnd = this.#stringsAt + data.readUInt32LE(20)
    const end = header + data.readUInt32LE(8) + data.readUInt32LE(12)
    for (let at = header + data.readUInt32LE(8); at < end; ) {
      const name = data.readUInt32LE(at)
      if (name !== 0) {
        const named = this.#byName.get(name)
        if (named === undefined) this.#byName.set(name, [this.#offsets.length])
        else named.push(this.#offsets.length)
      }
      this.#offsets.push(at)
      const { fixed, each } = extra[this.#kindAt(at)] ?? { fixed: 0, each: 0 }
      at += 12 + fixed + each * (data.readUInt32LE(at + 4) & 0xffff)
    }
  }

  /** The running kernel's. Throws a KernelError that says so if it has none. */
  static ofKernel(path = VMLINUX): Btf {
    try {
      return new Btf(fs.readFileSync(path))
    } catch (error) {
      if (error instanceof KernelError) throw error
      throw new KernelError(
        'open',
        'ENOENT',
        `Reading ${path}`,
        'This kernel does not describe its types: it is older than 5.4, or was built without CONFIG_DEBUG_INFO_BTF',
      )
    }
  }

  /** Number of a function's type; undefined if it does not exist, for example because it was inlined everywhere. */
  func(name: string): number | undefined {
    return this.#find(name, kinds.func)
  }

  typedef(name: string): number | undefined {
    return this.#find(name, kinds.typedef)
  }

  struct(name: string): number | undefined {
    return this.#find(name, kinds.struct)
  }

  /** How many arguments a tracepoint of that name hands to a program; undefined if there is none. */
  tracepointArguments(name: string): number | undefined {
    const typedef = this.typedef(`btf_trace_${name}`)
    if (typedef === undefined) return undefined
    const pointer = this.#reference(typedef)
    const proto = this.#reference(pointer)
    // The first is the tracepoint's own data, which programs do not see.
    return (this.#data.readUInt32LE(this.#at(proto) + 4) & 0xffff) - 1
  }

  /** The value of a name in an enumeration; undefined if the kernel has no such name. */
  enumValue(enumeration: string, name: string): number | undefined {
    const id = this.#find(enumeration, kinds.enum)
    if (id === undefined) return undefined
    const at = this.#at(id)
    const count = this.#data.readUInt32LE(at + 4) & 0xffff
    for (let member = at + 12; member < at + 12 + 8 * count; member += 8)
      if (this.#nameIs(this.#data.readUInt32LE(member), name)) return this.#data.readInt32LE(member + 4)
    return undefined
  }

  /** The field at the end of `path`, e.g. `inet_conn.icsk_accept_queue.qlen`, in a structure. Undefined if there is none. */
  field(structure: string, path: string): Field | undefined {
    let type = this.struct(structure)
    let offset = 0
    for (const name of path.split('.')) {
      const found = type === undefined ? undefined : this.#member(type, name)
      if (found === undefined) return undefined
      offset += found.offset
      type = found.type
    }
    return type === undefined ? undefined : { offset, size: this.#sizeOf(type) }
  }

  #member(type: number, name: string): { offset: number; type: number } | undefined {
    const at = this.#at(this.#meaning(type))
    const info = this.#data.readUInt32LE(at + 4)
    const kind = this.#kindAt(at)
    if (kind !== kinds.struct && kind !== kinds.union) return undefined
    const hasBitFields = info >>> 31 === 1
    for (let member = at + 12; member < at + 12 + 12 * (info & 0xffff); member += 12) {
      const memberName = this.#data.readUInt32LE(member)
      const memberType = this.#data.readUInt32LE(member + 4)
      const bits = this.#data.readUInt32LE(member + 8)
      const offset = (hasBitFields ? bits & 0xffffff : bits) / 8
      if (memberName === 0) {
        const inner = this.#member(memberType, name)
        if (inner !== undefined) return { offset: offset + inner.offset, type: inner.type }
      } else if (this.#nameIs(memberName, name)) return { offset, type: memberType }
    }
    return undefined
  }

  #sizeOf(type: number): number {
    const id = this.#meaning(type)
    const at = this.#at(id)
    if (this.#kindAt(at) === kinds.pointer) return 8
    if (this.#kindAt(at) === kinds.array)
      return this.#sizeOf(this.#data.readUInt32LE(at + 12)) * this.#data.readUInt32LE(at + 20)
    return this.#data.readUInt32LE(at + 8)
  }

  #find(name: string, kind: number): number | undefined {
    const string = this.#stringsFrom(name)
    for (const at of string) {
      const id = this.#byName.get(at)?.find((candidate) => this.#kindAt(this.#at(candidate)) === kind)
      if (id !== undefined) return id
    }
    return undefined
  }

  /** Where a name stands among the strings. The kernel's linker keeps each once. */
  *#stringsFrom(name: string): Iterable<number> {
    const searched = Buffer.from(`\0${name}\0`)
    for (let at = this.#stringsAt; ; at++) {
      at = this.#data.indexOf(searched, at)
      if (at < 0 || at >= this.#stringsEnd) return
      yield at + 1 - this.#stringsAt
    }
  }

  #nameIs(at: number, name: string): boolean {
    const from = this.#stringsAt + at
    return this.#data[from + name.length] === 0 && this.#data.toString('latin1', from, from + name.length) === name
  }

  #meaning(type: number): number {
    let id = type
    while (aliases.has(this.#kindAt(this.#at(id)))) id = this.#reference(id)
    return id
  }

  #reference(id: number): number {
    return this.#data.readUInt32LE(this.#at(id) + 8)
  }

  #at(id: number): number {
    const at = this.#offsets[id]
    if (at === undefined || id === 0)
      throw new KernelError('btf', 'EBADMSG', "Reading the kernel's types", `It has no type ${id}`)
    return at
  }

  #kindAt(at: number): number {
    return (this.#data.readUInt32LE(at + 4) >>> 24) & 0x1f
  }
}
