import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/**
 * Runs one of this folder's scripts in a network namespace and a session of its own, with loopback up, and gives what
 * it prints. It ends with this process.
 */
export async function inNamespace(script: URL, ...words: string[]): Promise<string> {
  const unshare = process.getuid?.() === 0 ? '-n' : '-rn'
  const shell = 'ip link set lo up && exec "$0" "$@"'
  const inSession = ['--pdeathsig', 'KILL', 'setsid', 'unshare', unshare, 'sh', '-c', shell]
  const child = spawn('setpriv', [...inSession, process.execPath, script.pathname, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('exit', resolve))
  const output = await text(child.stdout)
  const status = await ended
  if (status !== 0) throw new Error(`${script.pathname} ended with status ${status}`)
  return output
}
