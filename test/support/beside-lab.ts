/** What the tests of a live board share: a lab, a board and a browser for a whole file. */
import { after } from 'node:test'
import type { Browser } from 'playwright-core'
import type { ShownBoard } from '#cli/board/shown.ts'
import type { Lab } from '#lab/lab.ts'

interface Begun {
  over: AbortController
  browser: Browser | undefined
  board: ShownBoard | undefined
  lab: Lab | undefined
}

/** Takes it all down after the last test of the file, as far as it was begun. */
export const takenDownAfter = (begun: () => Begun): void =>
  after(async () => {
    const { over, browser, board, lab } = begun()
    await browser?.close()
    over.abort()
    await board?.[Symbol.asyncDispose]()
    await lab?.stop()
  })
