/** Who is behind a listening socket: the server, its processes, and what probably set the limit. */
import fs from 'node:fs'
import path from 'node:path'
import type { ProcessEvidence, QueueEvidence } from '#findings/host/evidence.ts'
import { serverOf } from '#findings/servers/recognise.ts'
import { namesOf, type Server } from '#findings/servers/server.ts'
import type { Owner } from '#kernel/owners.ts'
import { ofProcess } from '#kernel/proc-reading.ts'
import type { ListenerSample } from '#services/exporter/snapshot.ts'
import type { Looks } from './looks.ts'
import type { ProcessWatch } from './processes.ts'
import { limitSetBy } from './set-by.ts'

/** What the processes that hold a socket together are. */
type Holders = Pick<QueueEvidence, 'server' | 'who' | 'taken' | 'activated' | 'processes'> & {
  owners: readonly Owner[]
}

type Listening = Pick<
  ListenerSample,
  | 'inode'
  | 'acceptors'
  | 'unseen'
  | 'length'
  | 'limit'
  | 'unit'
  | 'container'
  | 'pod'
  | 'kubernetes'
  | 'process'
  | 'pids'
>

export type Behind = Omit<Holders, 'owners'> &
  Pick<
    QueueEvidence,
    'unit' | 'container' | 'pod' | 'kubernetes' | 'acceptors' | 'unseen' | 'length' | 'limit' | 'setBy'
  >

/** Who is behind a listener, wherever that is known from. */
export interface Behinds {
  behind(listener: Listening, somaxconn: number | undefined): Behind
}

/** Each process, and each set of them, is looked at once, however many sockets it has. */
export class Processes implements Behinds {
  readonly #proc: string
  readonly #watch: ProcessWatch
  readonly #looks: Looks
  readonly #seen = new Map<number, ProcessEvidence>()
  readonly #files: Map<number, ProcessEvidence['files']>
  readonly #programs = new Map<number, string>()
  readonly #holders = new Map<string, Holders>()

  constructor(proc: string, watch: ProcessWatch, looks: Looks) {
    this.#proc = proc
    this.#watch = watch
    this.#looks = looks
    this.#files = new Map(
      (looks.after.processes ?? []).map(({ pid, open, limit }) => [pid, { open, limit: limit ?? undefined }]),
    )
  }

  behind(listener: Listening, somaxconn: number | undefined): Behind {
    const { inode, acceptors, length, limit, unit, container, pod, kubernetes } = listener
    const { owners, server, who, taken, activated, processes } = this.#holdersOf(this.#looks.ownersOf(inode))
    return {
      ...{ server, who, taken, activated, processes, unit, container, pod, kubernetes, length, limit },
      acceptors: this.#looks.waitersAt(inode) ?? acceptors ?? undefined,
      unseen: this.#looks.unseenAt(inode),
      setBy: limitSetBy(limit, server, owners, somaxconn),
    }
  }

  #holdersOf(owners: readonly Owner[]): Holders {
    const key = owners.map(({ pid }) => pid).join()
    const known = this.#holders.get(key)
    if (known !== undefined) return known
    const programs = owners.map((owner) => ({ ...owner, program: this.#programOf(owner) }))
    const server = serverOf([...programs, ...programs.map(({ program }) => ({ command: program, commandLine: '' }))])
    const activated = owners.some(isSystemd) && !owners.every(isSystemd)
    const holders = {
      owners,
      server,
      who: whoOf(
        server,
        owners.filter((owner) => !activated || !isSystemd(owner)),
      ),
      taken: owners.map(({ commandLine }) => server?.pool?.told?.(commandLine)).find((one) => one !== undefined),
      activated,
      processes: owners.map((owner) => this.#evidenceOf(owner)),
    }
    this.#holders.set(key, holders)
    return holders
  }

  #evidenceOf({ pid, command }: Owner): ProcessEvidence {
    const known = this.#seen.get(pid)
    if (known !== undefined) return known
    const seen = { pid, command, ...this.#watch.of(pid), files: this.#files.get(pid) }
    this.#seen.set(pid, seen)
    return seen
  }

  /** The name of its file: many servers write another title over their command line. */
  #programOf({ pid }: Owner): string {
    const known = this.#programs.get(pid)
    if (known !== undefined) return known
    const file = ofProcess(() => fs.readlinkSync(`${this.#proc}/${pid}/exe`))
    const program = file === 'gone' || file === 'hidden' ? '' : path.basename(file.replace(/ \(deleted\)$/, ''))
    this.#programs.set(pid, program)
    return program
  }
}

const isSystemd = ({ command }: Pick<Owner, 'command'>): boolean => command === 'systemd' || command === 'init'

/** `nginx`; of a language, with the name of the program that is written in it: `Node (server)`. */
function whoOf(server: Server | undefined, owners: readonly Owner[]): string | undefined {
  const [first] = owners
  if (first === undefined) return undefined
  if (server === undefined) return first.command === '' ? undefined : first.command
  // What is written in Go bears a name of its own.
  if (server.name === 'Go' && first.command !== '') return first.command
  const [name = ''] = namesOf(first)
  return languages.has(server.name) && SAYABLE.test(name) && !server.programs.includes(name) && name !== first.command
    ? `${server.name} (${name})`
    : server.name
}

/** What people call a program. */
const SAYABLE = /^[\w.@+-]{1,40}$/
const languages = new Set(['Node', 'Python', 'PHP', 'Java', 'Bun', 'Deno', '.NET'])
