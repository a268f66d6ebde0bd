import assert from 'node:assert/strict'
import test from 'node:test'
import { atMost, equals, that } from '#experiments/vocabulary/expectation.ts'
import { comparison, experiment, NotJudged } from '#experiments/vocabulary/experiment.ts'
import { plan } from '../testing/plan.ts'
import { expectationsAhead } from './ahead.ts'
import type { Boundary, Recording } from './recording.ts'

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
    [recording],
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
    [recording],
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
  assert.deepEqual(expectationsAhead(refuses, [recording]), [])
})

test('while it is played, what has been seen so far stands beside what is expected, and what is to come has not been seen', () => {
  const played = experiment({
    ...lesson,
    lab: {},
    phases: { fill: () => {}, ask: () => 7 },
    expect: ({ result, listener, counters }) => ({
      kernel: [
        that('the queue has held nine', listener(1).peak, equals(9)),
        that('while it was filled, five were dropped', counters.ListenDrops.during('fill'), equals(5)),
        that('later as many', counters.ListenDrops.during('ask'), equals(counters.ListenDrops.during('fill'))),
      ],
      userspace: [that('it answers seven', result.ask, equals(7))],
      both: [that('it takes less than a second', counters.ListenDrops.total, atMost(result.ask))],
    }),
  })
  const boundary = (atMs: number, drops: number): Boundary => ({
    atMs,
    counters: { TcpExt_ListenDrops: drops },
    clientCounters: {},
    listeners: [],
    backends: [],
    loads: [],
  })
  const begun = { name: 'fill', beganMs: 100, endedMs: Number.NaN, result: undefined }
  const told = (changes: Partial<Recording>): string[] =>
    expectationsAhead(played, [{ ...recording, ...changes }]).map(({ expected, seen }) => `${expected} | ${seen}`)

  const listeners = { atMs: [110, 120], shard: [1, 1], length: [4, 9], limit: [8, 8], drops: [0, 0] }
  const filling = { phases: [begun], boundaries: [boundary(100, 0)], listeners }
  assert.deepEqual(told(filling), ['9 | 9', '5 | ', ' | ', '7 | ', ' | 0'])
  const filled = {
    ...filling,
    phases: [
      { ...begun, endedMs: 200 },
      { ...begun, name: 'ask', beganMs: 200 },
    ],
    boundaries: [boundary(100, 0), boundary(200, 5)],
  }
  assert.deepEqual(told(filled), ['9 | 9', '5 | 5', '5 | ', '7 | ', ' | 5'])
})

test('of a comparison, a case that has been played is told while the other has yet to begin', () => {
  const two = comparison({
    ...lesson,
    cases: { one: {}, two: {} },
    phases: { go: () => {} },
    expect: ({ one, two }) => ({
      kernel: [that('one is full', one.listener(1).peak, equals(9))],
      userspace: [that('two is not', two.listener(1).peak, equals(1))],
    }),
  })
  const listeners = { atMs: [110], shard: [1], length: [9], limit: [8], drops: [0] }
  assert.deepEqual(
    expectationsAhead(two, [{ ...recording, listeners }]).map(({ seen }) => seen),
    ['9', ''],
  )
})
