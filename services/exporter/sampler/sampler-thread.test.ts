import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import type { RawSnapshot } from './message.ts'
import { defaultPace } from './pace.ts'
import { SamplerThread, type SamplerThreadOptions } from './sampler-thread.ts'

function options(snapshots: RawSnapshot[], lines: string[]): SamplerThreadOptions {
  return {
    pace: defaultPace,
    namespaces: [{ kind: 'self' }],
    proc: '/proc',
    log: (line) => lines.push(line),
    onSnapshot: (snapshot) => snapshots.push(snapshot),
  }
}

test('a sampler that dies is started again, and says so', async () => {
  const [snapshots, lines]: [RawSnapshot[], string[]] = [[], []]
  const { thread } = await SamplerThread.start({
    ...options(snapshots, lines),
    entry: new URL('../fixtures/dying-worker.ts', import.meta.url),
  })
  await eventually(
    'the second one gives a snapshot',
    () => snapshots.length,
    (count) => count > 0,
  )
  assert.equal(thread.restarts, 1)
  assert.match(lines.join('\n'), /The sampler stopped: out of spirits\. It restarts in a second/)
  await thread.stop()
})

test('a sampler that hangs is replaced like one that dies, and says so', async () => {
  const [snapshots, lines]: [RawSnapshot[], string[]] = [[], []]
  const { thread } = await SamplerThread.start({
    ...options(snapshots, lines),
    entry: new URL('../fixtures/hanging-worker.ts', import.meta.url),
    hangsAfterMs: 300,
  })
  await eventually(
    'the second one gives a snapshot',
    () => snapshots.length,
    (count) => count > 0,
  )
  assert.equal(thread.restarts, 1)
  assert.match(lines.join('\n'), /The sampler stopped: it has not started a round for \d+ s\. It restarts in a second/)
  await thread.stop()
})

test('asked to look at once, it answers with a snapshot made after the question', async () => {
  const snapshots: RawSnapshot[] = []
  // Left alone it would give none for a minute after the first.
  const { thread } = await SamplerThread.start({
    ...options(snapshots, []),
    pace: { ...defaultPace, streamIntervalMs: 60_000, sampleIntervalMs: 1000 },
  })
  const askedMs = Number(process.hrtime.bigint()) / 1e6
  await thread.look()
  assert.ok(snapshots.at(-1)!.monotonicMs >= askedMs)
  await thread.stop()
})

test('it stops though it sleeps, and gives nothing afterwards', async () => {
  const snapshots: RawSnapshot[] = []
  const { thread } = await SamplerThread.start({
    ...options(snapshots, []),
    pace: { ...defaultPace, sampleIntervalMs: 1000 },
  })
  await thread.stop()
  const given = snapshots.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(snapshots.length, given)
})
