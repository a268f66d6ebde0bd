/** What dies in a lab: a backend's series end until it is back, the exporter and the load agent come back by themselves. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { wordsOf } from '#live/words.ts'
import { endPart, initOf } from './support/ending.ts'
import { listener, listeners, onlyShards } from './support/readings.ts'

test('a killed backend takes its queue with it, and its successor is the same shard', async () => {
  await using lab = await Lab.start({ backends: [{ backlog: 16 }, { backlog: 16 }, { backlog: 16 }] })
  const [, victim] = lab.backends
  await victim!.stall()
  const load = await lab.clients.start({ kind: 'hold', connections: 120, ratePerSecond: 1000 })
  const before = await eventually(
    'the queue is full',
    () => listener(lab, 2),
    (row) => assert.ok(row.length >= 17),
  )
  await victim!.kill()
  await onlyShards(lab, 'the killed backend has no row', 1, 3)
  assert.doesNotMatch(await lab.exporter.text('GET', '/metrics'), /^tcp_listener\w+\{[^}]*shard="2"/m)
  await eventually(
    'whoever waited in its queue is reset',
    () => load.report(),
    ({ outcomes }) => assert.ok(outcomes.reset >= 17, `${outcomes.reset} who waited in its queue were reset`),
  )
  const served = await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 30 } })
  assert.equal((await served.done()).outcomes.ok, 30, 'the others go on')

  await victim!.restart()
  const after = await eventually(
    'its successor has a socket of its own',
    () => listener(lab, 2),
    (row) => assert.notEqual(row.cookie, before.cookie),
  )
  assert.deepEqual(
    { drops: after.drops, length: after.length },
    { drops: 0, length: 0 },
    'a new socket starts at nothing',
  )
  assert.equal((await listeners(lab)).length, 3)
})

test('in mode shared several processes own one socket with one queue', async () => {
  await using lab = await Lab.start({ mode: 'shared', backends: [{ backlog: 16, workers: 3 }] })
  await eventually(
    'three processes own one socket',
    () => listeners(lab),
    (rows) => {
      assert.equal(rows.length, 1)
      assert.equal(rows[0]?.pids.length, 3)
    },
  )
})

/** Views of a lab as they come, the latest first to be asked for. */
function watching(lab: Lab, signal: AbortSignal) {
  const seen: { latest: LabView | undefined; ended: Promise<void> } = { latest: undefined, ended: Promise.resolve() }
  const read = async (): Promise<void> => {
    for await (const view of observe(lab, signal)) seen.latest = view
  }
  seen.ended = read()
  seen.ended.catch(() => {}) // whoever waits for it hears of it
  return seen
}

test('a killed exporter is restarted: views continue, and say from when to when there are no samples', async (context) => {
  await using lab = await Lab.start({ backends: 2 })
  const seen = watching(lab, context.signal)
  const before = await eventually('a view has come', () => seen.latest)
  assert.deepEqual(before?.gaps, [])
  await endPart(lab, 'exporter')
  const after = await eventually(
    'a view has come from its successor',
    () => seen.latest,
    (view) => assert.equal(view?.gaps.at(-1)?.part, 'exporter'),
  )
  assert.ok(after !== undefined)
  assert.match(
    wordsOf(after) ?? '',
    /^The exporter (has )?ended \(SIGKILL\) and (was|is being) restarted: there are no samples/,
  )
  assert.deepEqual(
    after.shards.map(({ shard, state, dropsPerSecond }) => [shard, state, dropsPerSecond]),
    [
      [1, 'listening', 0],
      [2, 'listening', 0],
    ],
  )
  await eventually('the gap has ended', () => lab.gaps[0]?.toMs)
  assert.ok((await lab.look()).namespaces[0]?.listeners.length === 2)
})

test('a killed load agent is started again: its loads have ended with it, and new ones can be started', async (context) => {
  await using lab = await Lab.start({ backends: 1 })
  const seen = watching(lab, context.signal)
  const old = await lab.clients.start({ kind: 'hold', connections: 3 })
  await eventually('the load is seen', () => seen.latest?.loads.some(({ id }) => id === old.id))
  await endPart(lab, 'agent')
  await eventually(
    'the agent is back',
    () => lab.gaps,
    ([gap]) => assert.ok(gap?.part === 'agent' && gap.how === 'SIGKILL' && gap.toMs !== undefined),
  )
  const next = await lab.clients.start({ kind: 'hold', connections: 5 })
  assert.equal(next.id, old.id, 'the new agent begins to count anew')
  await assert.rejects(old.stop(), /The load agent has ended, and load-1 with it/)
  assert.equal((await next.report()).state, 'running')
  await eventually(
    'the view shows the new load alone',
    () => seen.latest,
    (view) =>
      assert.deepEqual(
        view?.loads.map(({ started }) => started),
        [5],
      ),
  )
})

test('a lab whose first process is killed ends with a sentence, for whoever watches too', async (context) => {
  await using lab = await Lab.start({ backends: 1 })
  const seen = watching(lab, context.signal)
  await eventually('a view has come', () => seen.latest)
  process.kill(initOf(process.pid), 'SIGKILL')
  await assert.rejects(seen.ended, (reason) => {
    assert.ok(reason instanceof UsageError)
    assert.match(reason.message, /^The lab has ended: its first process was killed/)
    assert.match(reason.remedy ?? '', /spillway up/)
    return true
  })
  assert.deepEqual(
    lab.gaps,
    lab.gaps.filter(({ toMs }) => toMs === undefined),
    'what ended with the lab is not said to be back',
  )
})

test('a restart that cannot succeed says why at once, and the next one opens the listener', async () => {
  await using lab = await Lab.start({ backends: 2 })
  const backend = lab.backend(2)
  await backend.kill()
  const { stdout } = await lab.run(['cat', '/proc/net/unix'])
  const socket = /\S+\/backend-1\.sock/.exec(stdout)?.[0].replace('backend-1', 'backend-2')
  assert.ok(socket !== undefined)
  await lab.run(['sh', '-c', 'rm "$0" && mkdir "$0"', socket])
  await assert.rejects(backend.restart(), /backend-2 ended during its start \(status 2\)/)
  await lab.run(['rmdir', socket])
  await backend.restart()
  assert.equal((await backend.status()).listener?.limit, 128)
  const { pid } = await backend.status()
  await Promise.all([backend.restart(), backend.restart()])
  assert.equal((await backend.status()).pid, pid, 'what runs is not started a second time')
})
