import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from '../../test/support/properties.ts'
import { mutationsOf } from '../fixtures/mutations.ts'
import { type UnixFields, unixDumpBytes, unixFieldsOf, unixTruth, walkUnix } from '../fixtures/unix-fixtures.ts'
import { connectUnix, listenUnix } from '../fixtures/unix-sockets.ts'
import * as libc from '../libc.ts'
import { socketCookie } from '../listener.ts'
import { SockDiag } from '../sock-diag.ts'
import { UNIX_RECORD_BYTES } from './unix-layout.ts'

const MUTATIONS = 5000

let folder = ''
before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-unix-'))
})
after(() => fs.rmSync(folder, { recursive: true }))

const now = (cookie: bigint): UnixFields | undefined => {
  using diag = new SockDiag()
  let found: UnixFields | undefined
  diag.dumpUnixListeners((listener) => {
    if (listener.cookie === cookie) found = unixFieldsOf(listener)
  })
  return found
}

/** A listener for one test, its name made from `name`, with what closes it. */
function listening(name: Buffer, backlog: number, type = libc.SOCK_STREAM) {
  const fd = listenUnix(name, backlog, type)
  const clients: number[] = []
  return {
    cookie: socketCookie(fd),
    inode: fs.fstatSync(fd).ino,
    /** Connects so many clients at once; gives how many of them the kernel refused. */
    connect(count: number): number {
      const made = Array.from({ length: count }, () => connectUnix(name, type)).filter((client) => client !== undefined)
      clients.push(...made)
      return count - made.length
    },
    leave(): void {
      for (const client of clients.splice(0)) libc.close(client)
    },
    relisten: (next: number) => libc.listen(fd, next, 'Changing a backlog'),
    [Symbol.dispose](): void {
      for (const client of clients) libc.close(client)
      libc.close(fd)
    },
  }
}

test('captured listeners show their name, type, queue and limit as user space knows them', () => {
  const { listeners, ended } = walkUnix(unixDumpBytes())
  assert.ok(ended)
  assert.equal(listeners.length, unixTruth.unix.length)
  for (const { name, type, backlog, length, refused, inode, cookie } of unixTruth.unix) {
    const found = listeners.find((listener) => String(listener.cookie) === cookie)
    assert.deepEqual(found, { name, type, length, limit: backlog, inode, uid: 0, cookie: BigInt(cookie) })
    assert.equal(refused > 0, length === backlog + 1, 'only a full queue has refused anyone')
  }
})

for (const backlog of [0, 1, 5])
  test(`with backlog ${backlog} the kernel takes ${backlog + 1} clients, refuses the others at once, and the dump shows it`, () => {
    using listener = listening(Buffer.from(path.join(folder, `full-${backlog}`)), backlog)
    assert.equal(listener.connect(backlog + 4), 3)
    const seen = now(listener.cookie)
    assert.deepEqual([seen?.length, seen?.limit], [backlog + 1, backlog])
  })

test('a client that has gone keeps its place, and listen() again changes the limit of a listener in use', () => {
  using listener = listening(Buffer.from(`\0spillway-gone-${process.pid}`), 1)
  listener.connect(2)
  listener.leave()
  assert.equal(now(listener.cookie)?.length, 2)
  listener.relisten(4)
  assert.equal(listener.connect(4), 1)
  assert.deepEqual([now(listener.cookie)?.length, now(listener.cookie)?.limit], [5, 4])
})

test('the dump shows what ss and /proc/net/unix show', () => {
  const abstract = `spillway-seen-${process.pid}`
  const file = path.join(folder, 'seen')
  using one = listening(Buffer.from(file), 3)
  using two = listening(Buffer.from(`\0${abstract}`), 6, libc.SOCK_SEQPACKET)
  one.connect(2)
  two.connect(7)
  const rows = execFileSync('ss', ['-xlnH'], { encoding: 'utf8' }).split('\n')
  const table = fs.readFileSync('/proc/net/unix', 'utf8').split('\n')
  for (const { cookie, inode } of [one, two]) {
    const { type, length, limit, name } = now(cookie)!
    const row = rows
      .find((line) => line.includes(` ${inode} `))
      ?.trim()
      .split(/\s+/)
    assert.deepEqual(row?.slice(0, 5), [type === 'stream' ? 'u_str' : 'u_seq', 'LISTEN', `${length}`, `${limit}`, name])
    assert.ok(table.some((line) => line.endsWith(` ${inode} ${name}`)))
  }
})

test('of all UNIX sockets only listeners are shown', () => {
  using listener = listening(Buffer.from(`\0spillway-only-${process.pid}`), 3)
  listener.connect(2)
  const inodes = new Set<number>()
  using diag = new SockDiag()
  diag.dumpUnixListeners(({ inode }) => inodes.add(inode))
  const accepting = fs
    .readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const ours = accepting.filter(([, , , flags]) => flags === '00010000').map((words) => Number(words[6]))
  assert.ok(inodes.has(listener.inode))
  for (const inode of inodes) assert.ok(ours.includes(inode), `${inode} has called listen()`)
})

/** Names as bind() takes them: up to 108 bytes, a path without zeros or an abstract name with anything in it. */
const names = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from([0]), bytes])),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((text) => Buffer.from(`\0${text}`)),
  fc
    .constantFrom('\n', '\t', '"', '\\', '\\x0a', '@', '\u202e', '\u00a0', '\ufeff', '😀', ' ')
    .map((text) => Buffer.from(`\0a${text}b`)),
)

test('whatever bytes a name has, its text has one line, no control character, and belongs to no other name', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(names, (name) => {
      fc.pre(name.length <= 108)
      const fd = listenUnix(Buffer.concat([name, Buffer.from(`-${process.pid}`)]), 0)
      try {
        const text = now(socketCookie(fd))!.name
        assert.ok(text.startsWith('@') && text.endsWith(`-${process.pid}`))
        assert.doesNotMatch(text.replaceAll(' ', ''), /[\p{C}\p{Z}]/u)
        const hex = name.toString('hex')
        assert.equal(seen.get(text) ?? hex, hex, 'two names have one text')
        seen.set(text, hex)
      } finally {
        libc.close(fd)
      }
    }),
    { numRuns: 300 },
  )
})

test('a path as long as an address can hold is shown whole', () => {
  const name = path.join(folder, 'x'.repeat(108 - folder.length - 1))
  assert.equal(name.length, 108)
  using listener = listening(Buffer.from(name), 0)
  assert.equal(now(listener.cookie)?.name, name)
})

test('a path that begins with @ is not taken for an abstract name', () => {
  const here = process.cwd()
  process.chdir(folder)
  try {
    using file = listening(Buffer.from('@both'), 0)
    using abstract = listening(Buffer.from('\0both'), 0)
    assert.deepEqual([now(file.cookie)?.name, now(abstract.cookie)?.name], ['\\x40both', '@both'])
  } finally {
    process.chdir(here)
  }
})

/** What became of the bytes. Anything but a KernelError fails the test. */
function outcome(bytes: Buffer, length: number): { listeners: UnixFields[]; end: string } {
  try {
    const { listeners, ended } = walkUnix(bytes, length)
    return { listeners, end: String(ended) }
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'KernelError', String(error))
    return { listeners: [], end: error.message }
  }
}

test(`${MUTATIONS} mutations of a dump are refused or read within range, and nothing behind the end is looked at`, () => {
  const original = unixDumpBytes()
  let refused = 0
  const property = fc.property(mutationsOf(original), (bytes) => {
    const alone = outcome(bytes, bytes.length)
    if (alone.end !== 'true' && alone.end !== 'false') refused++
    assert.ok(alone.listeners.length <= bytes.length / UNIX_RECORD_BYTES)
    for (const { length, limit, inode } of alone.listeners)
      for (const value of [length, limit, inode]) assert.ok(Number.isSafeInteger(value) && value >= 0)
    for (const behind of [Buffer.alloc(512, 0xff), original])
      assert.deepEqual(outcome(Buffer.concat([bytes, behind]), bytes.length), alone)
  })
  fc.assert(property, { numRuns: MUTATIONS })
  assert.ok(refused > MUTATIONS / 50, `only ${refused} mutations were noticed`)
})

test('a dump cut off at any byte shows a part of its listeners or is refused', () => {
  const bytes = unixDumpBytes()
  const whole = walkUnix(bytes)
  for (let length = 0; length < bytes.length; length++) {
    const part = outcome(bytes, length)
    assert.deepEqual(part.listeners, whole.listeners.slice(0, part.listeners.length))
    assert.notEqual(part.end, 'true')
  }
})
