/** What the tab "Plan" is told after a shard has stood still: the same diagnosis as `plan --from`, by the real board and a real kernel. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type ShownBoard, showBoard } from '#cli/board/shown.ts'
import { eventually } from '#common/waiting.ts'
import { Lab } from '#lab/lab.ts'
import { Loads } from '#live/loads.ts'
import { observe } from '#live/observer.ts'
import type { BacklogAdvice } from '#live/state.ts'
import { takenDownAfter } from './support/beside-lab.ts'

let lab: Lab
let board: ShownBoard
const over = new AbortController()

before(async () => {
  lab = await Lab.start({ backends: [{ backlog: 16 }, { backlog: 16 }, { backlog: 16 }] })
  const loads = new Loads(lab)
  board = await showBoard({ host: '127.0.0.1', port: 0 }, undefined)
  board.begin({ lab, loads }, observe(lab, over.signal))
})

takenDownAfter(() => ({ over, browser: undefined, board, lab }))

const planned = async (): Promise<BacklogAdvice> => {
  const answer = await fetch(`${board.url}/plan?stallMs=1000`)
  const plan: unknown = await answer.json()
  return plan as BacklogAdvice
}

const proposesNone = ({ words, cures, mends = [] }: BacklogAdvice): void => {
  assert.equal(cures, false)
  assert.deepEqual(mends, [])
  assert.match(words[0]!, /shard 2 of 3: 17 of 17 wait.*stood still for .* while (the|1 of the) others accepted/)
  assert.match(words[0]!, /No backlog is the cure.*Find what (keeps|kept) backend 2 from accept\(\)/)
  assert.doesNotMatch(words.join(' '), /Set a backlog/)
}

test('a shard that stands still is named and no backlog is proposed as its cure, while it lasts and when it goes on again', async (context) => {
  const load = await lab.clients.start({
    kind: 'connections',
    records: false,
    arrivals: { shape: 'constant', ratePerSecond: 60 },
  })
  context.after(() => load.stop())
  await eventually('arrivals were counted', planned, ({ backlog }) => assert.ok(backlog !== undefined))
  await lab.backend(2).stall()
  await eventually('shard 2 is said to stand still', planned, (plan) => {
    assert.match(plan.words[0]!, /^Since /)
    proposesNone(plan)
  })
  await lab.backend(2).release()
  await eventually('it is said when that was', planned, (plan) => {
    assert.match(plan.words[0]!, /^Between /)
    proposesNone(plan)
  })
})
