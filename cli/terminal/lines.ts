/** Lines of text for a terminal: bars, wrapping, cutting, colours. Pure. */

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of `width` cells, an eighth of a cell fine; a queue that is not empty is never drawn as empty. */
export function bar(fill: number, width: number): string {
  const share = Math.min(1, Math.max(0, fill))
  const steps = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0
  return `${'█'.repeat(Math.floor(steps / 8))}${eighths[steps % 8]}`.padEnd(width)
}

/** Joins items into lines, breaking only between them. */
export function wrapItems(items: readonly string[], gap: string, width: number): string[] {
  const unbroken = items.map((item) => item.replaceAll(' ', '\u00a0')).join(gap)
  return wrap(unbroken, width).map((line) => line.replaceAll('\u00a0', ' '))
}

/** Breaks at spaces; runs of spaces inside a line stay. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width)
    const at = space > 0 ? space : width
    lines.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).trimStart()
  }
  return rest === '' ? lines : [...lines, rest]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what it looks for
const escapes = /\x1b\[[0-9;]*m/g

/** Columns that a text takes: colours take none. */
const visible = (text: string): number => text.replace(escapes, '').length

/**
 * Breaks at spaces and indents all lines but the first. A word that is longer than a line stays whole: it may be copied.
 * Colours take no room.
 */
export function paragraph(text: string, width: number, indent: number): string[] {
  const lines: string[] = []
  let line = /^ */.exec(text)?.[0] ?? ''
  for (const word of text.trimStart().split(' ')) {
    const empty = line.trim() === ''
    if (!empty && visible(line) + 1 + visible(word) > width) {
      lines.push(line)
      line = ' '.repeat(indent) + word
    } else line = empty ? line + word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Cuts a line to its visible width, colours not counted. */
export function clip(line: string, width: number): string {
  if (visible(line) <= width) return line
  let shownColumns = 0
  let at = 0
  while (at < line.length && shownColumns < width) {
    escapes.lastIndex = at
    const found = escapes.exec(line)
    if (found?.index === at) at += found[0].length
    else {
      at++
      shownColumns++
    }
  }
  const shown = line.slice(0, at)
  return shown.includes('\x1b') ? `${shown}\x1b[0m` : shown
}

export type Paint = Record<'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan', (text: string) => string>
const code = (open: number, close: number) => (text: string) =>
  text === '' ? '' : `\x1b[${open}m${text}\x1b[${close}m`
const colours: Paint = {
  dim: code(2, 22),
  bold: code(1, 22),
  red: code(31, 39),
  green: code(32, 39),
  yellow: code(33, 39),
  blue: code(34, 39),
  cyan: code(36, 39),
}
const same = (text: string): string => text
const plain: Paint = { dim: same, bold: same, red: same, green: same, yellow: same, blue: same, cyan: same }

/** How to colour: not at all where no colours are wanted. */
export const paintOf = (colour: boolean): Paint => (colour ? colours : plain)
