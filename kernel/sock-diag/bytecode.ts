/**
 * Filters that the kernel runs over each socket of a dump (INET_DIAG_REQ_BYTECODE), so that unwanted records are
 * never copied. An operation is `u8 code, u8 yes, u16 no`; it skips `yes` bytes if true and `no` bytes if not, and a
 * record passes when exactly the end is reached. inet_diag_bc_run; docs/kernel-facts.md#filters.
 */
const JUMP = 1
const SOURCE_PORT_EQUALS = 11
const PORT_OPERATION_BYTES = 8

/** Passes the sockets whose own port is one of these. An empty list passes nothing, so it is refused. */
export function ownPortIn(ports: readonly number[]): Buffer {
  if (ports.length === 0) throw new RangeError('A filter by port needs at least one port')
  // Each alternative but the last: `port?` (8 bytes), then a jump to the end (4 bytes).
  const total = ports.length * PORT_OPERATION_BYTES + (ports.length - 1) * 4
  const code = Buffer.alloc(total)
  let at = 0
  for (const [index, port] of ports.entries()) {
    const last = index === ports.length - 1
    code[at] = SOURCE_PORT_EQUALS
    code[at + 1] = PORT_OPERATION_BYTES
    code.writeUInt16LE(PORT_OPERATION_BYTES + 4, at + 2)
    code.writeUInt16LE(port, at + 6)
    at += PORT_OPERATION_BYTES
    if (last) break
    code[at] = JUMP
    code[at + 1] = 4
    code.writeUInt16LE(total - at, at + 2)
    at += 4
  }
  return code
}

/** Passes the sockets whose own port is none of these. An empty list would pass everything, so it is refused. */
export function ownPortNotIn(ports: readonly number[]): Buffer {
  if (ports.length === 0) throw new RangeError('A filter by port needs at least one port')
  // Each: `port?`, then a jump past the end that only an equal port comes to.
  const each = PORT_OPERATION_BYTES + 4
  const code = Buffer.alloc(ports.length * each)
  for (const [index, port] of ports.entries()) {
    const at = index * each
    code[at] = SOURCE_PORT_EQUALS
    code[at + 1] = PORT_OPERATION_BYTES
    code.writeUInt16LE(each, at + 2)
    code.writeUInt16LE(port, at + 6)
    code[at + PORT_OPERATION_BYTES] = JUMP
    code[at + PORT_OPERATION_BYTES + 1] = 4
    code.writeUInt16LE(code.length - at - PORT_OPERATION_BYTES + 4, at + PORT_OPERATION_BYTES + 2)
  }
  return code
}

/** More ports than this cost the kernel more than they save, and jumps are limited to 64 KiB anyway. */
export const MAX_FILTER_PORTS = 64
