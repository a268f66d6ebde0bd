/** A server that binds a socket of IPv6 to an IPv4 address, as Java does: the kernel shows it as ::ffff:a.b.c.d. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { Lab } from '#lab/lab.ts'
import { listeners } from './support/readings.ts'

const SERVER = `
const net = require('node:net')
const { HOST, PORT } = process.env
net.createServer((socket) => socket.once('data', () => socket.end('x')).on('error', () => {}))
  .listen({ host: '::ffff:' + HOST, port: Number(PORT), backlog: 7 })
`

test('a socket of IPv6 at an IPv4 address is found, reached and shown', async () => {
  await using lab = await Lab.start({
    server: { name: 'mapped', command: [process.execPath, '-e', SERVER] },
    request: Buffer.from('x').toString('base64'),
  })
  assert.equal(lab.plan.address, '198.18.0.2', 'where clients reach it')
  assert.deepEqual(lab.plan.backends, [{ backlog: 7, workers: 1 }])
  const shown = await listeners(lab)
  assert.deepEqual(
    shown.map(({ port, limit }) => [port, limit]),
    [[8080, 7]],
  )
  const load = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 3 } })
  assert.equal((await load.done()).outcomes.ok, 3)
})
