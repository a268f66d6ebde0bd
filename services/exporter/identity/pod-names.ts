import fs from 'node:fs'
import { ofProcess } from '#kernel/proc-reading.ts'

/** What Kubernetes calls a place. */
export interface PodName {
  namespace: string
  pod: string
  /** Empty where only the pod is known, as for the container that holds its namespaces. */
  container: string
}

/** Looks again after so long for what it does not know, then after twice as long, and so on. */
const FIRST_LOOK_AGAIN_MS = 1000
const LAST_LOOK_AGAIN_MS = 60_000
const MOST_ASKED = 10_000
/** Names have neither an underscore nor a slash. The kubelet cuts what is too long for a file, but never the id. */
const CONTAINER_FILE = /^([^_]+)_([^_]+)_(.+)-([0-9a-f]{32,64})\.log$/
const POD_FOLDER = /^([^_]+)_([^_]+)_([^_]+)$/

/**
 * The names of pods and containers, from the folders in which a node keeps their logs: the names of files and folders alone, so it
 * needs no right, and no API server. The kubelet writes them whatever the runtime is.
 */
export class PodNames {
  readonly #folders: readonly string[]
  readonly #clock: () => number
  #containers = new Map<string, PodName>()
  #pods = new Map<string, PodName>()
  /** What was asked for since the last look and is not known, and what was so before it. */
  #unknown = new Set<string>()
  #unknownBefore = new Set<string>()
  #lookedMs = Number.NEGATIVE_INFINITY
  #againMs = FIRST_LOOK_AGAIN_MS

  /** In a container, the host's folders are behind the first process of the host's /proc, if it may be looked into. */
  constructor(proc: string, folders = ['/var/log', `${proc}/1/root/var/log`], clock = () => performance.now()) {
    this.#folders = folders
    this.#clock = clock
  }

  /** The names of a container by its whole id, and failing that of a pod by its uid. Undefined where none is known. */
  of({ container, pod }: { container: string; pod: string }): PodName | undefined {
    if (container === '' && pod === '') return undefined
    const known = this.#containers.get(container)
    if (known !== undefined) return known
    const ofPod = this.#pods.get(pod)
    if (ofPod === undefined || container !== '') this.#ask(container || pod)
    return ofPod
  }

  /** Looks through the folders if something was asked for that is not known. Takes a millisecond for some hundred containers. */
  lookForUnknown(): void {
    const nowMs = this.#clock()
    if (this.#unknown.size === 0 || nowMs < this.#lookedMs + this.#againMs) return
    this.#lookedMs = nowMs
    this.#againMs = Math.min(2 * this.#againMs, LAST_LOOK_AGAIN_MS)
    this.#unknownBefore = this.#unknown
    this.#unknown = new Set()
    const containers = new Map<string, PodName>()
    const pods = new Map<string, PodName>()
    for (const folder of this.#folders) {
      for (const [, pod = '', namespace = '', container = '', id = ''] of matches(
        `${folder}/containers`,
        CONTAINER_FILE,
      ))
        containers.set(id, { namespace, pod, container })
      for (const [, namespace = '', pod = '', uid = ''] of matches(`${folder}/pods`, POD_FOLDER))
        pods.set(uid, { namespace, pod, container: '' })
      if (pods.size > 0) break
    }
    this.#containers = containers
    this.#pods = pods
  }

  #ask(id: string): void {
    if (this.#unknown.size >= MOST_ASKED || this.#unknown.has(id)) return
    this.#unknown.add(id)
    // What Docker or a pod's own container has is never found, and soon looked for once a minute only.
    if (!this.#unknownBefore.has(id)) this.#againMs = FIRST_LOOK_AGAIN_MS
  }
}

function* matches(folder: string, pattern: RegExp): Generator<RegExpExecArray, void> {
  const names = ofProcess(() => fs.readdirSync(folder))
  if (typeof names === 'string') return // no node of Kubernetes, or not ours to see
  for (const name of names) {
    const match = pattern.exec(name)
    if (match !== null) yield match
  }
}
