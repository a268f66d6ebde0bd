/** Where a server of one's own listens is where clients go: also by IPv6 alone; where they cannot go, that is said at once. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { Lab } from '#lab/lab.ts'

const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-reached-'))
test.after(() => fs.rmSync(made, { recursive: true, force: true }))

/** A server of Node that listens as these options of listen() say. */
function listening(...options: object[]) {
  const file = path.join(made, 'listen.mjs')
  const calls = options.map(
    (one) => `http.createServer((_, response) => response.end('x')).listen(${JSON.stringify(one)})`,
  )
  fs.writeFileSync(file, ["import http from 'node:http'", ...calls].join('\n'))
  return { name: 'listen', command: [process.execPath, file] }
}

test('a server on IPv6 alone is reached by IPv6, also on a port of its own choice', async () => {
  for (const port of [8080, 9000]) {
    await using lab = await Lab.start({ server: listening({ host: '::', port, ipv6Only: true }) })
    assert.deepEqual([lab.plan.address, lab.plan.port], ['2001:2::2', port])
    const load = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 5 } })
    assert.equal((await load.done()).outcomes.ok, 5)
    assert.notEqual((await lab.backend(1).told()).listener, null)
  }
})

test('a server at both families is reached by IPv4, as before', async () => {
  await using lab = await Lab.start({
    server: listening({ host: '::', port: 8080, ipv6Only: true }, { host: '0.0.0.0', port: 8080 }),
  })
  assert.equal(lab.plan.address, '198.18.0.2')
})

test('a server that listens on loopback alone is told so, also where its port was named', async () => {
  for (const plan of [{}, { port: 1883 }]) {
    const port = plan.port ?? 8080
    const server = { ...listening({ host: '127.0.0.1', port }), onlyPort: plan.port !== undefined }
    await assert.rejects(Lab.start({ ...plan, server }), (error) => {
      assert.ok(error instanceof Error)
      assert.equal(error.message, `listen listens on 127.0.0.1:${port}, which clients of the lab cannot reach`)
      return true
    })
  }
})
