/** The live view in a terminal, as an SVG: a real lab with one stalled backend and slow readers, once its queue is full. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadInWords, loadName } from '#live/names.ts'
import { observe } from '#live/observer.ts'
import type { LabView } from '#live/view.ts'
import { draw } from '../../cli/up/screen.ts'
import { Lab } from '../../lab/lab.ts'
import { terminalSvg } from './terminal-svg.ts'

const COLUMNS = 118
const ROWS = 20
const RATE = 900
const READERS = 20

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
  fs.writeFileSync(file, terminalSvg(lines, COLUMNS, 'The live view: shard 2 is full while its neighbours idle'))
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
