/** A lab that something else has started, e.g. docker compose: reached by the addresses of its services. */
import fs from 'node:fs'
import os from 'node:os'
import { UsageError } from '#common/errors.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { WaitedInVain } from '#common/waiting.ts'
import { signalProcess } from '#kernel/process.ts'
import type { BackendStatus } from '#services/backend/api.ts'
import type { LabPlan, StartedServices } from './driver.ts'
import { Endpoint } from './endpoint.ts'
import { Lab, reachedAt } from './lab.ts'
import type { Told } from './told.ts'
import { SHARED_PORT, server } from './topology.ts'

/** Where the services of a lab answer. */
export interface Addresses {
  exporter: ListenTarget
  /** Control APIs of backend 1, 2, …, in this order. */
  backends: ListenTarget[]
  agent: ListenTarget
}

const KEPT_WAITING_MS = 60_000

/**
 * Waits until the exporter, the load agent and the first backend answer, and gives their lab. Other backends may come later. Its sysctls are read where this process runs, so
 * it should run in the server's network namespace; a backend can be ended only from its own PID namespace. Nothing of it is
 * stopped from here.
 */
export async function attach(addresses: Addresses, signal: AbortSignal): Promise<Lab> {
  const [first] = addresses.backends
  if (first === undefined) throw new UsageError('A lab has at least one backend', 'Give its control API with --backend')
  try {
    const backend = new Endpoint('backend-1', first)
    await backend.healthy({ signal, withinMs: KEPT_WAITING_MS })
    const status = await backend.json<Told>('GET', '/status')
    // Backends that share one socket have one control API; others that are given have no part in it.
    const backends = status.mode === 'sharded' ? addresses.backends.slice(0, status.sockets) : [first]
    const plan = planOf(backends, status)
    return await Lab.attach(plan, { ...servicesAt({ ...addresses, backends }), ...foundIn(plan, status) }, signal)
  } catch (error) {
    if (error instanceof WaitedInVain)
      throw new UsageError(
        `Not every service of the lab answers at ${[addresses.exporter, ...addresses.backends, addresses.agent].map(formatListen).join(', ')}. ${error.message}`,
        'Start them first, or correct --exporter, --backend and --agent',
      )
    throw error
  }
}

/** A server of somebody's, which its keeper answers for. Docker has started it: its command is not known. */
function foundIn(
  { address, port, mode, server, backends }: LabPlan,
  { listener }: Told,
): Pick<StartedServices, 'found'> {
  if (server === undefined) return {}
  const sockets = backends.map(({ backlog, workers }) => ({ limit: backlog, acceptors: workers }))
  return { found: { name: server.name, address: listener?.address ?? address, port, mode, sockets } }
}

/** As far as the first backend says. */
function planOf(backends: ListenTarget[], { mode, listener, processes, name, runs, reloads }: Told): LabPlan {
  const backlog = listener?.backlog ?? 128
  return {
    mode,
    // A socket that takes connections at every address is reached at the lab's.
    address: reachedAt(listener?.address ?? server.address, server.address),
    port: listener?.port ?? SHARED_PORT,
    backends: backends.map(() => ({ backlog, workers: processes.length })),
    ...(runs === undefined ? {} : { server: { name, command: [], ...(reloads === true ? { reload: '' } : {}) } }),
    sysctls: {},
    sampleIntervalMs: 10,
    synIntervalMs: 100,
    connectionsIntervalMs: 1000,
    cpuShare: 0.02,
    peakWindowMs: 30_000,
  }
}

/** Ends a backend, and never the process that happens to have its number here. */
function killProcess(who: string, identity: BackendStatus['identity']): void {
  const remedy = 'Kill it where it was started, or run the board in its PID namespace'
  if (identity === undefined) throw new UsageError(`${who} does not say which process it is`, remedy)
  const signalled = signalProcess(identity, os.constants.signals.SIGKILL)
  if (signalled === 'elsewhere')
    throw new UsageError(
      `${who} is process ${identity.pid} in another PID namespace or on another machine: here that number is another process`,
      remedy,
    )
  if (signalled === 'ended') throw new UsageError(`${who} has already ended`)
}

const elsewhere = (what: string): never => {
  throw new UsageError(`${what} is possible only where the lab was started`)
}

function servicesAt({ exporter, backends, agent }: Addresses): StartedServices {
  return {
    exporter,
    backends,
    agent,
    killBackend: async (number) => {
      const target = backends[number - 1]
      if (target === undefined) throw new UsageError(`There is no backend ${number}`)
      const { identity } = await new Endpoint(`backend-${number}`, target).json<BackendStatus>('GET', '/status')
      killProcess(`Backend ${number}`, identity)
    },
    startBackend: async () => elsewhere('Starting a backend again'),
    setSysctl: async () => elsewhere('Setting a sysctl'),
    readSysctl: async (host, name) => (host === 'server' ? readHere(name) : undefined),
    run: async () => elsewhere('Running a command'),
    log: () => [],
    lost: new Promise(() => {}),
    onEnded: () => {},
    stop: async () => {},
  }
}

function readHere(name: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
  } catch {
    return undefined // this kernel has none of that name
  }
}
