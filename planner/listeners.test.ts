/** What is said of listeners by what an exporter has seen of them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { adviceFor, type ListenerHistory, listenersAnswer } from './listeners.ts'

const history = (parts: Partial<ListenerHistory>): ListenerHistory => ({
  netns: 'host',
  address: '0.0.0.0',
  port: '8080',
  shard: '1',
  process: 'node',
  limit: 128,
  peak: 0,
  drops: 0,
  worstDrops: 0,
  fullSeconds: 0,
  overflows: 0,
  peakRate: 10,
  ...parts,
})
const HOUR_MS = 3_600_000

test('a listener that stood full and dropped is too small, by between its tries and its drops', () => {
  const advice = adviceFor(history({ peak: 129, drops: 60, worstDrops: 44, fullSeconds: 3 }), HOUR_MS)
  assert.deepEqual([advice.verdict, advice.missing, advice.backlog], ['too small', { low: 4, high: 44 }, 172])
})

test('one that is full most of the time is overloaded, one near its limit tight, one that drops unfilled something else', () => {
  const verdict = (parts: Partial<ListenerHistory>): string => adviceFor(history(parts), HOUR_MS).verdict
  assert.equal(verdict({ peak: 129, drops: 9000, worstDrops: 500, fullSeconds: 1800 }), 'overloaded')
  assert.equal(verdict({ peak: 110 }), 'tight')
  assert.equal(verdict({ peak: 20, drops: 5, worstDrops: 2 }), 'drops of another kind')
  assert.equal(verdict({ peak: 20 }), 'enough')
  const { answer } = listenersAnswer(
    [history({}), history({ shard: '2', peak: 129, drops: 5, worstDrops: 5, fullSeconds: 1 })],
    HOUR_MS,
  )
  assert.match(answer[0]!, /^1 of 2 in the last 60 min|^1 of 2 in the last 3600/)
})

test('a listener of which nothing was sampled is not called large enough', () => {
  const { answer, data } = listenersAnswer([history({ peak: undefined })], HOUR_MS)
  assert.match(answer[0]!, /^Nothing is known of this listener/)
  assert.equal((data.advice as { verdict: string }[])[0]!.verdict, 'not known')
})

test('a listener’s setting is in the words of its process', () => {
  const small = { peak: 129, drops: 5, worstDrops: 5, fullSeconds: 1 }
  const { settings } = listenersAnswer(
    ['node', 'nginx', 'ruby'].map((process) => history({ ...small, process })),
    HOUR_MS,
  )
  assert.deepEqual(
    settings.map(({ where, text }) => [where, text.split('   ')[0]]),
    [
      [
        'sysctl',
        '# first: net.core.somaxconn must be 133 or more in the namespace of the listener; sysctl net.core.somaxconn says what it is',
      ],
      ['Node', 'server.listen({ port, host, backlog: 133 })'],
      ['nginx', 'listen 0.0.0.0:8080 backlog=133;'],
      ['server', 'listen(fd, 133)'],
    ],
  )
})
