/** bpf(2), as far as it is used here. Descriptors close on exec, and what they stand for ends with the last of them. */
import { KernelError } from '../errors.ts'
import { addressOf, bpf, ownMemory } from '../libc.ts'

const commands = { progLoad: 5, linkCreate: 28, iterCreate: 33 } as const
const PROG_TYPE_TRACING = 26
const ATTACH_ITERATOR = 28
const LOG_BYTES = 1 << 20
/** Helpers that take sockets are for GPL-compatible programs; this says that ours may be had under either licence. */
const LICENCE = 'Dual MIT/GPL'

/**
 * Loads an iterator: a program that the kernel runs once for each thing that it walks over, which the type `target` says
 * (`bpf_iter_tcp`). A program that the kernel refuses becomes a KernelError with the last lines of what its verifier says.
 */
export function loadIterator(name: string, code: Buffer, target: number): number {
  const instructions = ownMemory(code)
  const licence = ownMemory(Buffer.from(`${LICENCE}\0`))
  const load = (log?: Buffer): number => {
    const attributes = Buffer.alloc(120)
    attributes.writeUInt32LE(PROG_TYPE_TRACING, 0)
    attributes.writeUInt32LE(instructions.length / 8, 4)
    attributes.writeBigUInt64LE(addressOf(instructions), 8)
    attributes.writeBigUInt64LE(addressOf(licence), 16)
    if (log !== undefined) {
      attributes.writeUInt32LE(1, 24)
      attributes.writeUInt32LE(log.length, 28)
      attributes.writeBigUInt64LE(addressOf(log), 32)
    }
    attributes.write(name.slice(0, 15), 48, 'latin1')
    attributes.writeUInt32LE(ATTACH_ITERATOR, 68)
    attributes.writeUInt32LE(target, 108)
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
  attributes.writeUInt32LE(ATTACH_ITERATOR, 8)
  return bpf(commands.linkCreate, attributes, [], 'Linking a BPF iterator')
}

/** Begins a walk in the network namespace of the calling thread: what the program writes is read from the descriptor, to the end. */
export function openIterator(link: number): number {
  const attributes = Buffer.alloc(8)
  attributes.writeUInt32LE(link, 0)
  return bpf(commands.iterCreate, attributes, [], 'Opening a BPF iterator')
}
