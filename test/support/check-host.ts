/** A host of its own for `spillway check`: a network namespace in which nothing else listens, with counters that begin at 0. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { eventually } from '#common/waiting.ts'

const root = path.resolve(import.meta.dirname, '../..')
export const spillway = path.join(root, 'bin', 'spillway')

export interface Said {
  code: number
  stdout: string
  stderr: string
}

/** A line of `check --json`, as far as tests read it. */
export interface Line {
  type: 'listener' | 'udp' | 'finding' | 'expectation' | 'summary'
  [field: string]: unknown
}

export interface FindingLine extends Line {
  code: string
  severity: string
  sure: string
  says: string
  process: string | null
  about: Record<string, unknown> | null
  mends: { line: string; where: string; after: string }[]
}

export const linesOf = ({ stdout }: Said): Line[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line))

export const findingsIn = (said: Said): FindingLine[] =>
  linesOf(said).filter((line): line is FindingLine => line.type === 'finding')

export function run(command: string, args: readonly string[], env = process.env): Promise<Said> {
  return new Promise((resolve) =>
    execFile(command, args, { env, maxBuffer: 1e9 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    }),
  )
}

export class CheckHost implements AsyncDisposable {
  readonly #holder: ChildProcess
  readonly #children: ChildProcess[] = []

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  /** `settings`: sysctls of the new namespace. */
  static async start(settings: Record<string, string | number> = {}): Promise<CheckHost> {
    const sets = Object.entries(settings).map(
      ([name, value]) => `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}; `,
    )
    const script = `ip link set lo up; ${sets.join('')}echo ready; exec sleep infinity`
    const holder = spawn('unshare', ['--user', '--map-root-user', '--net', 'sh', '-ec', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout!, 'data')
    return new CheckHost(holder)
  }

  get pid(): number {
    return this.#holder.pid ?? 0
  }

  #inside(command: string, args: readonly string[]): [string, string[]] {
    const enter = ['--user', '--net', '--preserve-credentials', '--target', String(this.pid)]
    return ['nsenter', [...enter, command, ...args]]
  }

  /** Runs until the host ends. */
  start(command: string, args: readonly string[], env: Record<string, string> = {}, cwd = '/'): ChildProcess {
    const [enter, words] = this.#inside(command, args)
    // A group of its own: servers start workers.
    const child = spawn(enter, words, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    child.stdout.resume()
    child.stderr.resume()
    this.#children.push(child)
    return child
  }

  /** Runs to its end. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Said> {
    return run(...this.#inside(command, args), env)
  }

  /** `spillway check` in this namespace. */
  check(...args: string[]): Promise<Said> {
    return this.run(spillway, ['check', ...args])
  }

  /** Resolves when somebody listens at a port, or at all of several sockets there. */
  async listens(port: number, sockets = 1): Promise<void> {
    await eventually(
      `somebody listens at port ${port}`,
      async () => (await this.run('ss', ['-Hltn', 'sport', '=', `:${port}`])).stdout.split('\n').length - 1,
      (count) => count >= sockets,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pid } of this.#children)
      if (pid !== undefined)
        try {
          process.kill(-pid, 'SIGKILL')
        } catch {} // it has ended
    // A server may have left the group that it was started in, as a daemon does: it is still in the namespace.
    const own = namespaceOf(this.pid)
    for (const pid of fs.readdirSync('/proc').map(Number))
      if (pid > 0 && pid !== this.pid && own !== undefined && namespaceOf(pid) === own)
        try {
          process.kill(pid, 'SIGKILL')
        } catch {} // it has ended meanwhile
    const ended = once(this.#holder, 'exit')
    this.#holder.kill('SIGKILL')
    await ended
  }
}

/** Resolves when a process has computed for a third of a second from now on, as one does whose loop is blocked. */
export async function computes(pid: number | undefined): Promise<void> {
  const ticks = (): number => {
    const [, fields = ''] = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
    const [user, system] = fields.split(' ').slice(11, 13).map(Number)
    return (user ?? 0) + (system ?? 0)
  }
  const before = ticks()
  await eventually('it computes', ticks, (now) => now - before >= 33)
}

/** The network namespace that a process is in; undefined if it has ended. */
function namespaceOf(pid: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

/** What a Node process runs: a server that does as it is told on its command line. */
export const NODE_SERVER = `
const [port, backlog, then = 'serve'] = process.argv.slice(1)
const server = require('node:http').createServer((request, response) => {
  if (then === 'on-request') for (;;);
  response.end('ok')
})
server.listen({ port: Number(port), host: '127.0.0.1', ...(backlog === '-' ? {} : { backlog: Number(backlog) }) }, () => setImmediate(() => setImmediate(() => {
  // By now it waits for connections as every server does, and has taken none.
  if (then === 'spin') for (;;);
  if (then === 'sleep') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})))`

/** Opens connections that stay open and, where `say` is given, send that. Prints how many have connected, again and again. */
export const CLIENTS = `
const [port, count, say = ''] = process.argv.slice(1)
let open = 0
function connect() {
  const socket = require('node:net').connect(port.startsWith('/') ? { path: port } : { port: Number(port), host: '127.0.0.1' })
  socket.on('connect', () => { open++; if (say !== '') socket.write(say.startsWith('base64:') ? Buffer.from(say.slice(7), 'base64') : say); console.log(open) })
  // The kernel sends a SYN again by itself; at a UNIX socket that is full the client has to.
  socket.on('error', ({ code }) => { if (code === 'EAGAIN') setTimeout(connect, 100) })
}
for (let i = 0; i < Number(count); i++) connect()
setInterval(() => {}, 1e9)`

/** Eight clients that connect, send that, and come again whenever they are closed. */
export const KNOCKING = `
const [port, say] = process.argv.slice(1)
function knock() {
  const socket = require('node:net').connect(Number(port), '127.0.0.1', () => socket.write(say))
  socket.on('error', () => {}).on('close', () => setTimeout(knock, 20)).resume()
}
for (let i = 0; i < 8; i++) knock()`
