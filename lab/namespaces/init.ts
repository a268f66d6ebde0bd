/**
 * The lab's first process: number 1 of its own process namespace. It builds the network, starts the services where they
 * belong and obeys the driver. When it ends, however it ends, the kernel ends every process of the lab, and with the last
 * one go the namespaces. It ends itself when the channel to the driver breaks, also by SIGKILL of the other side.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { monotonicMs } from '#common/clock.ts'
import { sayFaults } from '#common/entry.ts'
import { describeError, UsageError } from '#common/errors.ts'
import { formatListen } from '#common/parse.ts'
import { codeOf, reasonOf } from '#common/system-errors.ts'
import { Patience } from '#common/waiting.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import { readSysctl } from '#kernel/sysctl.ts'
import type { Found } from '#services/keeper/api.ts'
import { backendArguments, exporterArguments, keeperArguments } from '../arguments.ts'
import { type CommandResult, type LabPlan, type Part, Unsettable } from '../driver.ts'
import type { Host } from '../topology.ts'
import { makeSocketFolder, removeCgroup, removeFolders } from './folders.ts'
import { keepServer } from './keep-server.ts'
import type { Answer, Order } from './messages.ts'
import { buildNetwork } from './network.ts'
import { setSysctl } from './sysctls.ts'

const entries = {
  backend: fileURLToPath(new URL('../../services/backend/main.ts', import.meta.url)),
  exporter: fileURLToPath(new URL('../../services/exporter/main.ts', import.meta.url)),
  agent: fileURLToPath(new URL('../../load/agent/main.ts', import.meta.url)),
}

/** No command of an experiment takes so long. */
const COMMAND_LIMIT_MS = 60_000

/** A part that ends sooner than this after each of this many starts cannot run here. */
const SHORT_LIFE_MS = 5000
const MOST_STARTS = 5

/** The file in the lab's folder through which a service is reached. */
const socketFile = (service: string): { path: string } => ({ path: `${folder}/${service}.sock` })

let plan: LabPlan
let folder: string
let hosts: Record<Host, NetworkNamespace>
const backends = new Map<number, ChildProcess>()

async function build(orderedPlan: LabPlan, orderedFolder: string): Promise<Found | null> {
  plan = orderedPlan
  folder = orderedFolder
  hosts = buildNetwork()
  for (const [name, value] of Object.entries(plan.sysctls)) setSysctl(name, value)
  keep('client', 'agent', entries.agent, [`--listen=${formatListen(socketFile('agent'))}`])
  if (plan.server === undefined) for (const index of plan.backends.keys()) startBackend(index + 1)
  // Should the exporter be killed, the next one keeps the numbers of the shards.
  const state = `--state-dir=${folder}`
  keep('server', 'exporter', entries.exporter, [...exporterArguments(plan, socketFile('exporter')), state])
  if (plan.server === undefined) return null
  const socket = plan.server.mayUseSocket === true ? makeSocketFolder(folder) : undefined
  return await keepServer(keeperArguments(plan, plan.server, folder, socket), plan.server.name, hosts.server, say, end)
}

function startBackend(number: number): null {
  if (runs(backends.get(number))) return null
  const name = `backend-${number}`
  const child = service('server', name, entries.backend, backendArguments(plan, number, socketFile(name)), (how) =>
    say({ ended: number, how }),
  )
  backends.set(number, child)
  return null
}

const runs = (child: ChildProcess | undefined): boolean =>
  child?.pid !== undefined && child.exitCode === null && child.signalCode === null

/** Starts a part, and starts it again whenever it ends. One that ends again and again ends the lab. */
function keep(host: Host, part: Part, entry: string, args: string[], starts = 1): void {
  const beganMs = monotonicMs()
  service(host, part, entry, args, (how) => {
    say({ ended: part, how })
    const again = monotonicMs() - beganMs < SHORT_LIFE_MS ? starts + 1 : 1
    if (again <= MOST_STARTS) keep(host, part, entry, args, again)
    else
      end(
        `the ${part === 'agent' ? 'load agent' : part} ended ${MOST_STARTS} times, each time soon after its start (${how})`,
      )
  })
}

/** Starts a service on one host. A child begins in the namespace in which this thread is when it is spawned. */
function service(host: Host, name: string, entry: string, args: string[], onEnd: (how: string) => void): ChildProcess {
  const child = hosts[host].run(() =>
    spawn(process.execPath, [...process.execArgv, entry, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
  )
  if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => say({ log: `${name}: ${line}` }))
  child.once('exit', (code, signal) => {
    const how = signal ?? `status ${code}`
    say({ log: `${name} ended (${how})` })
    onEnd(how)
  })
  child.once('error', (error) => {
    say({ log: `${name} could not start: ${reasonOf(error) ?? error.message}` })
    if (child.pid === undefined) onEnd(`could not start`)
  })
  return child
}

/** Ends the lab, and says why first. */
function end(why: string): void {
  if (folder !== undefined) removeFolders(folder)
  if (process.connected) process.send?.({ over: why } satisfies Answer, () => process.exit(1))
  else process.exit(1)
}

/** Every process of the lab but this one, which is the first of its namespace. */
function endAll(): void {
  try {
    process.kill(-1, 'SIGKILL')
  } catch {
    // there is no other
  }
}

async function killBackend(number: number): Promise<null> {
  const child = backends.get(number)
  if (child === undefined || !runs(child)) return null
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  return null
}

/** Runs a command to its end. Services and other commands continue meanwhile. */
async function run(host: Host, command: readonly string[]): Promise<CommandResult> {
  const [file, ...args] = command
  if (file === undefined) throw new UsageError('A command needs a name')
  const program = file === 'node' ? process.execPath : file // not whichever is on the PATH
  using patience = new Patience(COMMAND_LIMIT_MS)
  const child = hosts[host].run(() => spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  patience.signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  try {
    const [stdout, stderr, [status, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    ])
    if (patience.signal.aborted) throw new UsageError(`${file} did not end within ${patience.inWords}, and was killed`)
    if (status === null) throw new UsageError(`${file} was killed by ${signal}`)
    return { status, stdout, stderr }
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (codeOf(error) === 'ENOENT')
      throw new UsageError(`There is no program ${file} on the PATH`, 'Install it, or add its folder to the PATH')
    throw new UsageError(`Cannot run ${file}: ${reasonOf(error) ?? (error instanceof Error ? error.message : error)}`)
  }
}

async function obey({ order }: Order): Promise<CommandResult | Found | string | null> {
  switch (order.do) {
    case 'build':
      return build(order.plan, order.folder)
    case 'kill':
      return killBackend(order.backend)
    case 'start':
      return startBackend(order.backend)
    case 'set sysctl':
      hosts[order.host].run(() => setSysctl(order.name, order.value))
      return null
    case 'read sysctl':
      return hosts[order.host].run(() => readSysctl(order.name)) ?? null
    case 'run':
      return run(order.host, order.command)
  }
}

function kindOf(error: unknown): 'usage' | 'unsettable' | 'fault' {
  if (error instanceof Unsettable) return 'unsettable'
  return error instanceof UsageError ? 'usage' : 'fault'
}

function say(answer: Answer): void {
  if (process.connected) process.send?.(answer)
}

sayFaults('spillway lab')
process.on('message', (message) => {
  const order = message as Order
  obey(order).then(
    (result) => say({ id: order.id, result }),
    (error: unknown) =>
      say(
        error instanceof UsageError
          ? { id: order.id, error: error.message, remedy: error.remedy, kind: kindOf(error) }
          : { id: order.id, error: describeError(error), kind: kindOf(error) },
      ),
  )
})

process.on('disconnect', async () => {
  if (folder !== undefined) {
    removeFolders(folder)
    endAll() // a cgroup goes only after the processes in it
    await removeCgroup(folder)
  }
  process.exit(0)
})
// The driver decides when the lab ends: a Ctrl-C in its terminal reaches this process too.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
