import fs from 'node:fs'
import { basename } from 'node:path'
import { NAMED_FOLDER, namespaceFiles } from '#kernel/netns.ts'
import { SlicedWork } from '../slices.ts'

const SHARE = 0.05
/** Names are given and taken while namespaces live. */
const LOOK_EVERY_MS = 10_000
/** A namespace that has just come may be given its name a little later. */
const NEW_EVERY_MS = 1000
const DOCKER_FOLDER = '/run/docker/netns'

/** The names that network namespaces have on this host: of `ip netns`, of CNI, and Docker's numbers of its sandboxes. */
export class NamespaceNames {
  readonly #folders: readonly string[]
  readonly #clock: () => number
  #names = new Map<number, string>()
  #known = new Set<number>()
  #lookedMs = Number.NEGATIVE_INFINITY
  #work: SlicedWork<Map<number, string>> | undefined

  /** In a container, the host's folders are behind the first process of the host's /proc, if it may be looked into. */
  constructor(
    proc: string,
    folders = [NAMED_FOLDER, `${proc}/1/root${NAMED_FOLDER}`, DOCKER_FOLDER, `${proc}/1/root${DOCKER_FOLDER}`],
    clock = () => performance.now(),
  ) {
    this.#folders = folders
    this.#clock = clock
  }

  /** Takes the namespaces that are read now, and looks for their names now and then, a little at a time. */
  update(inodes: readonly number[]): void {
    const nowMs = this.#clock()
    const everyMs = inodes.every((inode) => this.#known.has(inode)) ? LOOK_EVERY_MS : NEW_EVERY_MS
    if (nowMs < this.#lookedMs + everyMs || this.#work?.over === false) return
    this.#lookedMs = nowMs
    this.#known = new Set(inodes)
    this.#work = new SlicedWork(this.#look(), SHARE, (outcome) => {
      this.#names = 'result' in outcome ? outcome.result : new Map()
    })
  }

  /** The name of a namespace; empty if none is known. */
  of(inode: number): string {
    return this.#names.get(inode) ?? ''
  }

  close(): void {
    this.#work?.abandon()
  }

  *#look(): Generator<void, Map<number, string>> {
    const names = new Map<number, string>()
    const seen = new Set<string>()
    for (const folder of this.#folders) {
      const stat = statOf(folder)
      if (stat === undefined || seen.has(`${stat.dev} ${stat.ino}`)) continue
      seen.add(`${stat.dev} ${stat.ino}`)
      for (const [inode, path] of namespaceFiles(folder)) {
        yield
        if (!names.has(inode)) names.set(inode, basename(path))
      }
    }
    return names
  }
}

function statOf(folder: string): fs.Stats | undefined {
  try {
    return fs.statSync(folder)
  } catch {
    return undefined // not there, or not ours to see
  }
}
