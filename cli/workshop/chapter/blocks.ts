/** A chapter's Markdown as blocks. GitHub shows the same file as it stands. Pure. */
import { type Directive, isDirective, readDirective } from './directive.ts'

export type Block =
  | { is: 'heading'; level: number; text: string }
  | { is: 'paragraph'; text: string }
  | { is: 'table'; text: string }
  | { is: 'list'; ordered: boolean; items: Item[] }
  | { is: 'code'; language: string; text: string }
  | { is: 'picture'; alternative: string; target: string }
  | { is: 'details'; summary: string; blocks: Block[] }
  | { is: 'part'; part: Directive }

interface Item {
  text: string
  parts: Directive[]
}

const opens = /^(#{1,3} |```|<details>|!\[|\d+\. |- |\|)/
const marker = /^(?:\d+\.|-) +/

/** Reads the lines of a chapter. Throws a UsageError for a part that is none. */
export function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = []
  let at = 0
  /** Takes lines from here on while they belong; the first always does. */
  const take = (belongs: (line: string) => boolean): string[] => {
    const from = at++
    while (at < lines.length && belongs(lines[at]!)) at++
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at]!
    if (line.trim() === '') at++
    else if (isDirective(line)) blocks.push({ is: 'part', part: readDirective(lines[at++]!) })
    else if (line.startsWith('```')) {
      const [, ...code] = take((next) => !next.startsWith('```'))
      at++
      blocks.push({ is: 'code', language: line.slice(3), text: code.join('\n') })
    } else if (line.startsWith('<details>')) {
      const inner = take((next) => !next.startsWith('</details>')).slice(1)
      at++
      const [, summary = ''] = /^<summary>(.*)<\/summary>$/.exec(inner[0] ?? '') ?? []
      blocks.push({ is: 'details', summary, blocks: blocksOf(inner.slice(1)) })
    } else if (line.startsWith('#')) {
      const [, hashes = '', text = ''] = /^(#+) (.*)$/.exec(lines[at++]!) ?? []
      blocks.push({ is: 'heading', level: hashes.length, text })
    } else if (line.startsWith('![')) {
      const [, alternative = '', target = ''] = /^!\[([^\]]*)\]\(([^)]+)\)/.exec(take((next) => next !== '')[0]!) ?? []
      blocks.push({ is: 'picture', alternative, target })
    } else if (marker.test(line)) {
      const text = take((next) => marker.test(next) || /^\s+\S/.test(next))
      blocks.push({ is: 'list', ordered: /^\d/.test(line), items: itemsOf(text) })
    } else if (line.startsWith('|')) blocks.push({ is: 'table', text: take((next) => next.startsWith('|')).join('\n') })
    else {
      const text = take((next) => next.trim() !== '' && !opens.test(next) && !isDirective(next))
      blocks.push({ is: 'paragraph', text: text.join('\n') })
    }
  }
  return blocks
}

function itemsOf(lines: readonly string[]): Item[] {
  const items: Item[] = []
  for (const line of lines) {
    const last = items.at(-1)
    if (marker.test(line) || last === undefined) items.push({ text: line.replace(marker, ''), parts: [] })
    else if (isDirective(line)) last.parts.push(readDirective(line))
    else last.text += ` ${line.trim()}`
  }
  return items
}
