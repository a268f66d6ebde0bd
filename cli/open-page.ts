/** Opening a page that a command has written in the user's browser. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** A program that has not failed by then has the page, and may run for as long as its window is open. */
const FAILS_WITHIN_MS = 3000

/**
 * Opens a page, a file or an address, with $BROWSER, as it is commonly written (programs separated by colons, `%s` for the address), or with
 * xdg-open. Gives undefined, or a sentence with the path where no browser has taken it.
 */
export async function openPage(page: string): Promise<string | undefined> {
  const served = /^https?:\/\//.test(page)
  const place = served ? page : path.resolve(page)
  const url = served ? page : pathToFileURL(place).href
  const own = fromVariable(process.env.BROWSER ?? '', url)
  const failed: string[] = []
  for (const command of own.length > 0 ? own : [['xdg-open', url]]) {
    const outcome = await start(command)
    if (outcome === 'taken') return undefined
    if (outcome === 'failed') failed.push(command[0] ?? '')
  }
  const why =
    failed.length > 0
      ? `There is no browser here that opens it (${failed.join(', ')} failed)`
      : own.length > 0
        ? `There is no browser here: $BROWSER is '${process.env.BROWSER}', which is no program`
        : 'There is no browser here: $BROWSER is not set, and there is no xdg-open'
  return `${why}; the ${served ? 'board is at' : 'report is'} ${place}`
}

function fromVariable(wish: string, url: string): string[][] {
  const commands = wish.split(':').flatMap((command) => {
    const words = command.split(/\s+/).filter((word) => word !== '')
    return words.length > 0 ? [words] : []
  })
  return commands.map((words) =>
    words.some((word) => word.includes('%s')) ? words.map((word) => word.replaceAll('%s', url)) : [...words, url],
  )
}

async function start([program = '', ...args]: string[]): Promise<'taken' | 'failed' | 'absent'> {
  const child = spawn(program, args, { detached: true, stdio: 'ignore' })
  child.unref()
  const { promise, resolve } = Promise.withResolvers<'taken' | 'failed' | 'absent'>()
  child.once('error', () => resolve('absent')).once('exit', (status) => resolve(status === 0 ? 'taken' : 'failed'))
  const timer = setTimeout(() => resolve('taken'), FAILS_WITHIN_MS)
  return await promise.finally(() => clearTimeout(timer))
}
