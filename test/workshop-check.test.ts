/** The check of an exercise, with files as participants write them, each in a lab of its own. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { checker } from '#cli/workshop/check/check.ts'
import type { CheckNews } from '#services/board/server/workshop.ts'

const root = path.resolve(import.meta.dirname, '..')
const vocabulary = new URL('../experiments/vocabulary.ts', import.meta.url).href

function folderOf(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-mine-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const write = (folder: string, name: string, source: string): void =>
  fs.writeFileSync(
    path.join(folder, name),
    source.replaceAll(/'(#experiments\/vocabulary\.ts|VOCABULARY)'/g, `'${vocabulary}'`),
  )

async function checked(folder: string, exercise: string, file: string): Promise<CheckNews[]> {
  const news: CheckNews[] = []
  for await (const one of checker(folder)(exercise, file, new AbortController().signal)) news.push(one)
  return news
}

const problemIn = (news: readonly CheckNews[]): string => {
  const last = news.at(-1)
  return last !== undefined && 'problem' in last ? last.problem : ''
}

/** Of a machine too busy to judge nothing more can be asked: it is tried anew, then skipped with the reason. */
async function judged(context: TestContext, folder: string, exercise: string, file: string) {
  for (let left = 3; ; left--) {
    const news = await checked(folder, exercise, file)
    const last = news.at(-1)
    if (last !== undefined && 'found' in last) return { phases: news.slice(0, -1), found: last.found }
    if (!problemIn(news).startsWith('not judged')) assert.fail(problemIn(news))
    if (left > 1) continue
    assert.ok(!process.env.SPILLWAY_NO_SKIP, problemIn(news))
    context.skip(problemIn(news))
    return undefined
  }
}

const wrongFile = `import { equals, experiment, that } from 'VOCABULARY'
export default experiment({
  name: 'my-backlog',
  teaches: 'A first try.',
  sources: ['mine'],
  lab: { backends: [{ backlog: 8 }] },
  phases: {
    stall: ({ backend }) => backend(1).stall(),
    hold: ({ clients }) => clients.hold({ connections: 4 }),
    release: ({ backend }) => backend(1).release(),
  },
  expect: ({ listener, clients }) => ({
    kernel: [that('the queue holds four', listener(1).peak, equals(4))],
    userspace: [that('four clients come', clients.count, equals(4))],
  }),
})
`

test('a wrong file is run, and told what is still wrong, requirement by requirement', async (context) => {
  const folder = folderOf(context)
  write(folder, 'my-backlog.ts', wrongFile)
  const outcome = await judged(context, folder, 'backlog-zero', './my-backlog.ts')
  if (outcome === undefined) return
  assert.ok(
    outcome.phases.some((news) => 'phase' in news && news.phase === 'hold'),
    'its phases are told as they begin',
  )
  const wrong = new Map(outcome.found.map(({ asks, wrong }) => [asks, wrong]))
  assert.match(wrong.get('a backend has the backlog 0') ?? '', /^it is 8; see lab:/)
  assert.match(wrong.get('listen() is called again, with 3') ?? '', /^the largest limit was 8/)
  assert.match(wrong.get('the kernel says what a backlog of 0 holds') ?? '', /listener\(1\)\.length/)
  assert.ok(wrong.has('at least 2 clients come'))
  assert.equal(wrong.get('at least 2 clients come'), undefined)
})

test('a right file meets every requirement', async (context) => {
  const folder = folderOf(context)
  const solution = fs.readFileSync(path.join(root, 'docs/workshop/solutions/01-backlog-zero.ts'), 'utf8')
  write(folder, 'my-backlog.ts', solution)
  const outcome = await judged(context, folder, 'backlog-zero', 'my-backlog.ts')
  assert.deepEqual(outcome?.found.filter(({ wrong }) => wrong !== undefined) ?? [], [])
})

test('a file that is not there, outside, or no experiment is told in words, and nothing outside the folder is run', async (context) => {
  const folder = folderOf(context)
  assert.match(
    problemIn(await checked(folder, 'backlog-zero', './my-backlog.ts')),
    /^There is no my-backlog\.ts in .*spillway new my-backlog$/,
  )
  const outside = path.join(root, 'experiments/small-backlog.ts')
  assert.match(problemIn(await checked(folder, 'backlog-zero', outside)), /is not in /)
  fs.symlinkSync(outside, path.join(folder, 'linked.ts'))
  assert.match(problemIn(await checked(folder, 'backlog-zero', './linked.ts')), /is not in /)
  write(folder, 'none.ts', 'export default 7\n')
  assert.match(problemIn(await checked(folder, 'backlog-zero', './none.ts')), /is not an experiment/)
  write(folder, 'broken.ts', 'export default experiment({\n')
  assert.match(problemIn(await checked(folder, 'backlog-zero', './broken.ts')), /cannot be loaded/)
  write(folder, 'ends.ts', 'process.exit(0)\n')
  assert.match(problemIn(await checked(folder, 'backlog-zero', './ends.ts')), /has ended or hangs/)
  assert.match(problemIn(await checked(folder, 'no-such', './none.ts')), /There is no exercise/)
})
