import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseReader } from './response.ts'

/** Every way of cutting must read the same. */
function readInPieces(text: string, bytesAtOnce: number): ResponseReader {
  const reader = new ResponseReader()
  const bytes = Buffer.from(text)
  const piece = Buffer.alloc(bytesAtOnce)
  for (let at = 0; at < bytes.length; at += bytesAtOnce) {
    const length = bytes.copy(piece, 0, at, at + bytesAtOnce)
    reader.push(piece.subarray(0, length))
    piece.fill(0) // the buffer is used again by the next connection
  }
  return reader
}

for (const size of [1, 2, 3, 7, 1000]) {
  test(`an answer in pieces of ${size} is whole when its content length has come`, () => {
    const head = 'HTTP/1.1 503 Busy\r\nContent-Length: 5\r\nX-Spillway-Accept-Wait-Ms:  12.5 \r\n\r\n'
    const almost = readInPieces(`${head}1234`, size)
    assert.equal(almost.complete(true), false)
    const whole = readInPieces(`${head}12345`, size)
    assert.equal(whole.complete(false), true)
    assert.equal(whole.status, 503)
    assert.equal(whole.number('x-spillway-accept-wait-ms'), 12.5)
  })

  test(`a chunked answer in pieces of ${size} is whole after its last chunk`, () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    assert.equal(readInPieces(`${head}3\r\nabc\r\n`, size).complete(true), false)
    assert.equal(readInPieces(`${head}3\r\nabc\r\n0\r\n\r\n`, size).complete(false), true)
  })
}

test('an answer that tells no length ends with the FIN', () => {
  const reader = readInPieces('HTTP/1.0 200 OK\r\n\r\nanything', 4)
  assert.equal(reader.complete(false), false)
  assert.equal(reader.complete(true), true)
})

test('half a head is no answer, and no head is malformed', () => {
  assert.equal(readInPieces('HTTP/1.1 200 OK\r\nContent-Le', 5).complete(true), false)
  assert.equal(readInPieces('HT', 1).malformed, false)
  assert.equal(readInPieces('220 mail.example ESMTP\r\n', 5).malformed, true)
  assert.equal(readInPieces('x'.repeat(70_000), 1000).malformed, true)
})

test('a header that should hold a number and does not is as good as none', () => {
  const reader = readInPieces('HTTP/1.1 200 OK\r\nX-Spillway-Accepted-Ms: soon\r\n\r\n', 9)
  assert.equal(reader.number('x-spillway-accepted-ms'), undefined)
  assert.equal(reader.number('x-spillway-accept-wait-ms'), undefined)
})
