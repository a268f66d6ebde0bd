import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { retriesAtMs } from '#planner/closed/clients.ts'
import { clientsHere } from './this-kernel.ts'

const situation = (old?: boolean) => ({ ...clientsHere(old), timeoutMs: 20_000 })

test('on a kernel without linear timeouts each wait of a client is twice the one before', () => {
  assert.deepEqual(retriesAtMs(situation(true)), [1000, 3000, 7000, 15_000])
  assert.deepEqual(retriesAtMs(situation(false)), [1000, 2000, 3000, 4000, 5000, 7000, 11_000, 19_000])
})

test('the kernel that runs this goes by what it can be set to', () => {
  const isNew = fs.existsSync('/proc/sys/net/ipv4/tcp_syn_linear_timeouts')
  assert.equal(clientsHere().synLinearTimeouts, isNew ? 4 : 0)
})
