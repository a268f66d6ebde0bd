/**
 * A run as it is written down while it happens: one JSON object per line, appended at once, so that whatever ends the
 * process costs no more than the batch of samples that had not arrived yet.
 */
import fs from 'node:fs'
import type { ConnectionRecord, LoadReport } from '#load/agent/api.ts'
import type { Samples } from '#services/exporter/samples.ts'
import type { LoadOrder } from '../clients.ts'
import type { LabPlan } from '../driver.ts'
import { keepWorst, type Late, type LateThing } from './lateness.ts'
import { latenessOf } from './load-lateness.ts'
import { type Boundary, emptyRecording, type ListenerBoundary, type Recording } from './recording.ts'
import type { RunHead } from './verdict.ts'

export type Entry =
  | { is: 'run'; head: RunHead }
  | { is: 'case'; name: string; plan: LabPlan }
  | { is: 'sysctls'; sysctls: Recording['sysctls'] }
  | { is: 'samples'; samples: Samples }
  | { is: 'boundary'; boundary: Boundary }
  /** Between two boundaries: what BPF tells of a listener is that of the last half minute. */
  | { is: 'exact peaks'; listeners: Pick<ListenerBoundary, 'shard' | 'cookie' | 'exact'>[] }
  | { is: 'phase begins'; name: string; atMs: number }
  | { is: 'phase ends'; atMs: number; result?: unknown }
  | { is: 'event'; atMs: number; what: string }
  | { is: 'load begins'; id: string; phase: string; order: LoadOrder }
  | { is: 'load ends'; id: string; report: LoadReport; records: ConnectionRecord[] }
  | { is: 'late'; what: LateThing; lateMs: number }
  | { is: 'complete'; lateSamples: number }

/** What a run is written to while it lasts; left behind only by one that was cut off. */
export const JOURNAL = 'journal.ndjson'

/** Appends entries to a file, and folds them into recordings at the same time. */
export class Journal implements Disposable {
  readonly #fd: number
  readonly #recordings: Recording[] = []

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'w')
  }

  write(entry: Entry): void {
    const line = JSON.stringify(entry)
    fs.writeSync(this.#fd, `${line}\n`)
    // What is judged is what was written: nothing can be in one and not in the other.
    fold(this.#recordings, JSON.parse(line))
  }

  /** The cases so far, the running one last. */
  get recordings(): Recording[] {
    return this.#recordings
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd)
  }
}

/** Reads a journal back. A last line that was cut off is left out. */
export function readJournal(file: string): Recording[] {
  const recordings: Recording[] = []
  for (const entry of entriesOf(file)) fold(recordings, entry)
  return recordings
}

/** Whose journal it is, as it was last written; undefined if not even that was. */
export function readHead(file: string): RunHead | undefined {
  let head: RunHead | undefined
  for (const entry of entriesOf(file)) if (entry.is === 'run') head = entry.head
  return head
}

function* entriesOf(file: string): Generator<Entry> {
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  lines.pop() // empty, or cut off
  for (const line of lines) yield JSON.parse(line)
}

function fold(recordings: Recording[], entry: Entry): void {
  if (entry.is === 'case') {
    recordings.push(emptyRecording(entry.name, entry.plan))
    return
  }
  const recording = recordings.at(-1)
  if (recording === undefined) return
  switch (entry.is) {
    case 'sysctls':
      recording.sysctls = entry.sysctls
      break
    case 'samples':
      noteGaps(recording, entry.samples)
      take(recording, entry.samples)
      break
    case 'boundary':
      recording.boundaries.push(entry.boundary)
      raisePeaks(recording, entry.boundary.listeners)
      break
    case 'exact peaks':
      raisePeaks(recording, entry.listeners)
      break
    case 'phase begins':
      recording.phases.push({ name: entry.name, beganMs: entry.atMs, endedMs: Number.NaN, result: undefined })
      break
    case 'phase ends': {
      const phase = recording.phases.at(-1)
      if (phase !== undefined) Object.assign(phase, { endedMs: entry.atMs, result: entry.result })
      break
    }
    case 'event':
      recording.events.push({ atMs: entry.atMs, what: entry.what })
      break
    case 'load begins':
      recording.loads.push({ id: entry.id, phase: entry.phase, order: entry.order, report: null })
      break
    case 'load ends': {
      const load = recording.loads.find(({ id }) => id === entry.id)
      if (load === undefined) break
      load.report = entry.report
      for (const late of latenessOf(load.order, entry.report))
        keepWorst(recording.lateness, { ...late, phase: load.phase })
      for (const record of entry.records) recording.records.push({ ...record, load: load.id, phase: load.phase })
      break
    }
    case 'late':
      note(recording, entry)
      break
    case 'complete':
      recording.complete = true
      recording.lateSamples = entry.lateSamples
      break
  }
}

function raisePeaks(
  { exactPeaks, phases }: Recording,
  listeners: readonly Pick<ListenerBoundary, 'shard' | 'cookie' | 'exact'>[],
): void {
  // What was before the first phase is not of the run.
  if (phases.length === 0) return
  for (const { shard, cookie, exact } of listeners)
    if (exact !== undefined) exactPeaks[cookie] = { shard, peak: Math.max(exact.peak, exactPeaks[cookie]?.peak ?? 0) }
}

/** Notes what was late, in the phase of that moment; before the first phase nothing can be. */
function note({ phases, lateness }: Recording, { what, lateMs }: Omit<Late, 'phase'>, atMs = Infinity): void {
  const phase = phases.findLast(({ beganMs }) => beganMs < atMs)
  if (phase !== undefined) keepWorst(lateness, { what, lateMs, phase: phase.name })
}

/** Notes where a listening socket was there and went unread for longer than planned. */
function noteGaps(recording: Recording, { listeners }: Samples): void {
  const { plan, lastReadMs } = recording
  for (const [row, cookie] of listeners.cookie.entries()) {
    const atMs = listeners.atMs[row]!
    const lateMs = atMs - (lastReadMs[cookie] ?? atMs) - plan.sampleIntervalMs
    lastReadMs[cookie] = atMs
    if (lateMs > 0) note(recording, { what: 'samples', lateMs }, atMs)
  }
}

/** Adds the rows of the lab's port; its other listeners are the services' own. */
function take({ plan, ...recording }: Recording, samples: Samples): void {
  for (const name of ['listeners', 'synQueue', 'connections'] as const) {
    const from: Record<string, readonly unknown[]> = samples[name]
    const into: Record<string, unknown[]> = recording[name]
    const rows = samples[name].port.flatMap((port, row) => (port === plan.port ? [row] : []))
    for (const [column, values] of Object.entries(into)) for (const row of rows) values.push(from[column]?.[row])
  }
  for (const column of ['atMs', 'name', 'value'] as const) {
    const into: unknown[] = recording.counters[column]
    into.push(...samples.counters[column])
  }
}
