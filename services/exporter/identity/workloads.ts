import { nowhere, type Workload, workloadOfCgroupPath } from '#kernel/cgroup-path.ts'
import { cgroup2Root, cgroupFolders } from '#kernel/cgroups.ts'
import { SlicedWork } from '../slices.ts'

const MOST_REMEMBERED = 10_000
const SHARE = 0.2
/** A tree of cgroups is not walked more often than this, however many sockets of unknown ones there are. */
const LOOK_AGAIN_MS = 5000

/**
 * The unit, container and pod in which a listening socket was made, by the id of its cgroup, which the kernel keeps with
 * the socket: what is known of a socket whose owners may not be seen, or have ended.
 */
export class Workloads {
  readonly #root: string | undefined
  readonly #clock: () => number
  /** By cgroup id; one that is not visible here belongs to nothing. */
  readonly #known = new Map<bigint, Workload>()
  #wanted = new Set<bigint>()
  #walk: SlicedWork<void> | undefined
  #notBeforeMs = Number.NEGATIVE_INFINITY

  constructor(root = cgroup2Root(), clock = () => performance.now()) {
    this.#root = root
    this.#clock = clock
  }

  /** What is known of a cgroup; of one that is not known it will be looked for when `lookForUnknown` is next called. */
  of(cgroupId: bigint | undefined): Workload {
    if (cgroupId === undefined || this.#root === undefined) return nowhere
    const known = this.#known.get(cgroupId)
    if (known === undefined && this.#wanted.size < MOST_REMEMBERED) this.#wanted.add(cgroupId)
    return known ?? nowhere
  }

  /** Looks through the tree of cgroups, a little at a time, if one was asked for that is not known. */
  lookForUnknown(): void {
    if (this.#root === undefined || this.#wanted.size === 0 || this.#walk?.over === false) return
    const nowMs = this.#clock()
    if (nowMs < this.#notBeforeMs) return
    const wanted = this.#wanted
    this.#wanted = new Set()
    if (this.#known.size + wanted.size > MOST_REMEMBERED) this.#known.clear()
    this.#walk = new SlicedWork(this.#find(wanted, this.#root), SHARE, ({ cpuMs }) => {
      this.#notBeforeMs = this.#clock() + Math.max(LOOK_AGAIN_MS, cpuMs / SHARE)
      // Those that were not found, also because the tree could not be read, are not looked for again.
      for (const id of wanted) if (!this.#known.has(id)) this.#known.set(id, nowhere)
    })
  }

  close(): void {
    this.#walk?.abandon()
  }

  *#find(wanted: ReadonlySet<bigint>, root: string): Generator<void, void> {
    for (const [id, path] of cgroupFolders(root)) {
      if (wanted.has(id)) this.#known.set(id, workloadOfCgroupPath(path))
      yield
    }
  }
}
