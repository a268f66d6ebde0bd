/** The runs of one experiment, which are shown side by side. */
import path from 'node:path'
import type { Run } from '#lab/experiment/folder.ts'
import { type Lane, lanesOf } from './lane.ts'

export interface Group {
  experiment: string
  runs: readonly Run[]
  /** What distinguishes the runs: as much of their folders' names as needed. */
  labels: readonly string[]
  lanes: readonly Lane[]
}

/** Groups runs by experiment, in the given order. */
export function groupsOf(runs: readonly Run[]): Group[] {
  const names = [...new Set(runs.map(({ verdict }) => verdict.experiment))]
  return names.map((experiment) => {
    const own = runs.filter(({ verdict }) => verdict.experiment === experiment)
    const labels = labelsOf(own)
    return { experiment, runs: own, labels, lanes: lanesOf(own, labels) }
  })
}

/** The part of each folder's path that is not the same for all; the time of the run if the paths do not differ. */
function labelsOf(runs: readonly Run[]): string[] {
  const parts = runs.map(({ folder }) => path.resolve(folder).split(path.sep))
  const depth = Math.max(...parts.map((part) => part.length))
  const differing = Array.from({ length: depth }, (_, fromEnd) => fromEnd).filter(
    (fromEnd) => new Set(parts.map((part) => part.at(-1 - fromEnd))).size > 1,
  )
  const labels = runs.map(({ verdict }, at) => {
    const words = differing.flatMap((fromEnd) => parts[at]?.at(-1 - fromEnd) ?? [])
    return words.reverse().join('/') || verdict.startedAt
  })
  return labels.map((label, at) => (labels.indexOf(label) === at ? label : `${label} (${at + 1})`))
}
