import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { Endpoint } from '../endpoint.ts'
import { Forward } from './forward.ts'

/** What stands in for kubectl: it forwards as that does, and ends with the first connection that breaks. */
const KUBECTL = `#!${process.execPath}
const net = require('node:net')
const [local, port] = process.argv.at(-1).split(':').map(Number)
const broken = () => process.exit(1)
const server = net.createServer((here) => {
  const there = net.connect(port, '127.0.0.1').on('error', broken)
  here.on('error', () => {}).pipe(there).pipe(here)
})
server.listen(local, '127.0.0.1', () => {
  require('node:fs').appendFileSync(process.env.FORWARD_TEST_PIDS, process.pid + '\\n')
  console.log('Forwarding from 127.0.0.1:' + server.address().port + ' -> ' + port)
})
`

interface Pod {
  /** Of its service. */
  port: number
  /** Connections that its service has accepted. */
  accepted(): number
  /** Of each kubectl so far, the last one last. */
  pids(): number[]
}

/** A service, and a kubectl on the PATH that leads to it. */
async function startPod(context: TestContext): Promise<Pod> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-forward-'))
  const pids = path.join(folder, 'pids')
  fs.writeFileSync(pids, '')
  fs.writeFileSync(path.join(folder, 'kubectl'), KUBECTL, { mode: 0o755 })
  const { PATH } = process.env
  Object.assign(process.env, { PATH: `${folder}:${PATH}`, FORWARD_TEST_PIDS: pids })
  let accepted = 0
  const server = http.createServer((_request, response) => void setTimeout(() => response.end('{}'), 5))
  server.on('connection', () => accepted++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    process.env.PATH = PATH
    delete process.env.FORWARD_TEST_PIDS
    server.closeAllConnections()
    server.close()
    fs.rmSync(folder, { recursive: true })
  })
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    pids: () => fs.readFileSync(pids, 'utf8').trim().split('\n').map(Number),
  }
}

test('what is asked later, however much at once, goes over connections that were there before', async (context) => {
  const pod = await startPod(context)
  using forward = new Forward('the service', 'lab', pod.port)
  await forward.open()
  const before = pod.accepted()
  assert.ok(before > 1)
  const service = new Endpoint('the service', forward.reach)
  for (let round = 0; round < 3; round++)
    await Promise.all(Array.from({ length: 3 * before }, () => service.json('GET', '/counters')))
  assert.equal(pod.accepted(), before)
})

test('a kubectl that ends is started again at the same port', async (context) => {
  const pod = await startPod(context)
  using forward = new Forward('the service', 'lab', pod.port)
  await forward.open()
  const { reach } = forward
  process.kill(pod.pids().at(-1)!)
  await eventually('another kubectl runs', () => pod.pids().length === 2)
  await new Endpoint('the service', reach).healthy()
  assert.deepEqual(forward.reach, reach)
})

test('while it is closed nothing arrives in the pod, and opened again it leads there', async (context) => {
  const pod = await startPod(context)
  using forward = new Forward('the service', 'lab', pod.port)
  await forward.open()
  const service = new Endpoint('the service', forward.reach)
  forward.close()
  const before = pod.accepted()
  for (let asked = 0; asked < 5; asked++) await assert.rejects(service.text('GET', '/health'), /does not answer/)
  assert.equal(pod.accepted(), before)
  await forward.open()
  assert.equal(await service.text('GET', '/status'), '{}')
})

test('a kubectl that cannot forward is told in its own words', async (context) => {
  const pod = await startPod(context)
  const [folder = ''] = process.env.PATH?.split(':') ?? []
  const words = 'Error from server (NotFound): pods "lab" not found'
  fs.writeFileSync(path.join(folder, 'kubectl'), `#!/bin/sh\necho '${words}' >&2\nexit 1\n`, { mode: 0o755 })
  using forward = new Forward('the service', 'lab', pod.port)
  await assert.rejects(forward.open(), /kubectl port-forward ended: Error from server .* not found/)
})
