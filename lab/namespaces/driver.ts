/** The driver that needs no Docker: network namespaces, a process namespace, and Unix sockets to reach the services. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Failure, UsageError } from '#common/errors.ts'
import { LONGEST_SOCKET_PATH } from '#common/parse.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'
import type { Found } from '#services/keeper/api.ts'
import {
  type CommandResult,
  type Driver,
  type LabPlan,
  type OnEnded,
  type StartedServices,
  Unsettable,
} from '../driver.ts'
import { removeCgroup, removeFolders } from './folders.ts'
import type { Answer, Order } from './messages.ts'
import { preflight, unshareOptions } from './preflight.ts'

const LOG_LINES = 200
/** How many lines of its log are shown when a lab has ended. */
const LAST_LINES = 5
const init = fileURLToPath(new URL('./init.ts', import.meta.url))

export const namespaces: Driver = {
  name: 'namespaces',
  async preflight(sysctls) {
    preflight(sysctls)
  },
  async start(plan, onProgress, signal) {
    onProgress?.('Creating two network namespaces …')
    const folder = makeFolder()
    const lab = new NamespaceLab(folder)
    const giveUp = (): void => void lab.stop()
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      if (plan.server !== undefined) onProgress?.(`Waiting until ${plan.server.name} listens …`)
      const found = await lab.order<Found | null>({ do: 'build', plan, folder })
      return services(lab, plan, folder, found ?? undefined)
    } catch (error) {
      await lab.stop()
      throw signal?.aborted === true ? signal.reason : error
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  },
}

function services(lab: NamespaceLab, plan: LabPlan, folder: string, found: Found | undefined): StartedServices {
  const at = (service: string) => ({ path: `${folder}/${service}.sock` })
  return {
    backends: (found?.sockets ?? plan.backends).map((_, index) => at(`backend-${index + 1}`)),
    ...(found === undefined ? {} : { found }),
    agent: at('agent'),
    exporter: at('exporter'),
    ...backendOrders(lab, found),
    setSysctl: async (host, name, value) => void (await lab.order({ do: 'set sysctl', host, name, value })),
    readSysctl: async (host, name) => (await lab.order<string | null>({ do: 'read sysctl', host, name })) ?? undefined,
    run: (host, command) => lab.order<CommandResult>({ do: 'run', host, command }),
    log: () => lab.log,
    lost: lab.lost,
    onEnded: (hear) => {
      lab.onEnded = hear
    },
    stop: () => lab.stop(),
  }
}

/** A server of somebody's is one, however many sockets it has: its keeper takes these orders itself. */
const backendOrders = (lab: NamespaceLab, found: Found | undefined) => {
  const elsewhere = (): Promise<void> => Promise.reject(new UsageError(`The keeper of ${found?.name} takes this order`))
  return found !== undefined
    ? { killBackend: elsewhere, startBackend: elsewhere }
    : {
        killBackend: async (number: number) => void (await lab.order({ do: 'kill', backend: number })),
        startBackend: async (number: number) => void (await lab.order({ do: 'start', backend: number })),
      }
}

/** The folder holds sockets, and the exporter's shard numbers. The lab's first process removes it too, should this one be killed. */
function makeFolder(): string {
  const named = process.env.XDG_RUNTIME_DIR
  const [parent, variable] =
    named !== undefined && fs.existsSync(named) ? [named, 'XDG_RUNTIME_DIR'] : [os.tmpdir(), 'TMPDIR']
  if (Buffer.byteLength(path.join(parent, 'spillway-XXXXXX', 'backend-32.sock')) > LONGEST_SOCKET_PATH)
    throw new UsageError(
      `The lab's sockets cannot be placed in ${parent}: their paths would be longer than ${LONGEST_SOCKET_PATH} bytes`,
      `Set ${variable} to a folder with a shorter path`,
    )
  try {
    return fs.mkdtempSync(path.join(parent, 'spillway-'))
  } catch (error) {
    throw new UsageError(
      `Cannot create a folder for the lab's sockets in ${parent}: ${reasonOf(error)}`,
      codeOf(error) === 'ENOSPC'
        ? `Free some space there, or set ${variable} to another folder`
        : `Set ${variable} to a writable folder`,
    )
  }
}

/** What util-linux says when the process that it waits for was killed: it tries to end in the same way, and cannot. */
const UNSHARE_AFTER_A_KILL = /^unshare: sigprocmask/

/** What the lab's first process refused, as the error that it was there. */
function errorOf({ error, kind, remedy }: Extract<Answer, { error: string }>): Error {
  if (kind === 'fault') return new Failure(error)
  return kind === 'unsettable' ? new Unsettable(error, remedy) : new UsageError(error, remedy)
}

/** The process that is the lab, and the conversation with it. */
class NamespaceLab {
  readonly log: string[] = []
  readonly lost: Promise<string>
  onEnded: OnEnded = () => {}
  readonly #folder: string
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #lastId = 0
  #stopping = false
  #why: string | undefined
  #killed = false

  constructor(folder: string) {
    this.#folder = folder
    this.#process = spawn('unshare', [...unshareOptions(), process.execPath, ...process.execArgv, init], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A session of its own: Ctrl-C in the terminal is for us, and the lab ends in order when we say so.
      detached: true,
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    })
    const { promise: read, resolve: allRead } = Promise.withResolvers<void>()
    // Line by line: what is written in pieces comes in pieces.
    if (this.#process.stderr !== null)
      createInterface(this.#process.stderr)
        .on('line', (line) => this.#note(line))
        .once('close', allRead)
    this.#process.on('message', (message) => this.#hear(message as Answer))
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const { promise: lost, resolve: lose } = Promise.withResolvers<string>()
    this.#ended = ended
    this.lost = lost
    const over = (how: string): void => {
      const reason = `The lab has ended: ${this.#why ?? how}`
      const last = this.log.filter((line) => !/^\s+at /.test(line)).slice(-LAST_LINES)
      const said = last.length === 0 ? reason : [`${reason}. The last lines of its log:`, ...last].join('\n')
      for (const { reject } of this.#waiting.values()) reject(new UsageError(said))
      this.#waiting.clear()
      end()
      if (!this.#stopping) lose(said)
    }
    this.#process.once('exit', async (code, signal) => {
      await read // its last words too
      const killed = signal !== null || this.#killed
      over(killed ? 'its first process was killed' : `its first process ended (status ${code})`)
    })
    this.#process.on('error', (error) => over(`it could not start (${reasonOf(error) ?? error.message})`))
  }

  order<Result>(order: Order['order']): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (!this.#process.connected) return Promise.reject(new UsageError('The lab has ended'))
    const id = ++this.#lastId
    this.#waiting.set(id, { resolve, reject })
    // What cannot be sent any more is answered when the process has ended.
    this.#process.send({ id, order } satisfies Order, () => {})
    return promise as Promise<Result>
  }

  #hear(answer: Answer): void {
    if ('log' in answer) this.#note(answer.log)
    else if ('ended' in answer) this.onEnded(answer.ended, answer.how)
    else if ('over' in answer) this.#why = answer.over
    else this.#settle(answer)
  }

  #settle(answer: Extract<Answer, { id: number }>): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('error' in answer) waiting?.reject(errorOf(answer))
    else waiting?.resolve(answer.result)
  }

  #note(line: string): void {
    if (UNSHARE_AFTER_A_KILL.test(line)) {
      this.#killed = true
      return
    }
    this.log.push(line)
    if (this.log.length > LOG_LINES) this.log.shift()
  }

  /** Breaking the channel ends the lab's first process, and with it the kernel ends all the others. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#process.connected) this.#process.disconnect()
    const impatience = setTimeout(() => this.#process.kill('SIGKILL'), 1000)
    await this.#ended
    clearTimeout(impatience)
    removeFolders(this.#folder)
    await removeCgroup(this.#folder)
  }
}
