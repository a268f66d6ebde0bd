import { shownSource } from '../facts.ts'
import { type Html, html } from '../html.ts'

/** Where a lesson comes from: a fact leads to its section on this page, an article to where it was published. */
export function sourcesLine(sources: readonly string[]): Html | undefined {
  if (sources.length === 0) return undefined
  const cited = sources.map((source) => {
    const { text, href } = shownSource(source)
    return html`<cite>${href === undefined ? text : html`<a href="${href}">${text}</a>`}</cite> `
  })
  return html`<p class="sources"><span>Sources</span> ${cited}</p>`
}
