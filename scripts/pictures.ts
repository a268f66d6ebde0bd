/**
 * Makes every picture of the README and the docs anew, from what the product shows of a real lab today: `npm run pictures`,
 * or `npm run pictures -- board spilling` for some of them. Each is taken once the lab is as it should show it, however
 * long that takes. Needs chromium, but for the terminal, and nginx, gunicorn, HAProxy and Redis for `spillway top`.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { boardPictures, takeBoardPictures } from './pictures/board.ts'
import { drawTerminal } from './pictures/terminal.ts'
import { drawTop } from './pictures/top.ts'

const docs = fileURLToPath(new URL('../docs/', import.meta.url))
const names = ['terminal', 'top', ...Object.keys(boardPictures)]
const wanted = process.argv.length > 2 ? process.argv.slice(2) : names
const unknown = wanted.find((name) => !names.includes(name))
if (unknown !== undefined) throw new Error(`There is no picture ${unknown}: ${names.join(', ')}`)

fs.mkdirSync(path.join(docs, 'pictures'), { recursive: true })
if (wanted.includes('terminal')) await drawTerminal(path.join(docs, 'terminal.svg'))
if (wanted.includes('top')) await drawTop(path.join(docs, 'top.svg'))
await takeBoardPictures(docs, wanted)
