/** The sources of an experiment: each is one line of text, from which a display takes what can be opened. */

/** A source as a display shows it. */
export interface Citation {
  /** What a person reads. */
  text: string
  /** Where it can be opened: a path from the repository's root, `docs/kernel-facts.md#syn-drop`, or a URL. Undefined if the source is only named. */
  target: string | undefined
}

/** The page of facts, from the repository's root. */
export const FACTS = 'docs/kernel-facts.md'

const DECK = 'the deck "Sockets, Connections and Queues"'

/** A section of docs/kernel-facts.md, by the anchor of its heading: `fact('accept-queue-limit')`. */
export const fact = (slug: string): string => `${FACTS}#${slug}`

/** A concept of the deck "Sockets, Connections and Queues", in the words of the table in docs/architecture.md. */
export const deck = (concept: string): string => `${DECK}: ${concept}`

/**
 * Parses a source. A path below docs/ is its own target; `text <https://…>` leads to the URL; anything else, such as the
 * name of a kernel function, is only named.
 */
export function citationOf(source: string): Citation {
  if (/^docs\/\S+$/.test(source)) return { text: source, target: source }
  const [, text, target] = /^(.+?) <(https?:\/\/[^\s<>]+)>$/.exec(source) ?? []
  return text === undefined ? { text: source, target: undefined } : { text, target }
}

/** The concept of the deck that a source names; undefined if it names none. */
export const deckConceptOf = (source: string): string | undefined =>
  source.startsWith(`${DECK}: `) ? source.slice(DECK.length + 2) : undefined
