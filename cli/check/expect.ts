/**
 * What a listener must be like, as an assertion in somebody's own tests: the package exports it as `spillway/expect`, for
 * import and for require. It asks the command, which brings a Node of its own: this file runs in any Node from 20 on, and
 * in the sandboxes of test runners that load no native code.
 */
import assert from 'node:assert'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** A number is meant exactly; `'>=1024'` compares, with one of = >= <= > <. */
export type Amount = number | `${'' | '=' | '>=' | '<=' | '>' | '<'}${number}`

export interface ExpectedListener {
  /** Where it listens: a TCP port, or the path of a UNIX socket. */
  port?: number
  path?: string
  /** Its own address, such as 127.0.0.1; any where it is left out. */
  address?: string
  /** The limit in force, which is what listen() was given or what net.core.somaxconn made of it. */
  backlog?: Amount
  /** Listening sockets of that address and port (SO_REUSEPORT). */
  shards?: Amount
}

/**
 * Resolves if the kernel has such a listener in this network namespace. Rejects with an AssertionError that says what is
 * there instead, and with an Error where it could not look.
 */
export async function expectListener(expected: ExpectedListener): Promise<void> {
  const text = wordsOf(expected)
  const { stdout, stderr } = await spillway(['check', '--json', '--fail-on', 'never', '--expect', text])
  const lines: { type: string; met?: boolean; words?: string; port?: number; path?: string }[] = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const judged = lines.find(({ type }) => type === 'expectation')
  if (judged === undefined)
    throw new Error(`spillway could not look at the listeners: ${stderr.trim() || 'it said nothing'}`)
  if (judged.met === true) return
  throw new assert.AssertionError({
    message: `${judged.words}`,
    actual: lines.filter(({ type }) => type === 'listener'),
    expected,
    operator: 'expectListener',
  })
}

function wordsOf(expected: ExpectedListener): string {
  if (expected === null || typeof expected !== 'object')
    throw new TypeError('expectListener needs an object such as { port: 8080 }')
  const words: string[] = []
  for (const [field, value] of Object.entries(expected)) {
    if (value === undefined) continue
    if (!['port', 'path', 'address', 'backlog', 'shards'].includes(field))
      throw new TypeError(`expectListener knows no '${field}': it takes port, path, address, backlog and shards`)
    words.push(/^[=<>]/.test(String(value)) ? `${field}${value}` : `${field}=${value}`)
  }
  return words.join(' ')
}

/** Of the checkout, or of the package: that one is a folder further up. */
function commandFile(): string {
  const [own, packed] = ['../../bin/spillway', '../../../bin/spillway'].map((to) =>
    path.resolve(import.meta.dirname, to),
  )
  return own !== undefined && fs.existsSync(own) ? own : `${packed}`
}

function spillway(args: string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) =>
    execFile(commandFile(), args, { maxBuffer: 1e9 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr: stderr === '' && error !== null ? error.message : stderr }),
    ),
  )
}
