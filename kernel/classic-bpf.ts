/** Code, constant, and for a conditional jump how many instructions to pass over. */
type Instruction = [code: number, constant: number, ifTrue?: number, ifFalse?: number]

/** A classic BPF program as the kernel takes it: `struct sock_filter`, 8 bytes an instruction. */
export function program(...instructions: Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8)
  for (const [index, [code, constant, ifTrue = 0, ifFalse = 0]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    bytes[index * 8 + 2] = ifTrue
    bytes[index * 8 + 3] = ifFalse
    bytes.writeUInt32LE(constant, index * 8 + 4)
  }
  return bytes
}
