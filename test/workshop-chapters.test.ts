/** The chapters: every interactive part refers to something that exists, and the files stay Markdown that GitHub shows. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { blocksOf } from '#cli/workshop/chapter/blocks.ts'
import type { Directive } from '#cli/workshop/chapter/directive.ts'
import { chapterHtml } from '#cli/workshop/chapter/html.ts'
import { workshopOffer } from '#cli/workshop/chapters.ts'
import { exercises } from '#cli/workshop/check/exercises.ts'
import { firstProblem } from '#common/validate.ts'
import { experiments } from '#experiments/catalogue.ts'
import { SwitchOrder } from '#live/orders.ts'
import { selectorOf } from '../services/board/web/workshop/places.ts'
import { chapters } from './support/citations.ts'

const folder = path.resolve(import.meta.dirname, '../docs/workshop')
const textOf = (file: string): string => fs.readFileSync(path.join(folder, file), 'utf8')

/** All parts of a chapter, those in lists and hints too. */
function partsOf(blocks: ReturnType<typeof blocksOf>): Directive[] {
  return blocks.flatMap((block) => {
    if (block.is === 'part') return [block.part]
    if (block.is === 'list') return block.items.flatMap(({ parts }) => parts)
    return block.is === 'details' ? partsOf(block.blocks) : []
  })
}

for (const file of chapters()) {
  const text = textOf(file)
  const parts = partsOf(blocksOf(text.split('\n')))

  test(`${file}: what it throws, runs, shows and checks exists`, () => {
    for (const part of parts) {
      if (part.kind === 'run')
        for (const order of part.orders) assert.equal(firstProblem(SwitchOrder, order), undefined)
      if (part.kind === 'experiment')
        assert.ok(
          experiments.some(({ name }) => name === part.name),
          part.name,
        )
      if (part.kind === 'look') assert.notEqual(selectorOf(part.place), undefined, part.place)
      if (part.kind === 'check') assert.ok(Object.hasOwn(exercises, part.exercise), part.exercise)
    }
    assert.equal(parts.length, text.match(/<!-- spillway /g)?.length, 'and every part is found')
  })

  test(`${file}: it has every step of the way, a prediction that the board answers, and a picture`, () => {
    for (const kind of ['predict', 'run', 'experiment', 'look', 'check'])
      assert.ok(
        parts.some((part) => part.kind === kind),
        `no ${kind}`,
      )
    assert.ok(
      parts.some((part) => part.kind === 'predict' && 'reading' in part),
      'none that is drawn',
    )
    for (const heading of ['Predict', 'Run', 'Look', 'Explain']) assert.match(text, new RegExp(`^## ${heading}$`, 'm'))
    assert.match(text, /^## Exercises?$/m)
    assert.ok((text.match(/<summary>Hint/g)?.length ?? 0) >= 2, 'hints')
    const [, picture = ''] = /^!\[.{20,}\]\((pictures\/[\w-]+\.svg)\)$/m.exec(text) ?? []
    assert.match(textOf(picture), /prefers-color-scheme: dark/, 'legible in light and dark')
  })

  test(`${file}: the experiments of its command are those of its buttons`, () => {
    const commands = [...text.matchAll(/^bin\/spillway run ([\w -]+)$/gm)].flatMap(([, names = '']) => names.split(' '))
    const buttons = parts.flatMap((part) => (part.kind === 'experiment' ? [part.name] : []))
    assert.deepEqual(buttons.toSorted(), commands.toSorted())
  })
}

test('every exercise is asked for by one chapter, and its solution is there', () => {
  const asked = chapters().flatMap((file) =>
    partsOf(blocksOf(textOf(file).split('\n'))).flatMap((part) => (part.kind === 'check' ? [part.exercise] : [])),
  )
  assert.deepEqual(asked.toSorted(), Object.keys(exercises).toSorted())
  const solutions = fs.readdirSync(path.join(folder, 'solutions')).map((name) => name.replace(/^\d\d-|\.ts$/g, ''))
  assert.deepEqual(asked.toSorted(), solutions.toSorted())
})

test('a part that is none is refused with the line', () => {
  const refused = [
    '<!-- spillway run explode 2 -->',
    '<!-- spillway run stall 2; explode -->',
    '<!-- spillway run start storm 5 -->',
    '<!-- spillway run sysctl kernel.panic 1 -->',
    '<!-- spillway predict x temperature 2 -->',
    '<!-- spillway dance -->',
    '<!-- spillway check backlog-zero -->',
  ]
  for (const line of refused)
    assert.throws(() => blocksOf([line]), { name: 'UsageError', message: `'${line}' is not a part of a chapter` })
  const citing = '# A\n\n1. How many?\n   <!-- spillway predict x cited "small-backlog: nothing" -->\n'
  assert.throws(() => chapterHtml(citing, () => undefined), {
    name: 'UsageError',
    message: /cites 'small-backlog: nothing'/,
  })
})

test('a page holds the whole text of its chapter, without its comments', () => {
  for (const { name, html, title, steps } of workshopOffer().chapters) {
    assert.match(title, /^\d\. /, name)
    assert.doesNotMatch(html, /&lt;!--|&lt;details|\*\*|\]\(/, name)
    assert.ok(html.includes('<details class="section" id="explain"'), name)
    assert.equal(new Set(steps).size, steps.length, `${name}: a name for each step`)
    assert.equal(html.match(/ data-step="/g)?.length, steps.length, name)
  }
})

test('the way goes from the handshake to SO_REUSEPORT', () => {
  const first = chapters().find((file) => /SO_REUSEPORT/.test(textOf(file))) ?? ''
  assert.ok('01-handshake.md' < first, first)
})
