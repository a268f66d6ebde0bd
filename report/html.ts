/** HTML and SVG as tagged templates: every value is treated as text, unless it comes from such a template. */

export class Html {
  readonly #text: string

  /** Only for text that is HTML already. */
  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What a template takes. Null, undefined and false show nothing; a number that is not finite shows a dash. */
export type Content = Html | string | number | null | undefined | false | readonly Content[]

export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(strings.reduce((text, string, at) => text + rendered(values[at - 1]) + string))
}

function rendered(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (content instanceof Html) return content.toString()
  if (typeof content === 'string') return escaped(content)
  if (typeof content === 'number') return Number.isFinite(content) ? String(content) : '–'
  return content.map(rendered).join('')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text escaped for HTML, between tags and in quoted attributes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!)
