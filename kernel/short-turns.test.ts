import assert from 'node:assert/strict'
import { once } from 'node:events'
import os from 'node:os'
import test from 'node:test'
import { Worker } from 'node:worker_threads'

const libc = new URL('./libc.ts', import.meta.url).href
/** In a thread of its own: it is the calling thread that asks. */
const asks = `
const { parentPort } = require('node:worker_threads')
import('${libc}').then(({ askForShortTurns }) => parentPort.postMessage(askForShortTurns(100_000)))`

test('shorter turns are had without a privilege, and the nice value stays', async () => {
  const before = os.getPriority()
  const worker = new Worker(asks, { eval: true })
  const [granted]: unknown[] = await once(worker, 'message')
  await worker.terminate()
  assert.equal(typeof granted, 'boolean')
  if (process.arch === 'x64' || process.arch === 'arm64') assert.equal(granted, true)
  assert.equal(os.getPriority(), before)
})
