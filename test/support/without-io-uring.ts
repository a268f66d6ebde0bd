/** `without-io-uring.ts COMMAND…`: runs a command for which the kernel has no io_uring, as in a container that forbids it. */
import { spawnSync } from 'node:child_process'
import koffi from 'koffi'

const [PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER] = [22, 38, 2]
const IO_URING_SETUP = 425
const [EPERM, ALLOWED] = [0x0005_0001, 0x7fff_0000]

/** Instructions of classic BPF: code, jump if true, jump if false, operand. */
const program = [
  [0x20, 0, 0, 0], // the number of the system call
  [0x15, 0, 1, IO_URING_SETUP],
  [0x06, 0, 0, EPERM],
  [0x06, 0, 0, ALLOWED],
] as const

const instructions = Buffer.alloc(8 * program.length)
for (const [at, [code, yes, no, operand]] of program.entries()) {
  instructions.writeUInt16LE(code, 8 * at)
  instructions.writeUInt8(yes, 8 * at + 2)
  instructions.writeUInt8(no, 8 * at + 3)
  instructions.writeUInt32LE(operand, 8 * at + 4)
}

const libc = koffi.load('libc.so.6')
koffi.struct('sock_fprog', { len: 'uint16', filter: 'void *' })
const set = libc.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)')
const filter = libc.func('int prctl(int option, ulong mode, sock_fprog *program)')
if (set(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw new Error('PR_SET_NO_NEW_PRIVS was refused')
if (filter(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { len: program.length, filter: instructions }) !== 0)
  throw new Error('PR_SET_SECCOMP was refused')

const [command = '', ...args] = process.argv.slice(2)
process.exitCode = spawnSync(command, args, { stdio: 'inherit' }).status ?? 1
