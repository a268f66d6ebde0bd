import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { EventStream } from './event-stream.ts'
import { eventually } from './waiting.ts'

interface Item {
  sequence: number
  padding: string
}

const item = (sequence: number, padding = ''): Item => ({ sequence, padding })
const stream = (heartbeatMs?: number): EventStream<Item> => new EventStream('item', 1, heartbeatMs)

/** A stream behind a real server, and the response of one reader who has not read anything yet. */
async function connected(stream: EventStream<Item>, context: test.TestContext): Promise<http.IncomingMessage> {
  const server = http.createServer((_request, response) => stream.add(response, 0, undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  context.after(() => {
    stream.close()
    server.closeAllConnections()
    server.close()
  })
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, agent: false }, resolve).on('error', reject)
  })
}

test('a reader that does not read misses items, and nothing is kept for it', async (context) => {
  const events = stream()
  const response = await connected(events, context)
  const padding = 'x'.repeat(1_000_000)
  const before = process.memoryUsage().rss
  for (let sequence = 1; sequence <= 500; sequence++) {
    events.publish(item(sequence, padding))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(process.memoryUsage().rss - before < 250_000_000, 'far less than the 500 MB that were published')
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  // Once it reads again it gets the next one.
  await eventually(
    'the reader has caught up',
    () => {
      events.publish(item(501))
      return text.includes('"sequence":501')
    },
    (caughtUp) => caughtUp,
  )
  assert.ok(text.split('event: item').length < 500)
})

test('a reader that reads nothing for several heartbeats is cut off', async (context) => {
  const events = stream(20)
  await connected(events, context)
  events.publish(item(1, 'x'.repeat(30_000_000)))
  await eventually(
    'it is gone',
    () => events.readers,
    (readers) => readers === 0,
  )
})

test('a reader that leaves is forgotten', async (context) => {
  const events = stream()
  const response = await connected(events, context)
  assert.equal(events.readers, 1)
  response.destroy()
  await eventually(
    'the reader is forgotten',
    () => events.readers,
    (readers) => readers === 0,
  )
})

test('a reader without news hears a heartbeat', async (context) => {
  const events = stream(20)
  const response = await connected(events, context)
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await eventually(
    'a comment comes',
    () => text,
    (seen) => seen.includes(': still here\n\n'),
  )
})
