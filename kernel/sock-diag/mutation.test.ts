import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../test/support/properties.ts'
import { dumpBytes, dumps, type Fields, fieldsOf, walk } from '../fixtures/fixtures.ts'
import { mutationsOf } from '../fixtures/mutations.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { RECORD_BYTES } from './layout.ts'
import { walkChunk } from './parse.ts'
import { SocketRecord } from './record.ts'

const MUTATIONS = 5000

const within = (value: number | undefined, most: number): boolean =>
  value === undefined || (Number.isSafeInteger(value) && value >= 0 && value <= most)

function assertInRange(socket: Fields): void {
  assert.ok(socket.family === AF_INET || socket.family === AF_INET6)
  assert.ok(socket.state >= 1 && socket.state <= 12)
  for (const name of ['timer', 'retransmits'] as const) assert.ok(within(socket[name], 0xff), name)
  for (const name of ['port', 'peerPort'] as const) assert.ok(within(socket[name], 0xffff), name)
  for (const name of ['receiveQueue', 'sendQueue'] as const) assert.ok(within(socket[name], 0x7fff_ffff), name)
  for (const name of ['uid', 'inode', 'drops', 'lastDataSentMs', 'peerWindowBytes', 'expiresMs'] as const)
    assert.ok(within(socket[name], 0xffff_ffff), name)
  assert.ok(socket.cookie >= 0n && (socket.cgroupId ?? 0n) >= 0n)
  assert.match(socket.address, socket.family === AF_INET ? /^\d+(\.\d+){3}$/ : /^[0-9a-f:.]+$/)
}

/** What became of the bytes: the sockets shown before the end or the error. Anything but a KernelError fails the test. */
function outcome(bytes: Buffer, length: number): { sockets: Fields[]; end: string } {
  const sockets: Fields[] = []
  const visit = (socket: SocketRecord): void => {
    sockets.push(fieldsOf(socket))
    assert.ok(sockets.length <= length / RECORD_BYTES, 'more records than the bytes can hold')
  }
  try {
    return { end: String(walkChunk(bytes, length, 1, new SocketRecord(), visit)), sockets }
  } catch (error) {
    assert.ok(error instanceof Error && error.name === 'KernelError', String(error))
    return { end: error.message, sockets }
  }
}

/** In use the chunk's end is followed by what an earlier, longer chunk left there: whatever it is, it is not looked at. */
function readsOnlyItsOwn(bytes: Buffer, left: Buffer): string {
  const alone = outcome(bytes, bytes.length)
  for (const socket of alone.sockets) assertInRange(socket)
  for (const behind of [Buffer.alloc(512, 0xff), left])
    assert.deepEqual(outcome(Buffer.concat([bytes, behind]), bytes.length), alone)
  return alone.end
}

for (const dump of dumps) {
  test(`${dump}: ${MUTATIONS} mutations are refused or read within range, and nothing behind the end is looked at`, () => {
    const original = dumpBytes(dump)
    let refused = 0
    const property = fc.property(mutationsOf(original), (bytes) => {
      const end = readsOnlyItsOwn(bytes, original)
      if (end !== 'true' && end !== 'false') refused++
    })
    fc.assert(property, { numRuns: MUTATIONS })
    assert.ok(refused > MUTATIONS / 50, `only ${refused} mutations were noticed`)
  })

  test(`${dump}: cut off at any byte, it is refused or shows a part of its sockets`, () => {
    const bytes = dumpBytes(dump)
    const whole = walk(bytes)
    for (let length = 0; length < bytes.length; length++) {
      const part = outcome(bytes, length)
      assert.deepEqual(part.sockets, whole.sockets.slice(0, part.sockets.length))
      assert.notEqual(part.end, 'true')
    }
  })
}

test('any bytes at all are refused or read within range', () => {
  const left = dumpBytes('listen-v4')
  const property = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    readsOnlyItsOwn(Buffer.from(bytes), left)
  })
  fc.assert(property, { numRuns: MUTATIONS })
})
