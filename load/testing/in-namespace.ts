import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * Runs a script as root of a new user and network namespace, and gives what it wrote as one JSON value. Node has
 * threads, so it cannot move itself into a new user namespace.
 */
export async function inNamespace<Result>(script: URL): Promise<Result> {
  const { stdout } = await promisify(execFile)('unshare', ['-rn', process.execPath, script.pathname], {
    timeout: 60_000,
  })
  return JSON.parse(stdout)
}
