import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { processNames } from './proc-reading.ts'

/** Enough that one of them meets a process that ends meanwhile: without care, three of two thousand did. */
const LISTINGS = 3000

test('processes that end while all are listed do not end the listing', () => {
  const script = `while kill -0 ${process.pid} 2>/dev/null; do /bin/true; done`
  const storms = Array.from({ length: 3 }, () => spawn('sh', ['-c', script], { stdio: 'ignore' }))
  try {
    for (let listing = 0; listing < LISTINGS; listing++)
      assert.ok([...processNames('/proc')].includes(String(process.pid)), 'whoever asks is there')
  } finally {
    for (const storm of storms) storm.kill('SIGKILL')
  }
})
