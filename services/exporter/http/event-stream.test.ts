import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { eventually } from '../fixtures/eventually.ts'
import type { Snapshot } from '../snapshot.ts'
import { EventStream } from './event-stream.ts'

function snapshot(sequence: number, padding = ''): Snapshot {
  const dump = { lastSeconds: 0, intervalSeconds: 0, count: 0 }
  return {
    ...{ sequence, timeMs: 0, monotonicMs: 0 },
    namespaces: [{ netns: padding, inode: 1, listeners: [], ports: [], counters: {} }],
    sampler: {
      ...{ intervalSeconds: 0, samples: 0, late: 0, failed: 0, cpuSeconds: 0 },
      dumps: { listeners: dump, synQueue: dump, connections: dump, counters: dump },
    },
  }
}

/** A stream behind a real server, and the response of one reader who has not read anything yet. */
async function connected(stream: EventStream, context: test.TestContext): Promise<http.IncomingMessage> {
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

test('a reader that does not read misses snapshots, and nothing is kept for it', async (context) => {
  const stream = new EventStream(1)
  const response = await connected(stream, context)
  const padding = 'x'.repeat(1_000_000)
  const before = process.memoryUsage().rss
  for (let sequence = 1; sequence <= 500; sequence++) {
    stream.publish(snapshot(sequence, padding))
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
      stream.publish(snapshot(501))
      return text.includes('"sequence":501')
    },
    (caughtUp) => caughtUp,
  )
  assert.ok(text.split('event: snapshot').length < 500)
})

test('a reader that leaves is forgotten', async (context) => {
  const stream = new EventStream(1)
  const response = await connected(stream, context)
  assert.equal(stream.readers, 1)
  response.destroy()
  await eventually(
    'the reader is forgotten',
    () => stream.readers,
    (readers) => readers === 0,
  )
})

test('a reader without news hears a heartbeat', async (context) => {
  const stream = new EventStream(1, 20)
  const response = await connected(stream, context)
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
