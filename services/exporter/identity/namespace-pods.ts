import fs from 'node:fs'
import { nowhere, type Workload, workloadOfProcess } from '#kernel/cgroup-path.ts'
import { beginningOf, ofProcess } from '#kernel/proc-reading.ts'
import type { RawNamespace } from '../sampler/message.ts'

/** So many namespaces are looked at in one go: a look takes some ten microseconds. */
const LOOKS_A_SNAPSHOT = 50

/**
 * Which pod a network namespace is of, by the cgroup of a process in it. Anybody may read that, so a listener has a pod even
 * where its process may not be looked into. The host's own namespace is of no pod, though pods may live in it; where it
 * is not known which that is, none is said to be of a pod.
 */
export class NamespacePods {
  readonly #proc: string
  #known = new Map<number, Workload>()
  #host: number | undefined

  constructor(proc: string) {
    this.#proc = proc
  }

  /** Takes the namespaces that are read now. */
  update(namespaces: readonly Pick<RawNamespace, 'inode' | 'source'>[]): void {
    this.#host ??= inodeOf(`${this.#proc}/1/ns/net`)
    const before = this.#known
    this.#known = new Map()
    let looks = 0
    for (const { inode, source } of namespaces) {
      const known = before.get(inode)
      if (known !== undefined) this.#known.set(inode, known)
      else if (inode === this.#host) this.#known.set(inode, nowhere)
      else if (this.#host !== undefined && looks++ < LOOKS_A_SNAPSHOT) this.#known.set(inode, podAt(inode, source))
    }
  }

  /** The pod of a namespace; its container is left out, since one namespace is that of all containers of a pod. */
  of(inode: number): Workload {
    return this.#known.get(inode) ?? nowhere
  }
}

/** `source` is /proc/PID/ns/net of the first process that was found in it; another may have that number by now. */
function podAt(inode: number, source: string): Workload {
  const folder = /^(.*\/\d+)\/ns\/net$/.exec(source)?.[1]
  if (folder === undefined) return nowhere
  const text = ofProcess(() => beginningOf(`${folder}/cgroup`))
  if (text === 'gone' || text === 'hidden' || inodeOf(source) !== inode) return nowhere
  return { ...nowhere, pod: workloadOfProcess(text).pod }
}

function inodeOf(path: string): number | undefined {
  const stat = ofProcess(() => fs.statSync(path))
  return typeof stat === 'string' ? undefined : stat.ino
}
