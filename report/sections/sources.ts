import { shownSource } from '../facts.ts'
import { type Html, html } from '../html.ts'

/** The sources of a lesson: a fact links to its section on this page, an article to its URL. */
export function sourcesLine(sources: readonly string[]): Html | undefined {
  if (sources.length === 0) return undefined
  const cited = sources.map((source) => {
    const { text, href } = shownSource(source)
    return html`<cite>${href === undefined ? text : html`<a href="${href}">${text}</a>`}</cite> `
  })
  return html`<p class="sources"><span>Sources</span> ${cited}</p>`
}
