import assert from 'node:assert/strict'
import test from 'node:test'
import { equals, that } from '#experiments/vocabulary/expectation.ts'
import { comparison, experiment, NotJudged } from '#experiments/vocabulary/experiment.ts'
import { plan } from '../testing/plan.ts'
import { expectationsAhead } from './ahead.ts'

const lesson = { name: 'x', teaches: '', sources: ['a test'] } as const
const recording = { plan, sysctls: { 'net.core.somaxconn': '4096' } }

test('what is expected is known before anything is seen, whatever the sentences and bands are made of', () => {
  const expected = expectationsAhead(
    experiment({
      ...lesson,
      lab: {},
      phases: { ask: () => ({ list: [1], deep: { value: 3 } }) },
      expect: ({ result, listener, counters, clients, sysctl }) => ({
        kernel: [
          that(`somaxconn is ${sysctl('net.core.somaxconn')}`, listener(1).peak, equals(1)),
          that(`it is ${result.ask.deep.value}`, counters.ListenDrops.during('ask'), equals(result.ask.list.length)),
        ],
        userspace: [that('all are served', clients.startedIn('ask').outcomes.ok, equals(1))],
        both: [that('they agree', result.ask.list.map((one) => one + 1).length, equals(1))],
      }),
    }),
    recording,
  )
  assert.deepEqual(
    expected.map(({ counted, sentence }) => `${counted}: ${sentence}`),
    ['kernel: somaxconn is 4096', 'kernel: it is …', 'userspace: all are served', 'both: they agree'],
  )
})

test('of several cases those that have yet to come are known too', () => {
  const expected = expectationsAhead(
    comparison({
      ...lesson,
      cases: { one: {}, two: {} },
      phases: { go: () => {} },
      expect: ({ one, two }) => ({
        kernel: [that('one more', two.listener(1).peak, equals(one.listener(1).peak + 1))],
        userspace: [that('as long', two.durationMs('go'), equals(one.durationMs('go')))],
      }),
    }),
    recording,
  )
  assert.deepEqual(
    expected.map(({ sentence }) => sentence),
    ['one more', 'as long'],
  )
})

test('an experiment that cannot tell without having seen more has no list', () => {
  const refuses = experiment({
    ...lesson,
    lab: {},
    phases: { go: () => {} },
    expect: () => {
      throw new NotJudged('not here')
    },
  })
  assert.deepEqual(expectationsAhead(refuses, recording), [])
})
