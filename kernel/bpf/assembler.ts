/**
 * Writes BPF programs, an instruction a line. A register is its number: 0 gives results, 1 to 5 are arguments of calls,
 * which destroy them, 6 to 9 survive calls, 10 is the frame. The encoding: Documentation/bpf/standardization of the kernel.
 */

/** Functions of the kernel that a program may call, by their number in include/uapi/linux/bpf.h. */
export const helpers = {
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
const operations = { add: 0x00, div: 0x30, mov: 0xb0 } as const
const conditions = { '==': 0x10, '!=': 0x50 } as const

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

  label(name: string): this {
    this.#labels.set(name, this.#instructions.length)
    return this
  }

  call(helper: number): this {
    return this.#add(0x85, 0, 0, 0, helper)
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
