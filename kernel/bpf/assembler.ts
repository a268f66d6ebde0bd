/**
 * Writes BPF programs, an instruction a line. A register is its number: 0 gives results, 1 to 5 are arguments of calls,
 * which destroy them, 6 to 9 survive calls, 10 is the frame. The encoding: Documentation/bpf/standardization of the kernel.
 */

/** Functions of the kernel that a program may call, by their number in include/uapi/linux/bpf.h. */
export const helpers = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  ktimeGetNs: 5,
  getSocketCookie: 46,
  seqWrite: 127,
  skcToTcpSock: 137,
} as const

/** Where the frame ends: locals are below it, at negative offsets down to -512. */
export const frame = 10

const loads = { 1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79 } as const
const stores = { 1: 0x73, 2: 0x6b, 4: 0x63, 8: 0x7b } as const
const constantStores = { 1: 0x72, 2: 0x6a, 4: 0x62, 8: 0x7a } as const
const operations = { add: 0x00, sub: 0x10, div: 0x30, or: 0x40, and: 0x50, shiftLeft: 0x60, mov: 0xb0 } as const
const conditions = { '==': 0x10, '>': 0x20, '>=': 0x30, '!=': 0x50, '<': 0xa0, '<=': 0xb0 } as const
/** On 8 bytes in memory, seen by all CPUs in one order; in `constant`, since the code is the same for all (Linux 5.12). */
const atomics = { add: 0x00, fetchAdd: 0x01, exchange: 0xe1, compareExchange: 0xf1 } as const
const ATOMIC = 0xdb
/** What stands in the place of the source register where an instruction names something else. */
const pseudo = { mapDescriptor: 1, mapValue: 2, kernelFunction: 2 } as const

export type Size = keyof typeof loads
type Condition = keyof typeof conditions

/** A program while it is written. */
export class Assembly {
  readonly #instructions: { code: number; registers: number; offset: number; constant: number }[] = []
  readonly #labels = new Map<string, number>()
  readonly #jumps: { at: number; label: string }[] = []

  /** to = *(from + offset) */
  load(size: Size, to: number, from: number, offset: number): this {
    return this.#add(loads[size], to, from, offset, 0)
  }

  /** *(to + offset) = from */
  store(size: Size, to: number, offset: number, from: number): this {
    return this.#add(stores[size], to, from, offset, 0)
  }

  /** *(to + offset) = constant */
  storeConstant(size: Size, to: number, offset: number, constant: number): this {
    return this.#add(constantStores[size], to, 0, offset, constant)
  }

  /** to = to OPERATION constant, in 64 bits and without a sign; `mov` is to = constant. */
  withConstant(operation: keyof typeof operations, to: number, constant: number): this {
    return this.#add(0x07 | operations[operation], to, 0, 0, constant)
  }

  /** to = to OPERATION from; `mov` is to = from. */
  withRegister(operation: keyof typeof operations, to: number, from: number): this {
    return this.#add(0x0f | operations[operation], to, from, 0, 0)
  }

  /** Goes on at `label` if register CONDITION constant, without a sign. */
  jumpIf(register: number, condition: Condition, constant: number, label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label })
    return this.#add(0x05 | conditions[condition], register, 0, 0, constant)
  }

  /** The same with another register in place of the constant. */
  jumpIfRegister(register: number, condition: Condition, other: number, label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label })
    return this.#add(0x0d | conditions[condition], register, other, 0, 0)
  }

  jump(label: string): this {
    this.#jumps.push({ at: this.#instructions.length, label })
    return this.#add(0x05, 0, 0, 0, 0)
  }

  /**
   * On the 8 bytes at to + offset. `add` adds `from`, `fetchAdd` too, and `from` then is what they were; `exchange` swaps them with `from`; `compareExchange` stores `from` if they
   * are as register 0, which then is what they were.
   */
  atomic(operation: keyof typeof atomics, to: number, offset: number, from: number): this {
    return this.#add(ATOMIC, to, from, offset, atomics[operation])
  }

  /** to = the map of this descriptor, as an argument of calls. */
  loadMap(to: number, descriptor: number): this {
    return this.#add(0x18, to, pseudo.mapDescriptor, 0, descriptor).#add(0, 0, 0, 0, 0)
  }

  /** to = the address of the first value of an array, plus `offset`. */
  loadMapValue(to: number, descriptor: number, offset: number): this {
    return this.#add(0x18, to, pseudo.mapValue, 0, descriptor).#add(0, 0, 0, 0, offset)
  }

  label(name: string): this {
    this.#labels.set(name, this.#instructions.length)
    return this
  }

  call(helper: number): this {
    return this.#add(0x85, 0, 0, 0, helper)
  }

  /** Calls a function that the kernel offers to programs under its name, by the number of its type. */
  callKernel(func: number): this {
    return this.#add(0x85, 0, pseudo.kernelFunction, 0, func)
  }

  /** Ends the program with `result`. */
  exit(result: number): this {
    return this.withConstant('mov', 0, result).#add(0x95, 0, 0, 0, 0)
  }

  /** As the kernel takes it: struct bpf_insn, 8 bytes each. */
  bytes(): Buffer {
    for (const { at, label } of this.#jumps) {
      const to = this.#labels.get(label)
      if (to === undefined) throw new Error(`nothing is labelled ${label}`)
      this.#instructions[at]!.offset = to - at - 1
    }
    const bytes = Buffer.alloc(this.#instructions.length * 8)
    for (const [index, { code, registers, offset, constant }] of this.#instructions.entries()) {
      bytes[index * 8] = code
      bytes[index * 8 + 1] = registers
      bytes.writeInt16LE(offset, index * 8 + 2)
      bytes.writeInt32LE(constant | 0, index * 8 + 4)
    }
    return bytes
  }

  #add(code: number, to: number, from: number, offset: number, constant: number): this {
    this.#instructions.push({ code, registers: to | (from << 4), offset, constant })
    return this
  }
}
