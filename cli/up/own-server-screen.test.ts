/** The terminal view of a server that is not ours. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { labOf, shardOf } from '#live/testing/state.ts'
import { wordsOf } from '#live/words.ts'
import { line } from './line.ts'
import { draw, type Screen } from './screen.ts'

const screen: Screen = {
  columns: 160,
  rows: 40,
  colour: false,
  metricsUrl: 'http://127.0.0.1:10511',
  loadLine: 'load  off',
  message: '',
  showHelp: false,
}
const untold = { pid: 7, stalled: false, acceptsPerSecond: undefined, open: undefined, lagMs: undefined }
const shard = shardOf(1, { acceptsPerSecond: undefined, open: undefined, acceptWait: undefined, processes: [untold] })

test('it is named, its keys are those that work on any server, and what it does not tell is a dash', () => {
  const text = draw(labOf({ server: { name: 'nginx', reloads: true }, shards: [shard] }), screen).join('\n')
  assert.match(text, /198\.18\.0\.2:8080 · nginx/)
  assert.match(text, /\[k\] kill {2}\[s\] stop {2}\[h\] reload/)
  assert.doesNotMatch(text, /\[b\] backlog|NaN|undefined/)
  assert.match(line(labOf({ server: { name: 'nginx', reloads: true }, shards: [shard] })), /accepts –/)
})

test('without a known reload there is no key for one, and a server that is down can be started again', () => {
  const down = labOf({ server: { name: 'mine', reloads: false }, shards: [shardOf(1, { state: 'down' })] })
  const text = draw(down, screen).join('\n')
  assert.match(text, /\[k\] start again {2}\[s\] stop/)
  assert.doesNotMatch(text, /reload/)
})

test('the key for little CPU time is there only where this machine can give that, and the shards say so', () => {
  const server = { name: 'mine', reloads: false }
  const shown = (cpuPercent?: number): string => {
    const slow = shardOf(1, cpuPercent ? { faults: [`slow: ${cpuPercent} % of a CPU`] } : {})
    const own = { ...server, ...(cpuPercent === undefined ? {} : { cpuPercent }) }
    return draw(labOf({ server: own, shards: [slow] }), screen).join('\n')
  }
  assert.doesNotMatch(shown(), /\[c\]/)
  assert.match(shown(0), /\[c\] slow/)
  assert.match(shown(10), /\[c\] full speed/)
  assert.match(shown(10), /slow: 10 % of a CPU/)
})

test('how it ended comes before all else, with the last lines that it wrote', () => {
  const ended = { name: 'mine', reloads: false, ended: 'status 7\nout of cheese' }
  assert.match(
    wordsOf(labOf({ server: ended })) ?? '',
    /^mine has ended \(status 7\), and was not asked to\. The last lines that it wrote: out of cheese/,
  )
})
