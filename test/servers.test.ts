/** docs/servers.md: what it says follows from the records, and the records agree with what is known of the servers. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { serverOf } from '#findings/servers/recognise.ts'
import { numbersOf, type Recipe, type ServerRecord } from '#lab/servers/recipe.ts'
import { recipes } from '#lab/servers/recipes.ts'
import { page } from '../scripts/servers/page.ts'
import { merged, records } from '../scripts/servers/records.ts'

const root = path.resolve(import.meta.dirname, '..')
const kept = records()

const recipeOf = ({ name }: ServerRecord): Recipe => {
  const recipe = recipes.find((one) => one.name === name)
  assert.ok(recipe, `${name} has a recipe`)
  return recipe
}

const answer = (asks: string, numbers: Record<string, number | string | null>) => ({
  asks,
  how: 'as it is',
  lateMs: 0,
  found: { says: `${asks} was found.`, numbers },
  notJudged: null,
})
const record = (answers: ServerRecord['answers']): ServerRecord => ({
  name: 'nginx-reuseport',
  version: '1.2.3',
  date: '2026-01-31',
  kernel: '6.18.0',
  answers,
})
const reuseport = recipes.filter(({ name }) => name === 'nginx-reuseport')

test('each recipe has a name of its own, and each app is in use', () => {
  assert.equal(new Set(recipes.map(({ name }) => name)).size, recipes.length)
  const apps = path.join(root, 'lab', 'servers', 'apps')
  // By a recipe, or by the scenarios that the planner's book plays on real servers.
  const scenarios = fs.readFileSync(path.join(root, 'lab', 'confirm', 'scenarios.ts'), 'utf8')
  const words = [scenarios, ...recipes.flatMap(({ command, prepare = [] }) => [...command, ...prepare.flat()])].join(
    ' ',
  )
  for (const file of fs.readdirSync(apps)) assert.ok(words.includes(file.replace(/\.(py|js)$/, '')), file)
})

test('a record is of a server that has a recipe, of ten questions, and says when, on which kernel and which version', () => {
  for (const one of kept) {
    recipeOf(one)
    assert.match(one.date, /^\d{4}-\d\d-\d\d$/)
    assert.match(one.version, /^\d+\.\d+/, one.name)
    assert.match(one.kernel, /^\d+\.\d+/)
    assert.equal(one.answers.length, 10, one.name)
    for (const { found, notJudged } of one.answers) assert.ok((found === null) !== (notJudged === null), one.name)
  }
})

test('in each record the queue held one more than its limit, for as many sockets as there were', () => {
  for (const one of kept) {
    const { listens, holds } = numbersOf(one)
    if (holds === undefined || listens === undefined) continue
    assert.equal(holds.held, Number(listens.sockets) * (Number(listens.limit) + 1), one.name)
    if (holds.served === null) continue // the machine was too busy for what came of them
    assert.equal(
      Number(holds.served) + Number(holds.gaveUp) + Number(holds.cutOff),
      holds.started,
      `${one.name}: each client has an outcome`,
    )
  }
})

test('what the servers asked for is what findings say that they ask for', () => {
  const compared: string[] = []
  for (const one of kept) {
    const { command } = recipeOf(one)
    const [program = ''] = command
    const known = serverOf([{ command: path.basename(program), commandLine: command.join(' ') }])
    const asked = numbersOf(one).listens?.asked
    if (known?.defaultBacklog === undefined || asked === undefined) continue
    assert.equal(asked, known.defaultBacklog, `${one.name} is ${known.name}`)
    compared.push(known.name)
  }
  assert.ok(compared.length >= 5, `compared: ${compared.join(', ')}`)
})

test('the page names each server: those that were run with version, date and kernel, the others as not run', () => {
  const text = page(recipes, kept)
  for (const { name, title, install } of recipes) {
    const ran = kept.find((one) => one.name === name)
    if (ran === undefined) assert.match(text, new RegExp(`^Not run:.*${RegExp.escape(title)}`, 'm'))
    else {
      assert.ok(text.includes(`Version ${ran.version}, Linux ${ran.kernel}, ${ran.date}. \`${install}\``), name)
      assert.ok(text.includes(`| [${title}](#`), name)
    }
  }
})

test('a belief is called contradicted only where the numbers of the card contradict it', () => {
  const whole = page(reuseport, [record([answer('What listens?', { sockets: 2, limit: 511, acceptors: 2 })])])
  assert.match(whole, /share the backlog.*Seen: 2 sockets, each with all of its 511/)
  const share = page(reuseport, [record([answer('What listens?', { sockets: 2, limit: 256, acceptors: 2 })])])
  assert.doesNotMatch(share, /belief/)
  assert.doesNotMatch(page(reuseport, [record([])]), /belief/)
})

test('what was not judged is a dash in the table, never a zero', () => {
  const notJudged = {
    asks: 'What do a reload and a stop in order lose?',
    how: '',
    lateMs: 900,
    found: null,
    notJudged: 'busy',
  }
  const [row] = page(reuseport, [record([notJudged])]).match(/^\| \[nginx.*$/m) ?? []
  assert.ok(row)
  assert.doesNotMatch(row.replace(/1\.2\.3/, ''), /\d/)
  assert.match(row, /\| – \| – \|/)
})

test('an answer of the same version, kernel and day stands where a later run could not judge', () => {
  const judged = record([answer('What listens?', { sockets: 2 })])
  const busy = record([{ asks: 'What listens?', how: '', lateMs: 900, found: null, notJudged: 'too busy' }])
  assert.deepEqual(merged(judged, busy).answers, judged.answers)
  assert.deepEqual(merged(busy, judged).answers, judged.answers)
  const newer = { ...busy, version: '1.2.4' }
  assert.deepEqual(merged(judged, newer), newer)
  assert.deepEqual(merged(undefined, busy), busy)
})

test('what other pages say of these servers is what the records say', () => {
  const pages = ['docs/workshop/06-sharding.md']
  for (const file of pages) {
    const said = fs.readFileSync(path.join(root, file), 'utf8')
    const figures = [...said.matchAll(/([\d,]+)<!-- record (\S+): (\w+)\.(\w+) -->/g)]
    assert.ok(figures.length > 0, file)
    for (const [, figure = '', name, question = '', number = ''] of figures) {
      const one = kept.find((record) => record.name === name)
      assert.ok(one, `${file}: there is a record of ${name}`)
      const answers: Record<string, Record<string, unknown> | undefined> = numbersOf(one)
      assert.equal(Number(figure.replace(',', '')), answers[question]?.[number], `${file}: ${name}, ${question}`)
    }
  }
})
