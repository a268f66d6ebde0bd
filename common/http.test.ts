import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Type } from 'typebox'
import { UsageError } from './errors.ts'
import { httpServer, listenOn } from './http.ts'

function echo() {
  const app = httpServer()
  const body = Type.Object(
    { rate: Type.Number({ exclusiveMinimum: 0 }), inner: Type.Optional(Type.Object({ count: Type.Integer() })) },
    { additionalProperties: false },
  )
  app.put('/echo', { schema: { body } }, async (request) => request.body)
  return app
}

test('a right body is taken, a wrong one is answered with 400 and the name of the field', async () => {
  const app = echo()
  const put = (payload: object) => app.inject({ method: 'PUT', url: '/echo', payload })
  assert.deepEqual((await put({ rate: 1.5 })).json(), { rate: 1.5 })
  for (const [payload, field] of [
    [{ rate: 0 }, 'rate'],
    [{ rate: '1' }, 'rate'],
    [{ rate: 1, inner: { count: 1.5 } }, 'inner.count'],
  ] as const) {
    const answer = await put(payload)
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().field, field)
    assert.equal(typeof answer.json().error, 'string')
  }
  for (const payload of [{}, { rate: 1, other: 2 }]) assert.equal((await put(payload)).statusCode, 400)
  const broken = await app.inject({
    method: 'PUT',
    url: '/echo',
    headers: { 'content-type': 'application/json' },
    payload: '{"rate":',
  })
  assert.equal(broken.statusCode, 400)
  await app.close()
})

test('port 0 gives the port that was taken, and the same port again is refused with what to do', async () => {
  const app = echo()
  const target = await listenOn(app, { host: '127.0.0.1', port: 0 })
  assert.ok('port' in target && target.port > 0)
  const second = echo()
  await assert.rejects(listenOn(second, target, '--metrics'), (error: unknown) => {
    assert.ok(error instanceof UsageError)
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${target.port} is taken`))
    assert.match(error.remedy ?? '', /--metrics/)
    return true
  })
  await second.close()
  await app.close()
})

test('an address that is not here is refused', async () => {
  const app = echo()
  await assert.rejects(listenOn(app, { host: '192.0.2.1', port: 0 }), UsageError)
  await app.close()
})

test('a Unix socket is listened on, also where a dead one lies', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-http-'))
  const socketPath = path.join(folder, 'a.sock')
  const dying = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', dying, socketPath])
  assert.ok(fs.statSync(socketPath).isSocket())
  const app = echo()
  assert.deepEqual(await listenOn(app, { path: socketPath }), { path: socketPath })
  const status = await new Promise<number | undefined>((resolve, reject) => {
    http.get({ socketPath, path: '/nowhere' }, (answer) => resolve(answer.resume().statusCode)).on('error', reject)
  })
  assert.equal(status, 404)
  await app.close()
  fs.rmSync(folder, { recursive: true })
})

test('closing ends streams that are still open', async () => {
  const app = httpServer()
  app.get('/stream', (_request, reply) => {
    reply.hijack()
    reply.raw.write('first')
  })
  const target = await listenOn(app, { host: '127.0.0.1', port: 0 })
  assert.ok('port' in target)
  const ended = new Promise<void>((resolve, reject) => {
    http.get({ host: target.host, port: target.port, path: '/stream' }, (answer) => {
      answer.once('data', () => app.close().catch(reject))
      answer.once('close', () => resolve())
      answer.on('error', () => {})
    })
  })
  await ended
})

test('a Unix socket that another process answers on is not taken over', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-test-'))
  const target = { path: path.join(folder, 'live.sock') }
  const first = httpServer()
  const second = httpServer()
  try {
    await listenOn(first, target)
    await assert.rejects(listenOn(second, target), /unix:.* is taken by another process/)
    await assert.rejects(
      listenOn(second, { path: path.join(folder, 'no', 'such.sock') }),
      /folder of unix:.* does not exist/,
    )
  } finally {
    await first.close()
    await second.close()
    fs.rmSync(folder, { recursive: true })
  }
})
