/** Runs programs of others that put labs together (docker, kubectl, helm), and gives what came of it. */
import { spawn } from 'node:child_process'
import type { CommandResult } from './driver.ts'

/**
 * Runs a program with something on its standard input, and waits for its end; a status other than 0 is not an error here.
 * Throws `missing` where there is no such program on the PATH.
 */
export function tryProgram(
  file: string,
  args: readonly string[],
  missing: Error,
  { input = '', signal }: { input?: string; signal?: AbortSignal | undefined } = {},
): Promise<CommandResult> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(signal === undefined ? {} : { signal }) })
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? missing : error))
  child.once('close', (status) => resolve({ status, stdout, stderr }))
  // It may end without reading.
  child.stdin.on('error', () => {}).end(input)
  return promise
}

/** What a program complained of last. */
export const lastLines = (text: string): string => text.trim().split('\n').slice(-4).join('\n')
