/** What is found on a host while it is watched: the findings of `spillway check`, anew every few seconds. */
import { hostFindingsOf } from '#findings/host/catalogue.ts'
import type { HostEvidence } from '#findings/host/evidence.ts'
import type { HostFound } from '#findings/host/finding.ts'
import type { OwnerRegister } from '#services/exporter/identity/owner-register.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { HostWatch, readAtMs } from './host-watch.ts'
import { evidenceOfSnapshots } from './snapshot-evidence.ts'

/** Between two looks that are compared. */
const APART_MS = 2000

/** What is found on a host, anew every few seconds. */
export interface Finder {
  /** Worst first. What was found two seconds ago holds until it has been looked for again. */
  see(snapshot: Snapshot): readonly HostFound[]
  /** What it was found in; undefined before the second look. */
  readonly evidence: HostEvidence | undefined
}

/** Of a host whose processes are within reach. */
export class HostFindings implements Finder {
  readonly #owners: OwnerRegister
  readonly #proc: string
  #first: { snapshot: Snapshot; watch: HostWatch } | undefined
  #readMs: number | undefined
  #found: readonly HostFound[] = []
  evidence: HostEvidence | undefined

  /** `owners` tells whose the sockets are, as the snapshots do. */
  constructor(owners: OwnerRegister, proc = '/proc') {
    this.#owners = owners
    this.#proc = proc
  }

  see(snapshot: Snapshot): readonly HostFound[] {
    const owners = this.#owners
    const before = this.#first
    // Connections may be read rarely: what was not read anew says nothing new, and no time has passed between two looks at it.
    const readMs = readAtMs(snapshot)
    if (readMs === this.#readMs) return this.#found
    this.#readMs = readMs
    if (before !== undefined && readMs - readAtMs(before.snapshot) < APART_MS) return this.#found
    if (before !== undefined) {
      this.evidence = before.watch.evidence({
        before: before.snapshot,
        after: snapshot,
        apartMs: readMs - readAtMs(before.snapshot),
        ownersOf: (inode) => owners.of(inode),
        waitersAt: (inode) => owners.waitersAt(inode),
        unseenAt: (inode) => owners.unseenAt(inode),
        hidden: owners.health.hidden,
      })
      this.#found = hostFindingsOf(this.evidence)
    }
    const watch = new HostWatch(this.#proc)
    watch.begin(holdersIn(snapshot))
    this.#first = { snapshot, watch }
    return this.#found
  }
}

const holdersIn = ({ namespaces }: Snapshot): Set<number> =>
  new Set(
    namespaces.flatMap(({ listeners, unixListeners = [] }) =>
      [...listeners, ...unixListeners].flatMap(({ pids }) => pids),
    ),
  )

/** Of a host that an exporter tells of; `host` is its name. */
export class ExporterFindings implements Finder {
  evidence: HostEvidence | undefined
  readonly #host: string
  #first: Snapshot | undefined
  #found: readonly HostFound[] = []

  constructor(host: string) {
    this.#host = host
  }

  see(snapshot: Snapshot): readonly HostFound[] {
    const before = this.#first
    // An exporter that was started again counts time anew.
    if (before !== undefined && readAtMs(snapshot) >= readAtMs(before)) {
      if (readAtMs(snapshot) - readAtMs(before) < APART_MS) return this.#found
      this.evidence = evidenceOfSnapshots(before, snapshot, this.#host)
      this.#found = hostFindingsOf(this.evidence)
    }
    this.#first = snapshot
    return this.#found
  }
}
