import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually } from '#common/waiting.ts'
import type { Lab } from '../lab.ts'
import { type Answer, answers, type Found, type Question } from './card.ts'
import type { CardLab } from './card-lab.ts'
import { CARD_MS, CardTime } from './card-time.ts'
import { questionsOf } from './questions.ts'

const PORT = 8080

/** A lab whose server listens, and whose clients nobody speaks to. */
const lab = {
  plan: { address: '198.18.0.2', port: PORT, request: '', server: { name: 'mine', command: ['mine'] } },
  backends: [],
  clients: { speak: () => {} },
  over: new AbortController().signal,
  stopped: new AbortController().signal,
  look: async () => ({ namespaces: [{ listeners: [{ port: PORT, length: 0, limit: 5 }] }] }),
  backend: () => ({ told: async () => ({ runs: true }) }),
} as unknown as Lab

const question = (needsMs: number, ask: (lab: CardLab) => Promise<Found>): Question => ({
  asks: 'What?',
  how: 'by asking',
  bearsMs: Number.POSITIVE_INFINITY,
  needsMs,
  ask,
})

const found: Found = { says: 'That.', numbers: {} }

async function all(questions: readonly Question[]): Promise<Answer[]> {
  const given: Answer[] = []
  for await (const answer of answers(lab, questions)) given.push(answer)
  return given
}

const never = async (asked: CardLab): Promise<Found> => {
  await asked.until('all of them wait', async () => false, Boolean)
  return found
}

test('a question that takes longer than those after it leave is not judged, and says what it waited for; the next is asked', async () => {
  const [stuck, next] = await all([question(0, never), question(CARD_MS - 5000, async () => found)])
  assert.equal(stuck?.found, null)
  assert.match(
    stuck?.notJudged ?? '',
    /a card takes 90 s at most, and after .* it was still waited until all of them wait$/,
  )
  assert.deepEqual(next?.found, found)
})

test('where no time is left a question is not put', async () => {
  const [first] = await all([question(0, never), question(CARD_MS, async () => found)])
  assert.match(first?.notJudged ?? '', /those before it have left no time for this question$/)
})

test('all questions together fit into a card, at a port and at a UNIX socket', () => {
  for (const plan of [lab.plan, { ...lab.plan, socket: '/made/socket' }]) {
    const needs = questionsOf({ plan } as Lab).map(({ needsMs }) => needsMs)
    assert.equal(needs.length, 10)
    assert.ok(needs.reduce((sum, ms) => sum + ms, 0) <= CARD_MS - 6000, 'with the lab and the first client')
  }
})

test('on a machine that is crowded beforehand a card has more time, by the clock', async () => {
  using patience = (await CardTime.begin(() => 4)).patience(CARD_MS - 4500)
  assert.ok(!patience.signal.aborted)
  await eventually('it has looked at the machine', () => patience.machineIsBusy)
  assert.match(patience.inWords, /4 busy threads per core/)
})
