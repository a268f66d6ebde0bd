/** Whatever is cited can be opened: facts, pages and files, from code, from the documents, from experiments and from their reports. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { experiments } from '#experiments/catalogue.ts'
import { citationOf, deckConceptOf, FACTS, fact } from '#experiments/vocabulary/citation.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { factId, factsIn, factsPage, kernelFacts } from '#report/facts.ts'
import { reportHtml } from '#report/report.ts'
import { recording, runOf } from '#report/testing/runs.ts'
import { solutions } from './support/citations.ts'
import { anchorsOf, broken, citationsIn, linksOf, pathsIn, repositoryFiles, textOf } from './support/links.ts'

const files = repositoryFiles()
const pages = files.filter((file) => file.endsWith('.md'))
const lessons: Experiment[] = [...experiments, ...(await solutions())]

/** Files that are text, this one left out: it cites what must not exist. */
const texts = files.filter(
  (file) => !/\.(bin|png|svg|ico|woff2?)$/.test(file) && !/^test\/citations\.test\.ts$|^package-lock\.json$/.test(file),
)

const complaints = (file: string, targets: readonly string[], from: string): string[] =>
  targets.flatMap((target) => {
    const complaint = broken(target, from)
    return complaint === undefined ? [] : [`${file}: ${complaint}`]
  })

test('what is cited in code, settings and documents is there', () => {
  const cited = texts.map((file) => ({ file, targets: citationsIn(textOf(file)) }))
  assert.deepEqual(
    cited.flatMap(({ file, targets }) => complaints(file, targets, '')),
    [],
  )
  const facts = cited.flatMap(({ targets }) => targets).filter((target) => target.startsWith(`${FACTS}#`))
  assert.ok(facts.length > 15, `${facts.length} citations of facts were found`)
})

test('every link of every page leads to a file or a heading', () => {
  const links = pages.map((file) => ({ file, targets: linksOf(textOf(file)) }))
  assert.ok(links.flatMap(({ targets }) => targets).length > 150)
  assert.deepEqual(
    links.flatMap(({ file, targets }) => complaints(file, targets, file)),
    [],
  )
})

test('every file and folder of the repository that a page names is there', () => {
  const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]!))
  const paths = pages.map((file) => ({ file, targets: pathsIn(textOf(file), folders) }))
  assert.ok(paths.flatMap(({ targets }) => targets).length > 60)
  assert.deepEqual(
    paths.flatMap(({ file, targets }) => complaints(file, targets, '')),
    [],
  )
})

test('every source of an experiment is a fact, a page or a concept that is there, or something that has a name of its own', () => {
  const concepts = conceptsOfTheDeck()
  for (const { name, sources } of lessons) {
    assert.ok(
      sources.some((source) => citationOf(source).target?.startsWith('docs/')),
      `${name} has a source that can be opened here`,
    )
    for (const source of sources) {
      const { target } = citationOf(source)
      if (target?.startsWith('docs/') === true) assert.equal(broken(target, ''), undefined, name)
      const concept = deckConceptOf(source)
      if (concept !== undefined) assert.ok(concepts.has(concept), `${name}: the deck's table has no '${concept}'`)
      assert.doesNotMatch(source, /^deck\b|^facts?\b/i, name)
    }
  }
})

test('a lesson names its concept of the deck, and the table of concepts names the lesson', () => {
  const concepts = conceptsOfTheDeck()
  for (const { name, sources } of experiments) {
    const named = sources.flatMap((source) => deckConceptOf(source) ?? [])
    assert.equal(named.length, 1, `${name} is about one concept`)
    assert.ok(concepts.get(named[0]!)?.includes(`../experiments/${name}.ts`), `${named[0]} does not name ${name}`)
  }
})

test('facts that are written as code, wherever they are, are there', () => {
  const written = texts.flatMap((file) =>
    [...textOf(file).matchAll(/\bfact\('([^']+)'\)/g)].map(([, slug = '']) => ({ file, target: fact(slug) })),
  )
  assert.ok(written.length > 40)
  assert.deepEqual(
    written.flatMap(({ file, target }) => complaints(file, [target], '')),
    [],
  )
})

test('a citation of what is not there is found out', () => {
  const text = `// ${FACTS}#no-such-fact, docs/no-such-page.md and ${FACTS}#syn-drop`
  const [fact, page, good] = citationsIn(text).map((target) => broken(target, ''))
  assert.match(fact ?? '', /has no heading #no-such-fact/)
  assert.match(page ?? '', /there is no docs\/no-such-page\.md/)
  assert.equal(good, undefined)
  const links = linksOf('[a](kernel-facts.md#nothing) and `[b](no.md)` and [c](../README.md "Title")\n[d]: nowhere.md')
  assert.deepEqual(links, ['kernel-facts.md#nothing', '../README.md', 'nowhere.md'])
  assert.match(broken(links[0]!, 'docs/planning.md') ?? '', /no heading #nothing/)
  assert.equal(broken(links[1]!, 'docs/planning.md'), undefined)
  assert.match(broken('../../elsewhere.md', 'docs/planning.md') ?? '', /there is no/)
  const paths = pathsIn('`kernel/libc.ts`, `kernel/no-such.ts` and `a/b`', new Set(['kernel']))
  assert.deepEqual(
    paths.map((named) => broken(named, '')),
    [undefined, 'kernel/no-such.ts: there is no kernel/no-such.ts'],
  )
})

test('headings have the anchors that GitHub gives them', () => {
  const page =
    '# Calling `listen()` again\n## The same\n## The same\n### last_data_sent, ms: [why](x.md)\n```\n# no heading\n```\n'
  assert.deepEqual(anchorsOf(page), ['calling-listen-again', 'the-same', 'the-same-1', 'last_data_sent-ms-why'])
})

test('nothing cites the facts by numbers that no page has', () => {
  const old = /\b[Ff]acts (?:sheet|\d)|\bdeck: /
  assert.deepEqual(
    texts.filter((file) => old.test(textOf(file))),
    [],
  )
})

test('the page of facts lists each fact once, and each says how it was verified and what shows it', () => {
  const page = textOf(FACTS)
  const contents = page.split(/^## /m).find((section) => section.startsWith('Contents'))
  const listed = linksOf(contents ?? '').map((target) => target.slice(1))
  assert.deepEqual(listed.toSorted(), [...factsIn(page).keys()].toSorted())
  const words = new Set(['measured', 'read', 'known'])
  for (const { slug, body } of factsIn(page).values()) {
    if (['how-a-fact-was-verified', 'terms', 'what-was-not-tested'].includes(slug)) continue
    const [, verified = ''] =
      /^> Kernel: .+ · Verified: ([a-z, ]+)\.(?: · Shown by: \[.*\))?$/.exec(body.split('\n').at(-1)!) ?? []
    assert.ok(verified !== '' && verified.split(', ').every((word) => words.has(word)), `${slug}: ${verified}`)
  }
})

test('a fact names the experiments that cite it, and no others', () => {
  const cited = lessons.flatMap(({ name, sources }) =>
    sources.filter((source) => source.startsWith(`${FACTS}#`)).map((source) => `${source} in ${name}`),
  )
  const script = /\]\((?:\.\.\/experiments\/|workshop\/(solution)s\/\d\d)(-?[\w-]+)\.ts\)/g
  const named = [...kernelFacts().values()].flatMap(({ slug, body }) =>
    [...body.matchAll(script)].map(([, solution = '', name = '']) => `${fact(slug)} in ${solution}${name}`),
  )
  assert.deepEqual(named.toSorted(), cited.toSorted())
})

test('a report carries every fact that its experiments cite, and every link in it leads somewhere', () => {
  const runs = lessons.map(({ name, teaches, sources }) => runOf([recording()], { experiment: name, teaches, sources }))
  for (const shown of [...runs.map((run) => [run]), runs]) {
    const page = reportHtml(shown)
    assertWhole(page)
    const cited = shown.flatMap(({ verdict }) => verdict.sources).filter((source) => source.startsWith(`${FACTS}#`))
    for (const source of cited) {
      const id = factId(source.slice(FACTS.length + 1))
      assert.ok(
        page.includes(`href="#${id}"`) && page.includes(`id="${id}"`),
        `${shown[0]!.verdict.experiment}: ${source}`,
      )
    }
  }
})

test('what a report cannot find it names without a link', () => {
  const page = reportHtml([
    runOf([recording()], { sources: [fact('no-such-fact'), 'a book <https://example.org/book>'] }),
  ])
  assertWhole(page)
  assert.match(page, /<cite>docs\/kernel-facts\.md#no-such-fact<\/cite>/)
  assert.match(page, /<a href="https:\/\/example\.org\/book">a book<\/a>/)
  assert.doesNotMatch(page, /the facts cited/)
})

test('the page of facts as HTML has every fact, and its links lead there', () => {
  const page = factsPage()
  assert.ok(page !== undefined)
  assertWhole(page)
  for (const slug of kernelFacts().keys()) assert.ok(page.includes(`id="${factId(slug)}"`), slug)
  assert.ok(page.includes(`href="#${factId('final-ack-overflow')}"`))
})

/** Ids are unique, and every link within the page has its target. */
function assertWhole(page: string): void {
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  assert.deepEqual(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  )
  for (const [, target = ''] of page.matchAll(/ href="([^"]*)"/g))
    assert.ok(/^(https?:|data:)/.test(target) || ids.includes(target.slice(1)), target)
}

/** The deck's concepts, each with the links of its row. */
function conceptsOfTheDeck(): ReadonlyMap<string, string[]> {
  const rows = textOf('docs/architecture.md').matchAll(/^\| ([^|]+) \|(.*)\|$/gm)
  return new Map([...rows].map(([, concept = '', rest = '']) => [concept, linksOf(rest)]))
}
