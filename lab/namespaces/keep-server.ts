/**
 * Starts the keeper of somebody's server in a PID namespace of its own, within the lab's: however the server forks or turns
 * into a daemon, all of it can be found, and ends with its keeper, and this with the lab.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UsageError } from '#common/errors.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import type { Found, KeeperWord } from '#services/keeper/api.ts'
import type { Answer } from './messages.ts'

const entry = fileURLToPath(new URL('../../services/keeper/main.ts', import.meta.url))
const ownProcesses = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount', '--mount-proc']

/**
 * Gives where the server listens, once it is up; `args` are the keeper's, `name` is the server's. Throws a UsageError that says why it is not. `say` hears of it what the
 * driver is to know; a lab whose keeper is gone is over, and `end` hears why.
 */
export async function keepServer(
  args: readonly string[],
  name: string,
  host: NetworkNamespace,
  say: (answer: Answer) => void,
  end: (why: string) => void,
): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>()
  const node = [process.execPath, ...process.execArgv, entry]
  const child = host.run(() =>
    spawn('unshare', [...ownProcesses, ...node, ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    }),
  )
  let said = ''
  if (child.stderr !== null)
    createInterface(child.stderr).on('line', (line) => {
      said = line
      say({ log: `${name}: ${line}` })
    })
  let up = false
  child.on('message', (message) => {
    const word = message as KeeperWord
    switch (word.is) {
      case 'listening':
        up = true
        return resolve(word.found)
      case 'failed':
        return reject(new UsageError(word.problem, word.remedy))
      case 'ended':
        say({ log: `${name} ended (${word.how})` })
        return say({ ended: 1, how: word.how })
    }
  })
  child.once('error', () =>
    reject(new UsageError('The program unshare is missing', 'Install it: apt install util-linux')),
  )
  child.once('exit', (code, signal) => {
    const how = signal ?? `status ${code}`
    reject(new UsageError(`The keeper of ${name} ended (${how})`, said === '' ? undefined : said))
    if (up) end(`the keeper of ${name} ended (${how})`)
  })
  return await promise
}
