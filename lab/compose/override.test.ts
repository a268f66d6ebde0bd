import assert from 'node:assert/strict'
import test from 'node:test'
import type { LabPlan } from '../driver.ts'
import { override } from './override.ts'

const plan: LabPlan = {
  mode: 'sharded',
  address: '198.18.0.2',
  port: 8080,
  sampleIntervalMs: 5,
  peakWindowMs: 1000,
  synIntervalMs: 100,
  connectionsIntervalMs: 1000,
  cpuShare: 0.02,
  backends: [
    { backlog: 8, workers: 3 },
    { backlog: 128, workers: 3 },
  ],
  sysctls: { 'net.core.somaxconn': 64 },
}

test("each backend gets its own backlog, starts closed, and answers on a port of the host's choice", () => {
  const text = override(plan)
  assert.match(text, /backend-1:\n(?: {4}.*\n)*? {4}command: .*"--control=0\.0\.0\.0:10521".*"--closed".*"--backlog=8"/)
  assert.match(text, /backend-2:\n(?: {4}.*\n)*? {4}command: .*"--control=0\.0\.0\.0:10522".*"--backlog=128"/)
  assert.match(text, /ports: !override \["127\.0\.0\.1::10511","127\.0\.0\.1::10521","127\.0\.0\.1::10522"\]/)
  assert.doesNotMatch(text, /backend-3/)
  assert.equal(text.match(/entrypoint: \["\/app\/bin\/spillway","backend"\]/g)?.length, 2, 'each option stands once')
})

test("sysctls and the sampler's pace are those of the plan", () => {
  const text = override(plan)
  assert.match(text, /sysctls:\n {6}net\.core\.somaxconn: "64"/)
  assert.match(
    text,
    /"--sample-interval=5ms","--quiet-interval=5ms","--syn-interval=100ms","--connections-interval=1000ms"/,
  )
  assert.match(text, /"--cpu-budget=2%","--peak-window=1000ms"/)
  assert.doesNotMatch(override({ ...plan, sysctls: {} }), /sysctls/)
})
