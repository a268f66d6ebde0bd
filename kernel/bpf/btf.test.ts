import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { Btf, VMLINUX } from './btf.ts'

const skip = fs.existsSync(VMLINUX) ? false : `this kernel has no ${VMLINUX}`

/** BTF by hand: each type is its name's place among the strings, kind, members, size or type, and what follows. */
function btf(
  strings: string,
  types: [name: number, kind: number, members: number, size: number, ...rest: number[]][],
): Buffer {
  const words = types.flatMap(([name, kind, members, size, ...rest]) => [name, (kind << 24) | members, size, ...rest])
  const section = Buffer.from(new Uint32Array(words).buffer)
  const header = Buffer.alloc(24)
  header.writeUInt16LE(0xeb9f, 0)
  header[2] = 1
  header.writeUInt32LE(24, 4)
  header.writeUInt32LE(section.length, 12)
  header.writeUInt32LE(section.length, 16)
  header.writeUInt32LE(strings.length, 20)
  return Buffer.concat([header, section, Buffer.from(strings, 'latin1')])
}

/** struct outer { int a; const struct { int b; union { long c; int d; }; } inner; int e[3] } of names at 1, 3, … */
const strings = '\0a\0b\0c\0d\0e\0inner\0outer\0int\0long\0reason\0YES\0NO\0'
const at = (name: string): number => strings.indexOf(`\0${name}\0`) + 1
const types = btf(strings, [
  [at('int'), 1, 0, 4, 32],
  [at('long'), 1, 0, 8, 64],
  [0, 5, 2, 8, at('c'), 2, 0, at('d'), 1, 0],
  [0, 4, 2, 16, at('b'), 1, 0, 0, 3, 64],
  [0, 10, 0, 4],
  [0, 3, 0, 0, 1, 1, 3],
  [at('outer'), 4, 3, 40, at('a'), 1, 0, at('inner'), 5, 64, at('e'), 6, 192],
  [at('reason'), 6, 2, 4, at('NO'), 0, at('YES'), 7],
])

test('a field is found through names, through members without one, and through const', () => {
  const read = new Btf(types)
  assert.deepEqual(read.field('outer', 'a'), { offset: 0, size: 4 })
  assert.deepEqual(read.field('outer', 'inner.b'), { offset: 8, size: 4 })
  assert.deepEqual(read.field('outer', 'inner.c'), { offset: 16, size: 8 })
  assert.deepEqual(read.field('outer', 'inner.d'), { offset: 16, size: 4 })
  assert.deepEqual(read.field('outer', 'e'), { offset: 24, size: 12 })
  for (const [structure, absent] of [
    ['outer', 'x'],
    ['outer', 'inner.a'],
    ['outer', 'a.b'],
    ['nobody', 'a'],
  ] as const)
    assert.equal(read.field(structure, absent), undefined)
})

test('an enumeration gives the value of a name, and nothing for one that it lacks', () => {
  const read = new Btf(types)
  assert.equal(read.enumValue('reason', 'YES'), 7)
  assert.equal(read.enumValue('reason', 'MAYBE'), undefined)
  assert.equal(read.enumValue('outer', 'YES'), undefined)
})

test('bytes that are no BTF are refused in a sentence', () => {
  assert.throws(() => new Btf(Buffer.alloc(8)), /not BTF/)
  assert.throws(() => new Btf(Buffer.alloc(80)), /not BTF/)
})

test("the kernel's own: a socket's port is where the kernel's headers say, a function tells its arguments", {
  skip,
}, () => {
  const kernel = Btf.ofKernel()
  // struct sock_common begins with two addresses of 4 bytes, a hash of 4, and two ports of 2: include/net/sock.h.
  assert.deepEqual(kernel.field('sock_common', 'skc_num'), { offset: 14, size: 2 })
  assert.ok(kernel.func('bpf_iter_tcp')! > 0)
  assert.equal(kernel.func('no_such_function'), undefined)
  assert.equal(kernel.tracepointArguments('inet_sock_set_state'), 3)
})

test('a kernel without a description of itself is named as such', () => {
  assert.throws(() => Btf.ofKernel('/nowhere/vmlinux'), /This kernel does not describe its types/)
})
