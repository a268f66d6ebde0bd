/**
 * Draws docs/terminal.svg, the README's picture: the live view of a real lab with one stalled backend, a half-open flood
 * and slow readers, as it looked after some seconds. `node scripts/terminal-picture.ts`
 */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { draw } from '../cli/up/screen.ts'
import { Lab } from '../lab/lab.ts'

const COLUMNS = 118
const ROWS = 20
const CELL = { width: 8.4, height: 19 }
const PADDING = 18
const RATE = 900

const colours: Record<string, string> = { 31: '#f0565b', 33: '#e3a23a', 34: '#4c9df0' }

const view = await viewOfTrouble()
const lines = draw(view, {
  columns: COLUMNS,
  rows: ROWS,
  colour: true,
  metricsUrl: 'http://127.0.0.1:10511',
  message: '',
  showHelp: false,
  loadLine: `load  ${RATE} new connections/s · half-open off · 20 slow readers`,
})
fs.writeFileSync(new URL('../docs/terminal.svg', import.meta.url), svg(lines))

async function viewOfTrouble(): Promise<LabView> {
  await using lab = await Lab.start()
  await lab.clients.start({ kind: 'connections', arrivals: { shape: 'poisson', ratePerSecond: RATE, seed: 7 } })
  await lab.clients.start({ kind: 'slow-read', connections: 20, bytesPerSecond: 0, responseBytes: 8_000_000 })
  await sleep(2000)
  await lab.backend(2).stall()
  const stop = new AbortController()
  const until = performance.now() + 3000
  for await (const view of observe(lab, stop.signal)) if (performance.now() > until) return view
  throw new Error('The lab ended before its picture was taken')
}

function svg(lines: string[]): string {
  const width = COLUMNS * CELL.width + 2 * PADDING
  const height = lines.length * CELL.height + 2 * PADDING
  const rows = lines.map((line, row) => spans(line, PADDING + (row + 0.75) * CELL.height)).join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The live view: shard 2 is full while its neighbours idle">
<rect width="100%" height="100%" rx="10" fill="#0d141b"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="#dbe4ec" xml:space="preserve">
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
      const shown = part.trimEnd().replaceAll('&', '&amp;').replaceAll('<', '&lt;')
      result += `<text x="${(PADDING + column * CELL.width).toFixed(1)}" y="${y.toFixed(1)}" textLength="${(part.trimEnd().length * CELL.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs"${attributes}>${shown}</text>`
    }
    column += part.length
  }
  return result
}
