/** Lines of a terminal as an SVG, in the product's colours. */
import fs from 'node:fs'

const CELL = { width: 8.4, height: 19 }
const PADDING = 18

/** The product's colours, as they are in the dark. */
const tokens = fs.readFileSync(new URL('../../common/tokens.css', import.meta.url), 'utf8')
const dark = (name: string): string => {
  const [, colour] = new RegExp(`--${name}: light-dark\\(#\\w+, (#\\w+)\\)`).exec(tokens) ?? []
  if (colour === undefined) throw new Error(`common/tokens.css has no --${name}`)
  return colour
}
const colours: Record<string, string> = { 31: dark('spill'), 33: dark('odd'), 34: dark('fresh') }

/** `columns` is the width of the terminal, `label` what is to be seen, for those who cannot. */
export function terminalSvg(lines: readonly string[], columns: number, label: string): string {
  const width = columns * CELL.width + 2 * PADDING
  const height = lines.length * CELL.height + 2 * PADDING
  const rows = lines.map((line, row) => spans(line, PADDING + (row + 0.75) * CELL.height)).join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<rect width="100%" height="100%" rx="10" fill="${dark('page')}"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="${dark('ink')}">
${rows}
</g>
</svg>
`
}

/** One text element a run of equal style, placed by its cell, so that no font's width matters. */
function spans(line: string, y: number): string {
  const style = { fill: '', bold: false, dim: false }
  let column = 0
  let result = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it splits at colour codes
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    const code = /^.\[(\d+)m$/.exec(part)?.[1]
    if (code !== undefined) {
      if (code in colours) style.fill = colours[code]!
      if (code === '39') style.fill = ''
      if (code === '1') style.bold = true
      if (code === '2') style.dim = true
      if (code === '22') style.bold = style.dim = false
      continue
    }
    if (part.trim() !== '') {
      const attributes = `${style.fill && ` fill="${style.fill}"`}${style.bold ? ' font-weight="600"' : ''}${style.dim ? ' opacity="0.6"' : ''}`
      // Browsers make one space of several, whatever xml:space says.
      const shown = part.trimEnd().replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(' ', '\u00a0')
      result += `<text x="${(PADDING + column * CELL.width).toFixed(1)}" y="${y.toFixed(1)}" textLength="${(part.trimEnd().length * CELL.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs"${attributes}>${shown}</text>`
    }
    column += part.length
  }
  return result
}
