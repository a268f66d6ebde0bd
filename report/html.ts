/** HTML and SVG as tagged templates: whatever is put in is text, unless it came out of a template itself. */

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

/** What a template takes. Nothing is shown for null, undefined and false; a dash for a number that is none. */
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

/** Text that stands for itself in HTML, between tags and in quoted attributes. */
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!)
