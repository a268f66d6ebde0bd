/** docs/kernel-facts.md. Reports include the parts that they cite, so that they can be read without the repository. */
import fs from 'node:fs'
import { citationOf, FACTS } from '#experiments/vocabulary/citation.ts'
import { type Html, html } from './html.ts'
import { markdownHtml } from './markdown.ts'
import { page } from './page.ts'

/** A section with its own heading. */
export interface Fact {
  slug: string
  title: string
  /** Markdown. */
  body: string
}

/** In a checkout one folder up; in a compiled package two. */
const places = ['../', '../../'].map((up) => new URL(`${up}${FACTS}`, import.meta.url))

let known: ReadonlyMap<string, Fact> | undefined

/** Every fact by its anchor, in the order of the page. Empty if the page is not installed. */
export function kernelFacts(): ReadonlyMap<string, Fact> {
  const place = places.find((candidate) => fs.existsSync(candidate))
  known ??= factsIn(place === undefined ? '' : fs.readFileSync(place, 'utf8'))
  return known
}

/** The facts of a page: what stands under each heading of the third level. */
export function factsIn(text: string): ReadonlyMap<string, Fact> {
  const [, ...parts] = text.split(/^### /m)
  return new Map(
    parts.map((part) => {
      const [title = '', ...body] = part.split(/^## /m)[0]!.split('\n')
      const slug = slugOf(title)
      return [slug, { slug, title: title.trim(), body: body.join('\n').trim() }]
    }),
  )
}

/** The anchor that GitHub gives a heading. */
export const slugOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')

/** The anchor that a source names on the page of facts; undefined if it names none. */
function factSlugOf(source: string): string | undefined {
  const { target } = citationOf(source)
  return target?.startsWith(`${FACTS}#`) ? target.slice(FACTS.length + 1) : undefined
}

/** The id of a fact on an HTML page, where experiments have ids too. */
export const factId = (slug: string): string => `fact-${slug}`

/**
 * A source as a display shows it: a fact by its title, with a link to its section on the page `factsAt` (this page by
 * default); an article by its text, with its URL; a source that is only named, or not installed, without a link.
 */
export function shownSource(source: string, factsAt = ''): { text: string; href?: string } {
  const fact = kernelFacts().get(factSlugOf(source) ?? '')
  if (fact !== undefined) return { text: fact.title, href: `${factsAt}#${factId(fact.slug)}` }
  const { text, target } = citationOf(source)
  return target !== undefined && /^https?:/.test(target) ? { text, href: target } : { text }
}

/** The facts that these sources cite, as an appendix. Undefined if none of them is known. */
export function factsSection(sources: readonly string[]): Html | undefined {
  const all = kernelFacts()
  const cited = new Set(sources.map(factSlugOf))
  const facts = [...all.values()].filter(({ slug }) => cited.has(slug))
  const legend = all.get('how-a-fact-was-verified')
  if (facts.length === 0) return undefined
  const shown = [...facts, ...(legend === undefined || facts.includes(legend) ? [] : [legend])]
  return html`<section class="facts"><h2>What the kernel does: the facts cited</h2>
<p class="meaning">From <code>${FACTS}</code> of this version of Spillway.</p>
${sections(shown)}</section>`
}

/** Every fact on one page: sections by id, with links between them. Undefined if the page of facts is not installed. */
export function factsPage(): string | undefined {
  const facts = [...kernelFacts().values()]
  if (facts.length === 0) return undefined
  return page(
    'What the kernel does – Spillway',
    html`<header class="masthead"><h1>What the kernel does</h1>
<p class="lesson">How Linux handles listening sockets and the queues in front of them: each fact with the kernel function, and how it was verified.</p></header>
<section class="facts">${sections(facts)}</section>`,
  )
}

function sections(facts: readonly Fact[]): Html[] {
  const here = new Set(facts.map(({ slug }) => slug))
  const resolve = (target: string): string | undefined =>
    target.startsWith('#') && here.has(target.slice(1)) ? `#${factId(target.slice(1))}` : undefined
  return facts.map(
    ({ slug, title, body }) => html`<section class="fact"><h3 id="${factId(slug)}">${title}</h3>
${markdownHtml(body, title, resolve)}</section>
`,
  )
}
