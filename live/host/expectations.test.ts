import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import type { HostEvidence, QueueEvidence } from '#findings/host/evidence.ts'
import { hostOf, queueOf } from '#findings/host/testing/host.ts'
import { judge, parseExpectation } from './expectations.ts'

const judged = (text: string, ...queues: Partial<QueueEvidence>[]) =>
  judge(parseExpectation('--expect', text), hostOf({ queues: queues.map(queueOf) }) satisfies HostEvidence)

test('every comparison holds at its edge and not beyond', () => {
  const queue = { port: 8080, limit: 1024 }
  for (const word of [
    'backlog=1024',
    'backlog==1024',
    'backlog>=1024',
    'backlog<=1024',
    'backlog>1023',
    'backlog<1025',
  ])
    assert.equal(judged(`port=8080 ${word}`, queue).met, true, word)
  for (const word of ['backlog=1023', 'backlog>=1025', 'backlog<=1023', 'backlog>1024', 'backlog<1024'])
    assert.equal(judged(`port=8080 ${word}`, queue).met, false, word)
})

test('blanks around the operator, commas, brackets and other names of the fields are taken', () => {
  const queue = { address: '::1', port: 8080, limit: 1024 }
  assert.equal(judged('port = 8080, limit >= 1024, address=[::1]', queue).met, true)
  assert.equal(judged('unix=/run/app.sock backlog>1', { path: '/run/app.sock', limit: 128 }).met, true)
})

test('all listeners that are named must be so, and the one that is not is told with its number', () => {
  const { met, words } = judged(
    'port=8080 backlog>=511',
    { port: 8080, limit: 511 },
    { port: 8080, limit: 128, address: '::' },
  )
  assert.equal(met, false)
  assert.match(words, /^\[::\]:8080.* has a backlog of 128, and >= 511 was expected/)
})

test('where nothing listens at the address, what does listen at that port is told', () => {
  const { met, words } = judged('port=8080 address=10.0.0.1', { port: 8080, address: '127.0.0.1' })
  assert.equal(met, false)
  assert.match(words, /^Nothing listens there: at port 8080 there is 127\.0\.0\.1:8080/)
})

test('what is not understood is named, with what is near it and how it is written', () => {
  const refused: [text: string, says: RegExp][] = [
    ['port=8080 backlogs>=3', /there is no field backlogs; did you mean backlog\?/],
    ['prot=8080', /there is no field prot; did you mean port\?/],
    ['port=8080 backlog', /'backlog' is not FIELD, operator, value/],
    ['port=8080 backlog>=many', /'many' is not a whole number \(backlog\)/],
    ['backlog>=3', /names no listener/],
    ['port>8080', /names no listener/],
    ['port=70000', /there is no port 70000/],
    ['port=8080 address>1', /address can only be compared with =/],
    [' ', /is empty/],
  ]
  for (const [text, says] of refused)
    assert.throws(
      () => parseExpectation('--expect', text),
      (error) => error instanceof UsageError && says.test(error.message) && (error.remedy ?? '').length > 8,
      text,
    )
})
