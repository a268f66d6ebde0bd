/** A host moment by moment: snapshot, rows and findings, from a sampler of our own or from an exporter. */
import os from 'node:os'
import { duration, plural } from '#common/quantities.ts'
import type { HostEvidence } from '#findings/host/evidence.ts'
import type { HostFound } from '#findings/host/finding.ts'
import { OwnerRegister } from '#services/exporter/identity/owner-register.ts'
import { sliceNeeds } from '#services/exporter/slices.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'
import { askLine } from '../ask-line.ts'
import type { AskLine } from '../line.ts'
import type { ExporterAddress } from './exporter-address.ts'
import type { Finder } from './findings.ts'
import { type FollowOptions, followHost } from './follow.ts'
import { HostRows, type HostView } from './rows.ts'

/** The share of a core that looking for joiners of known sockets may take: whoever holds thousands of files makes that dear. */
const OWNERS_SHARE = 0.003

export interface HostMoment {
  snapshot: Snapshot
  view: HostView
  findings: readonly HostFound[]
  /** What they were found in; undefined before the second look. */
  evidence: HostEvidence | undefined
  /** Who reads, and how often: `Linux 6.12, read every 10 ms`. */
  source: string
}

/** Hears that none come for now, and why. */
export type OnGap = (words: string) => void

/** Starts to watch a host, until `signal` ends it. */
export type MomentSource = (signal: AbortSignal, onGap: OnGap) => AsyncIterable<HostMoment>

/** This host, read by a sampler in this process. */
export async function* momentsHere(
  options: Omit<FollowOptions, 'owners'>,
  signal: AbortSignal,
): AsyncGenerator<HostMoment> {
  const owners = new OwnerRegister('/proc', { ...sliceNeeds, log: () => {}, share: OWNERS_SHARE })
  const release = /^\d+\.\d+/.exec(os.release())?.[0] ?? os.release()
  const finder = async (): Promise<Finder> => new (await import('./findings.ts')).HostFindings(owners)
  const snapshots = followHost({ ...options, owners }, signal)
  yield* momentsOf(snapshots, new HostRows(), finder, `Linux ${release}`)
}

/** Whatever host an exporter reads. Throws a UsageError if none answers at first. */
export async function* momentsFrom(
  exporter: ExporterAddress,
  everyMs: number,
  signal: AbortSignal,
  onGap: OnGap,
): AsyncGenerator<HostMoment> {
  const { followExporter } = await import('./follow-exporter.ts')
  const rows = new HostRows()
  const finder = async (): Promise<Finder> => new (await import('./findings.ts')).ExporterFindings(exporter.host)
  const snapshots = followExporter(exporter, everyMs, signal, (words) => {
    rows.forget()
    onGap(words)
  })
  yield* momentsOf(snapshots, rows, finder, `exporter at ${exporter}`)
}

/** Who waits at a listener that an exporter reads. */
export const askLineFrom =
  (exporter: ExporterAddress): AskLine =>
  (cookie) =>
    askLine(exporter.endpoint(), cookie, (text) => exporter.withoutSecrets(text))

/** What is not shown, because it may not be read. */
function unreadWords({ unread }: Snapshot): string {
  if (unread === undefined) return ''
  const { namespaces, processes, processesOfListeners } = unread
  const hidden = Math.max(processes, processesOfListeners)
  return [
    ...(namespaces === 0 ? [] : [`${plural(namespaces, 'namespace', 'namespaces')} not read`]),
    ...(hidden === 0 ? [] : [`${plural(hidden, 'process', 'processes')} hidden`]),
  ]
    .map((words) => `, ${words}`)
    .join('')
}

async function* momentsOf(
  snapshots: AsyncIterable<Snapshot>,
  rows: HostRows,
  load: () => Promise<Finder>,
  who: string,
): AsyncGenerator<HostMoment> {
  let finder: Finder | undefined
  for await (const snapshot of snapshots) {
    const findings = finder?.see(snapshot) ?? []
    const view = rows.see(snapshot)
    yield {
      snapshot,
      view,
      findings,
      evidence: finder?.evidence,
      source: `${who}, ${view.peaksAreExact ? 'peaks exact, ' : ''}read every ${duration(view.sampleIntervalMs)}${unreadWords(snapshot)}`,
    }
    // What is needed for findings is loaded once the first picture is shown: they need two looks anyway.
    finder ??= await load()
  }
}
