/** The live view in a terminal, as an SVG: a real lab with one stalled backend and slow readers, once its queue is full. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadInWords, loadName } from '#live/names.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { draw } from '../../cli/up/screen.ts'
import { Lab } from '../../lab/lab.ts'

const COLUMNS = 118
const ROWS = 20
const CELL = { width: 8.4, height: 19 }
const PADDING = 18
const RATE = 900
const READERS = 20

/** The product's colours, as they are in the dark. */
const tokens = fs.readFileSync(new URL('../../common/tokens.css', import.meta.url), 'utf8')
const dark = (name: string): string => {
  const [, colour] = new RegExp(`--${name}: light-dark\\(#\\w+, (#\\w+)\\)`).exec(tokens) ?? []
  if (colour === undefined) throw new Error(`common/tokens.css has no --${name}`)
  return colour
}
const colours: Record<string, string> = { 31: dark('spill'), 33: dark('odd'), 34: dark('fresh') }

/** Draws it into a file. */
export async function drawTerminal(file: string): Promise<void> {
  const lines = draw(await viewOfTrouble(), {
    columns: COLUMNS,
    rows: ROWS,
    colour: true,
    metricsUrl: 'http://127.0.0.1:10511',
    message: '',
    showHelp: false,
    loadLine: `${loadInWords('gentle', RATE)} · ${loadName('half-open')} off · ${loadInWords('slow-read', READERS)}`,
  })
  fs.writeFileSync(file, svg(lines))
}

async function viewOfTrouble(): Promise<LabView> {
  await using lab = await Lab.start()
  await lab.clients.start({ kind: 'connections', arrivals: { shape: 'poisson', ratePerSecond: RATE, seed: 7 } })
  await lab.clients.start({ kind: 'slow-read', connections: READERS, bytesPerSecond: 0, responseBytes: 8_000_000 })
  await sleep(2000)
  await lab.backend(2).stall()
  const stop = new AbortController()
  // Full, and for a second: its rates are those of a full queue.
  let fullSinceMs: number | undefined
  for await (const view of observe(lab, stop.signal)) {
    const full = view.shards[1]?.fill === 1
    fullSinceMs = full ? (fullSinceMs ?? view.monotonicMs) : undefined
    if (fullSinceMs !== undefined && view.monotonicMs - fullSinceMs > 2000) return view
  }
  throw new Error('The lab ended before its picture was taken')
}

function svg(lines: string[]): string {
  const width = COLUMNS * CELL.width + 2 * PADDING
  const height = lines.length * CELL.height + 2 * PADDING
  const rows = lines.map((line, row) => spans(line, PADDING + (row + 0.75) * CELL.height)).join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The live view: shard 2 is full while its neighbours idle">
<rect width="100%" height="100%" rx="10" fill="${dark('page')}"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="${dark('ink')}" xml:space="preserve">
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
