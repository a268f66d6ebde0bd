/**
 * The Markdown that docs/kernel-facts.md uses, as HTML: paragraphs, lists of one level, tables, a quoted last line, and
 * inline code, bold, italics and links. Anything else is an error, so that nothing is shown incorrectly.
 */
import { scrolling } from './figure.ts'
import { type Content, type Html, html } from './html.ts'

/** Where a link leads on this page; undefined if its target is not here, so that only its text is shown. */
export type Resolve = (target: string) => string | undefined

/** A section's body. `name` labels its tables for screen readers. Throws for any other Markdown. */
export function markdownHtml(text: string, name: string, resolve: Resolve): Html {
  const blocks = text.trim().split(/\n{2,}/)
  return html`${blocks.map((block) => html`${blockHtml(block, name, resolve)}\n`)}`
}

function blockHtml(block: string, name: string, resolve: Resolve): Html {
  const lines = block.split('\n')
  const all = (prefix: string): boolean => lines.every((line) => line.startsWith(prefix))
  if (all('|')) return table(lines, name, resolve)
  if (all('> ')) return html`<p class="rests-on">${inline(lines.map((line) => line.slice(2)).join(' '), resolve)}</p>`
  if (lines[0]!.startsWith('- ')) {
    if (lines.some((line) => !/^(- | {2})(?!- )\S/.test(line)))
      throw new SyntaxError(`Not a list of one level: ${block}`)
    const items = block.split(/\n(?=- )/).map((item) => item.slice(2).replaceAll('\n  ', ' '))
    return html`<ul>${items.map((item) => html`<li>${inline(item, resolve)}</li>`)}</ul>`
  }
  if (/^(#|```|~~~|\d+\. |[*+] |\s|<\w)|!\[/.test(block)) throw new SyntaxError(`Not known here: ${lines[0]}`)
  return html`<p>${inline(lines.join(' '), resolve)}</p>`
}

function table([head = '', rule = '', ...rows]: readonly string[], name: string, resolve: Resolve): Html {
  if (!/^\|( -{3,} \|)+$/.test(rule)) throw new SyntaxError(`Not a table: ${head}`)
  const cells = (row: string): Html[] =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => inline(cell.trim().replaceAll('\\|', '|'), resolve))
  return scrolling(
    name,
    html`<table><thead><tr>${cells(head).map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row).map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table>`,
  )
}

const marks =
  /`([^`]+)`|\*\*(.+?)\*\*(?!\*)|(?<![*\w])\*([^*\s](?:[^*]*[^*\s])?)\*(?![*\w])|\[([^\]]+)\]\(([^()\s]+)\)/g

/** A line or paragraph: code, bold, italics and links. */
export function inline(text: string, resolve: Resolve): Html {
  const parts: Content[] = []
  let at = 0
  for (const { 0: whole, 1: code, 2: bold, 3: italic, 4: label = '', 5: target = '', index } of text.matchAll(marks)) {
    parts.push(text.slice(at, index))
    at = index + whole.length
    if (code !== undefined) parts.push(html`<code>${code}</code>`)
    else if (bold !== undefined) parts.push(html`<b>${inline(bold, resolve)}</b>`)
    else if (italic !== undefined) parts.push(html`<em>${inline(italic, resolve)}</em>`)
    else parts.push(link(inline(label, resolve), resolve(target)))
  }
  return html`${parts}${text.slice(at)}`
}

const link = (label: Html, href: string | undefined): Html =>
  href === undefined ? label : html`<a href="${href}">${label}</a>`
