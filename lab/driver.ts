import { UsageError } from '#common/errors.ts'
import type { Mode } from '#services/backend/api.ts'
import type { Found } from '#services/keeper/api.ts'
import type { Reach } from './endpoint.ts'
import type { Host } from './topology.ts'

/** One backend of the lab, before it starts. */
export interface BackendPlan {
  /** Default 128. */
  backlog?: number
  /** Processes that accept from the one socket; only in mode `shared`. Default 3. */
  workers?: number
}

/** Somebody's server in place of the backends: a command, and how it is spoken to. */
export interface ServerPlan {
  /** As it is called in words. */
  name: string
  /** Program and arguments; `{address}` and `{port}` in them are filled in. */
  command: readonly string[]
  /** Whether it may listen at a UNIX socket: where clients do nothing that needs TCP. `{socket}` is filled in then too. */
  mayUseSocket?: boolean
  /** Whether it may listen on the plan's port only. */
  onlyPort?: boolean
  /** A path that answers with less than 500 when it is ready; left out, it is ready when it listens. */
  ready?: string
  /** Shell commands that end it in order, and reload it; `{pid}` is its main process. */
  stop?: string
  reload?: string
  /** Where what it writes is kept; left out, it goes with the lab. */
  output?: string
}

/** What a lab is made of. */
export interface LabPlan {
  mode: Mode
  /** The address on which the backends share the port; default the server's IPv4 address. */
  address: string
  port: number
  /** The UNIX socket at which somebody's server was found to listen, in place of address and port. */
  socket?: string
  backends: Required<BackendPlan>[]
  /** Takes the place of the backends: what it listens with is found when it is up. */
  server?: ServerPlan
  /** First bytes that clients send in place of a request of HTTP, as Base64; empty: they only connect. */
  request?: string
  /** Sysctls of the server's network namespace, set before anything listens. */
  sysctls: Record<string, string | number>
  /** How often the exporter reads accept queues, half-open requests and connections, and what the last two may cost of a core. */
  sampleIntervalMs: number
  synIntervalMs: number
  connectionsIntervalMs: number
  cpuShare: number
  peakWindowMs: number
  /** Whether the exporter reads listeners by BPF too; left out: no. */
  exact?: 'auto' | 'on' | 'off'
}

/** How a command in the lab ended. */
export interface CommandResult {
  status: number | null
  stdout: string
  stderr: string
}

/** What must always be there in a lab: whichever ends is started again. */
export type Part = 'exporter' | 'agent'

/** Hears that a process of the lab has ended, unasked, and how: `SIGKILL`, `status 1`. Backends go by their number. */
export type OnEnded = (part: Part | number, how: string) => void

/** A sysctl that this lab cannot set, although another could. */
export class Unsettable extends UsageError {}

/** The services of a lab that runs: where each one's HTTP API is, and what only the driver can do to them. */
export interface StartedServices {
  /** Control API of backend 1, 2, … in this order. The backends run, and do not listen yet. */
  backends: Reach[]
  agent: Reach
  exporter: Reach
  /** Where the plan's server was found to listen: it runs already, and each backend is one of its sockets. */
  found?: Found
  /** Ends a backend at once, as a crash would (SIGKILL). */
  killBackend(number: number): Promise<void>
  /** Starts a backend, if it has ended; it does not listen yet. */
  startBackend(number: number): Promise<void>
  /** Sets a sysctl of one host's network namespace. Throws an Unsettable where it cannot be set, or the kernel's refusal of the value. */
  setSysctl(host: Host, name: string, value: string | number): Promise<void>
  /** A sysctl as text; undefined where the kernel has none of that name. */
  readSysctl(host: Host, name: string): Promise<string | undefined>
  /** Runs a command on a host of the lab, e.g. `ss`, and waits for its end. */
  run(host: Host, command: readonly string[]): Promise<CommandResult>
  /** What the services have written to their standard error, newest last. */
  log(): readonly string[]
  /** Settles when the lab ends on its own, with the reason. */
  readonly lost: Promise<string>
  /** Reports each process that ends, from now on; a driver that cannot see that reports nothing. */
  onEnded(hear: OnEnded): void
  stop(): Promise<void>
}

/** A way to put the services of a lab together. An experiment never knows which one runs it. */
export interface Driver {
  readonly name: string
  /** Whether its requests make connections in the server's namespace while an experiment runs, which are counted there. */
  readonly countsItself?: boolean
  /** Whether the kernel and the CPUs of its labs are another machine's: what they lack is known once a lab is up. */
  readonly elsewhere?: boolean
  /**
   * Throws a UsageError that says what is missing and what to do, or an Unsettable that names those of `sysctls` that a
   * lab cannot set here. Starts nothing.
   */
  preflight(sysctls?: readonly string[]): Promise<void>
  /** `onProgress` hears what is being built, in words for a person; `signal` gives it up, and takes down what there is. */
  start(plan: LabPlan, onProgress?: (text: string) => void, signal?: AbortSignal): Promise<StartedServices>
}
