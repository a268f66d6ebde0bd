/** What a board keeps and says of real labs, without a browser: samples for slow motion, and how an experiment's lab failed. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type ShownBoard, showBoard } from '#cli/board/shown.ts'
import { Latest } from '#common/latest.ts'
import { eventually } from '#common/waiting.ts'
import type { Driver } from '#lab/driver.ts'
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { LiveState } from '#live/state.ts'
import type { Replay } from '#services/board/api.ts'

const PLACES = 9

async function shownLab(context: TestContext, driver: Driver): Promise<{ lab: Lab; board: ShownBoard }> {
  const over = new AbortController()
  const lab = await Lab.start({ backends: [{ backlog: PLACES - 1 }] })
  context.after(() => lab.stop())
  const board = await showBoard({ host: '127.0.0.1', port: 0 }, driver)
  context.after(() => board[Symbol.asyncDispose]())
  context.after(() => over.abort())
  board.begin({ lab, loads: new Loads(lab) }, new Latest(observe(lab, over.signal)))
  return { lab, board }
}

async function replayOf(url: string): Promise<Replay> {
  const replay: Replay = JSON.parse(await (await fetch(`${url}/replay`)).text())
  return replay
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

test('while a page is open every sample of half a minute is kept: all drops at their moment, and the SYNs’ return a second later', async (context) => {
  const { lab, board } = await shownLab(context, namespaces)
  const replay = () => replayOf(board.url)
  assert.deepEqual((await replay()).samples?.listeners.atMs, [], 'without a page nothing is read')
  const page = new AbortController()
  context.after(() => page.abort())
  // Read to the end, as a page does: the connection of an answer that nobody reads ends when it is collected as garbage.
  const events = await fetch(`${board.url}/events`, { signal: page.signal })
  events.text().catch(() => {})
  await eventually('samples are kept', replay, ({ samples, states }) => {
    assert.ok((samples?.listeners.atMs.length ?? 0) > 5)
    assert.ok((samples?.resent.atMs.length ?? 0) > 1)
    assert.ok(states.length > 1)
  })
  await lab.backend(1).stall()
  await lab.clients.start({ kind: 'connections', arrivals: { shape: 'burst', connections: 30 } })
  const { samples } = await eventually('the SYNs that were dropped have been sent again', replay, ({ samples }) =>
    assert.ok(sumOf(samples?.resent.gained ?? []) >= 1),
  )
  await lab.backend(1).release()
  assert.ok(samples !== undefined)
  const { listeners, resent, overflows } = samples
  const dropRow = listeners.dropped.findIndex((dropped) => dropped > 0)
  assert.ok(dropRow > 0)
  assert.equal(listeners.length[dropRow], PLACES, 'it is full at the sample that found the first drops')
  assert.ok(overflows.atMs.length >= 1)
  const returned = resent.atMs[resent.gained.findIndex((gained) => gained > 0)]!
  assert.ok(returned - listeners.atMs[dropRow - 1]! >= 950, 'no SYN is sent again within a second')
  const drops = (await lab.look()).namespaces[0]?.listeners.find(({ port }) => port === lab.plan.port)?.drops
  await eventually('every drop is in a sample', replay, (now) =>
    assert.ok(sumOf(now.samples?.listeners.dropped ?? []) >= (drops ?? Number.NaN)),
  )
})

test('how the lab of an experiment failed is a sentence, and the own lab is shown again', async (context) => {
  const died = Promise.withResolvers<string>()
  const mortal: Driver = {
    ...namespaces,
    async start(plan, onProgress) {
      const services = await namespaces.start(plan, onProgress)
      return { ...services, lost: Promise.race([services.lost, died.promise]) }
    },
  }
  const { board } = await shownLab(context, mortal)
  const latest = async (): Promise<LiveState | undefined> => {
    const { states } = await replayOf(board.url)
    return states.at(-1)
  }
  await eventually('the own lab is shown', latest)
  const config = /id="config">(.*?)<\/script>/s.exec(await (await fetch(board.url)).text())?.[1] ?? ''
  const { token } = JSON.parse(config)
  const order = (what: object): Promise<Response> =>
    fetch(`${board.url}/switches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-spillway-token': token },
      body: JSON.stringify(what),
    })
  assert.equal((await order({ do: 'run experiment', name: 'retry-staircase' })).status, 200)
  await eventually('the lab of the experiment is shown', latest, (state) => assert.equal(state?.lab, '1: lab'))
  died.resolve('The lab has ended: its first process was killed')
  // The verdict comes a little after the lab has gone: the folder of the run is written first.
  const state = await eventually('the own lab is shown again, with the verdict', latest, (now) => {
    assert.equal(now?.lab, undefined)
    assert.equal(now?.experiment?.status, 'broken')
  })
  const { reason, expectations = [] } = state?.experiment ?? {}
  assert.match(reason ?? '', /^The lab has ended: its first process was killed/)
  assert.deepEqual([...new Set(expectations.map(({ outcome }) => outcome))], ['not judged'])
  assert.equal((await order({ do: 'dismiss experiment' })).status, 200)
  assert.equal((await order({ do: 'stop experiment' })).status, 409)
})
