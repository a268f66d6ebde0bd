import fs from 'node:fs'
import { Cgroups, containerOfCgroupPath, type Owner } from '#kernel/owners.ts'

const MOST_REMEMBERED = 10_000

/**
 * Which container a listening socket was made in: by the id of its cgroup, which the kernel keeps with the socket; where
 * that cgroup is not visible from here, or hosts run cgroup v1, by the cgroups of the process that holds it.
 */
export class Containers {
  readonly #proc: string
  readonly #cgroups: Cgroups
  /** By cgroup id; empty for one that does not belong to a container or is not visible, so that it is looked up once. */
  readonly #byCgroup = new Map<bigint, string>()
  readonly #byProcess = new Map<number, string>()

  constructor(proc: string, cgroups = new Cgroups()) {
    this.#proc = proc
    this.#cgroups = cgroups
  }

  /** The first 12 digits of the container's id, or an empty text outside containers. */
  of(cgroupId: bigint | undefined, owners: readonly Owner[]): string {
    const container = cgroupId === undefined ? '' : remembered(this.#byCgroup, cgroupId, () => this.#ofCgroup(cgroupId))
    const first = owners[0]
    if (container !== '' || first === undefined) return container
    return remembered(this.#byProcess, first.pid, () => this.#ofProcess(first.pid))
  }

  /** Process numbers are used again: what is known by them holds until the owners are looked up anew. */
  forgetProcesses(): void {
    this.#byProcess.clear()
  }

  #ofCgroup(id: bigint): string {
    const path = this.#cgroups.path(id)
    return path === undefined ? '' : (containerOfCgroupPath(path) ?? '')
  }

  #ofProcess(pid: number): string {
    let text: string
    try {
      text = fs.readFileSync(`${this.#proc}/${pid}/cgroup`, 'utf8')
    } catch {
      return '' // has ended, or is not visible to us
    }
    for (const line of text.split('\n')) {
      const container = containerOfCgroupPath(line)
      if (container !== undefined) return container
    }
    return ''
  }
}

function remembered<Key>(memory: Map<Key, string>, key: Key, find: () => string): string {
  const known = memory.get(key)
  if (known !== undefined) return known
  if (memory.size >= MOST_REMEMBERED) memory.clear()
  const found = find()
  memory.set(key, found)
  return found
}
