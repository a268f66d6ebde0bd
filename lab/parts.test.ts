import assert from 'node:assert/strict'
import test from 'node:test'
import { type Gap, gapInWords, noticeOf, Parts } from './parts.ts'

const gap = (changes: Partial<Gap> = {}): Gap => ({
  ...{ part: 'exporter', how: 'SIGKILL', fromMs: 1_000_000, toMs: 1_002_000 },
  ...changes,
})

test('a part that is missing already is not counted twice, and how it ended may be heard later', () => {
  const begun: string[] = []
  const parts = new Parts((part) => begun.push(part))
  parts.missing('exporter')
  parts.missing('exporter', 'SIGKILL')
  parts.missing('agent', 'status 1')
  parts.missing('exporter', 'status 2')
  assert.deepEqual(
    parts.gaps.map(({ part, how, toMs }) => [part, how, toMs]),
    [
      ['exporter', 'SIGKILL', undefined],
      ['agent', 'status 1', undefined],
    ],
  )
  assert.deepEqual(begun, ['exporter', 'agent'])
  parts.back('exporter')
  assert.deepEqual(
    parts.gaps.map(({ toMs }) => toMs !== undefined),
    [true, false],
  )
  parts.missing('exporter', 'SIGSEGV')
  assert.equal(parts.gaps.length, 3, 'after it was back it can be missing again')
})

test('a gap is said while it lasts and for a while after, the latest of each part', () => {
  assert.equal(noticeOf([], 0), undefined)
  const open = gap({ toMs: undefined })
  assert.match(
    noticeOf([open], 1_500_000) ?? '',
    /has ended \(SIGKILL\) and is being restarted: there are no samples since/,
  )
  assert.match(noticeOf([gap()], 1_010_000) ?? '', /ended \(SIGKILL\) and was restarted: there are no samples from/)
  assert.equal(noticeOf([gap()], 1_100_000), undefined)
  const both = noticeOf(
    [gap(), gap({ part: 'agent' }), gap({ how: 'status 1', fromMs: 1_005_000, toMs: 1_006_000 })],
    1_010_000,
  )
  assert.match(both ?? '', /^The exporter ended \(status 1\).*The load agent ended \(SIGKILL\).*its loads have ended/)
})

test('where nobody knows whether it ended, nobody says so', () => {
  assert.match(
    gapInWords(gap({ how: undefined })),
    /^The exporter did not answer from .* to .*: there are no samples in that time\.$/,
  )
  assert.match(
    gapInWords(gap({ how: undefined, toMs: undefined })),
    /^The exporter has not answered since .*: there are no samples since then\.$/,
  )
})
