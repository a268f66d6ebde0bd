import assert from 'node:assert/strict'
import test from 'node:test'
import { answerOf, estimateInWords, type Judgement } from '#planner/answer.ts'
import { atLeast, type Outcome, type Quantity, quantities } from '#planner/outcome.ts'
import { planHtml } from './plan.ts'
import { answer, asked, judgement, lengths } from './testing/answers.ts'

/** What a slip in a template or in arithmetic would leave behind. */
const slips = /NaN|undefined|Infinity|null|\[object/

/** The page without its own style and script, where such words are code. */
const bodyOf = (page: string): string => page.replace(/<(style|script)>.*?<\/\1>/gs, '')

const textOf = (page: string): string =>
  bodyOf(page)
    .replace(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')

/** The tables of a page by their label, row by row, cell by cell. */
function rowsOf(page: string, label: string): string[][] {
  const [, table = ''] = new RegExp(`aria-label="${label}".*?<tbody>(.*?)</tbody>`, 's').exec(page) ?? []
  return [...table.matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<t[hd].*?<\/t[hd]>/gs)].map(([cell]) => textOf(cell).trim()),
  )
}

/** The level stretches of each line of a name: values, stroke by stroke. */
const levelsOf = (page: string, name: string): number[][][] =>
  [...page.matchAll(new RegExp(`data-name="${name}" d="([^"]*)"`, 'g'))].map(([, path]) =>
    path!
      .split('M')
      .slice(1)
      .map((stroke) => {
        const points = stroke.split('L').map((point) => point.split(',').map(Number))
        return points.flatMap(([x, y], at) => {
          const [nextX, nextY] = points[at + 1] ?? []
          return y === nextY && nextX! > x! ? [0 - y!] : []
        })
      }),
  )

test('an answer has its question, the answer, what to set, why, and how to ask again', () => {
  const page = planHtml(answer(), asked)
  assert.doesNotMatch(bodyOf(page), slips)
  assert.match(page, /<h1>What happens with a backlog of 9\?<\/h1>/)
  for (const words of [
    '80 % of the connections lose a SYN.',
    'backlog: 9, reusePort: true',
    'somaxconn stays 4096',
    '50 come, and N + 1 = 10 fit.',
    'Arrivals are independent',
    'Closed form: arrivals against N + 1.',
    '200 connections',
    '190 ok, 10 timed out.',
    'Linux 6.18.44',
    asked.command,
  ])
    assert.ok(textOf(page).includes(words), words)
})

test('a page refers to nothing outside itself', () => {
  assert.doesNotMatch(bodyOf(planHtml(answer(), asked)), /(?:src|href)="(?!#|data:)/)
})

test('every piece of both curves is drawn, and a piece without a sample is a hole', () => {
  const page = planHtml(answer(), asked)
  const [predicted, alsoPredicted] = levelsOf(page, 'predicted')
  assert.deepEqual(predicted, [lengths.mean])
  assert.deepEqual(alsoPredicted, [[0]], 'ten pieces alike are one')
  assert.deepEqual(levelsOf(page, 'measured')[0], [lengths.measured.slice(0, 7), lengths.measured.slice(8)])
  assert.equal(page.match(/full: 9 \+ 1/g)?.length, 2)
})

test('the band is drawn where the runs differ', () => {
  const page = planHtml(answer(), asked)
  assert.deepEqual(levelsOf(page, '95 % from'), [[lengths.low]])
  assert.deepEqual(levelsOf(page, 'to'), [[lengths.high]])
  assert.equal(page.match(/class="band c-/g)?.length, 1)
})

test('tables hold what was predicted and measured', () => {
  const page = planHtml(answer(), asked)
  const { predicted, measured, asItHappened } = judgement()
  const rows = rowsOf(page, 'Quantities')
  assert.equal(rows.length, 5)
  for (const [words, ...cells] of rows) {
    const [quantity] = (Object.entries(quantities) as [Quantity, string][]).find(([, name]) => name === words)!
    for (const [at, { estimates }] of [predicted, measured, asItHappened].entries()) {
      const estimate = estimates[quantity]
      const expected = estimate === undefined ? '–' : estimateInWords(quantity, estimate).replace(/[()]/g, '')
      assert.equal(cells[at], expected, words)
    }
  }
  const errors = Object.fromEntries(rows.map(([words, , , , error, verdict]) => [words, `${error} ${verdict}`]))
  assert.equal(errors.ListenDrops, '+8 (+25 %) ✗ contradicts')
  assert.equal(errors['connections that lost a SYN'], '+5 points (+25 %) ✓ agrees')
  assert.equal(errors['connect, 99th percentile'], '−12 ms (−1.16 %) ✓ agrees')
  assert.equal(errors['accept wait, longest'], '0 ✓ agrees')
  assert.deepEqual(rowsOf(page, 'Time to connect'), [
    ['predicted', '500 µs', '1.01 s', '1.02 s', '1.02 s'],
    ['measured', '200 µs', '1.03 s', '1.03 s', '1.04 s'],
  ])
  assert.deepEqual(rowsOf(page, 'Accept wait')[1], ['measured', '104 ms', '248 ms', '296 ms', '–'])
})

test('every judgement has a section of its own, to which its verdict leads', () => {
  const lab = [judgement({ name: 'first', verdict: 'agrees', disagreements: [] }), judgement({ name: 'second' })]
  const page = planHtml(answer(lab), asked)
  for (const [at, { name }] of lab.entries())
    assert.match(
      page,
      new RegExp(`href="#lab-${at + 1}">${name}.*id="lab-${at + 1}"><h2>Predicted.*: ${name}</h2>`, 's'),
    )
  assert.match(textOf(page), /✓ agrees The lab, first ✗ contradicts The lab, second/)
  assert.match(textOf(page), /did not do what was predicted: ListenDrops\./)
})

test('what was not judged says why, and judges no quantity', () => {
  const lab = [judgement({ verdict: 'not judged', reason: 'the load came late', disagreements: [] })]
  const page = planHtml(answer(lab), asked)
  assert.match(textOf(page), /– not judged This machine could not play .* The load came late\./)
  assert.ok(rowsOf(page, 'Quantities').every((row) => !row.join().includes('agrees')))
})

test('an answer that no lab has judged says how to get that, if it can be had', () => {
  const confirming = 'spillway plan --rate 100/s --confirm'
  const invited = textOf(planHtml(answer([]), { ...asked, confirming }))
  assert.ok(invited.includes(confirming))
  for (const page of [invited, textOf(planHtml(answer([]), asked))])
    assert.doesNotMatch(page, /Predicted against measured/)
  assert.doesNotMatch(textOf(planHtml(answer([]), asked)), /No lab has judged/)
})

test('only the stretch in which something happens is shown, and what the rest held is said', () => {
  const idle = new Array(500).fill(1)
  const [busy] = judgement().queues
  const padded = (values: readonly (number | null)[]): number[] => [...values.map((value) => value ?? 0), ...idle]
  const queues = [
    {
      ...busy!,
      measured: padded(lengths.measured),
      predicted: { low: padded(lengths.low), mean: padded(lengths.mean), high: padded(lengths.high) },
    },
  ]
  const page = planHtml(answer([judgement({ queues })]), asked)
  assert.match(textOf(page), /Shown: 0\.02 s to 0\.20 s of 10\.20 s; outside it no queue was longer than 1\./)
})

test('one or two that pass through an empty queue fill no plot', () => {
  const queues = judgement()
    .queues.slice(1)
    .map((one) => ({ ...one, limit: 511, measured: [0, 2, 0, 1, 0] }))
  const page = planHtml(answer([judgement({ queues })]), asked)
  assert.match(textOf(page), /full at 512, far above predicted up to 0 measured up to 2/)
  assert.match(page, /class="y">10</, 'two of ten are low')
  assert.doesNotMatch(textOf(page), /Shown: /)
})

const sparse: [string, Partial<Judgement>][] = [
  ['no queue', { queues: [] }],
  ['a queue of which nothing is known', { queues: judgement().queues.map((one) => ({ ...one, measured: [] })) }],
  [
    'clients of which nothing is known',
    {
      connectMs: { shares: [0, 1], predicted: [null, null], measured: [null, null] },
      acceptWaitMs: { shares: [], predicted: [], measured: [] },
      played: { connections: 0, scheduleLagP99Ms: Number.NaN, acceptMs: null, sampledEveryMs: 2, outcomes: {} },
    },
  ],
  ['no numbers', { predicted: { ...judgement().predicted, estimates: {} } }],
]
for (const [what, changes] of sparse)
  test(`${what} is a page too`, () => assert.doesNotMatch(bodyOf(planHtml(answer([judgement(changes)]), asked)), slips))

test('an answer in words alone, and one whose table compares no methods, are pages too', () => {
  const bare = planHtml(answerOf({ question: 'Why?', answer: [] }), asked)
  assert.doesNotMatch(bodyOf(bare), slips)
  const table = { columns: ['backends', 'load'], rows: [['4', '80 %']] }
  assert.deepEqual(rowsOf(planHtml(answerOf({ question: 'How many?', answer: ['4.'], table }), asked), 'Predictions'), [
    ['4', '80 %'],
  ])
})

test('where the ways of predicting disagree the page says so, and a value with only a lower bound is shown as one', () => {
  const outcome = (method: Outcome['method'], drops: Outcome['estimates']['drops']): Outcome => ({
    method,
    basis: 'nothing',
    estimates: { drops: drops! },
  })
  const outcomes = [outcome('closed form', atLeast(50)), outcome('simulation', { value: 20, low: 10, high: 30 })]
  const table = { columns: ['', 'closed form', 'simulation'], rows: [['ListenDrops', '', '']] }
  const page = planHtml(answerOf({ question: 'Why?', answer: ['So.'], outcomes, table }), asked)
  assert.match(textOf(page), /The ways of predicting disagree\. ListenDrops: closed form says at least 50/)
  assert.deepEqual(rowsOf(page, 'Predictions')[0]?.slice(1, 3), ['at least 50', '20 10 to 30'])
  assert.doesNotMatch(bodyOf(page), slips)
})

test('nothing that an answer says becomes HTML', () => {
  const evil = '<img src=x onerror=alert(1)>"\'&'
  const page = planHtml(
    {
      ...answer([judgement({ name: evil, reason: evil, verdict: 'not judged' })]),
      question: evil,
      answer: [evil, evil],
      why: [evil],
      howSure: [evil],
      settings: [{ where: 'Node', text: evil }],
      table: { columns: [evil, evil], rows: [[evil, evil]] },
    },
    { ...asked, command: evil },
  )
  assert.doesNotMatch(page, /<img/)
})

test('where clients leave requests half open their queue is drawn too, with room for all sockets together', () => {
  const [shard] = judgement().queues
  assert.ok(shard !== undefined)
  const { everyMs, predicted, measured } = shard
  const page = planHtml(answer([judgement({ synQueue: { limit: 19, everyMs, predicted, measured } })]), asked)
  assert.match(page, /<h3>SYN queue<\/h3>/)
  assert.match(page, /full: 19 \+ 1/)
  assert.doesNotMatch(planHtml(answer(), asked), /<h3>SYN queue<\/h3>/)
})
