/** What is known of one kernel: scripts/kernels/records/SERIES.json. */

/** Those of docs/kernels.md, oldest first: the kernels of Debian 11, 12 and 13, the one that most was measured on, and a new one. */
export const series = ['5.10', '6.1', '6.12', '6.18', '7.3'] as const
/** In place of a series: the kernel that this machine runs. */
export const THIS = 'this'

/** Unit tests of kernel/ by file, features of --exact, experiments. */
export const parts = ['exact', 'experiments', 'tests'] as const
export type Part = (typeof parts)[number]

/** `on` and `off` are of features. An experiment that broke is `failed`. */
type Outcome = 'passed' | 'failed' | 'not judged' | 'on' | 'off'

/** What was found of one feature, experiment or file of tests. */
export interface Found {
  part: Part
  name: string
  outcome: Outcome
  /** Tests of a file. */
  counts?: { passed: number; failed: number; skipped: number }
  /** Why it is not as it should be: the kernel's own words where it has said any. */
  says: string[]
  /** What an experiment expects, and saw. */
  seen?: Record<string, number | string | boolean | null>
}

/** As it is kept. */
export interface Row extends Found {
  /** The day, in UTC: 2026-01-31. */
  date: string
  /** Of the code that was run; with a + if there were changes that had not been committed. */
  commit: string
}

/** As the kernel calls itself, and the Node that ran on it. */
export interface KernelName {
  /** `uname -r` */
  release: string
  /** `uname -v` */
  version: string
  node: string
}

export interface KernelRecord extends KernelName {
  series: string
  emulated: boolean
  rows: Row[]
}

/** What is printed where it is found out, one JSON object a line; lines of another kind are somebody else's. */
export type Line = ({ is: 'kernel' } & KernelName) | ({ is: 'found' } & Found)

/** Undefined for what is no line of ours. */
export function lineOf(text: string): Line | undefined {
  if (!text.startsWith('{"is":')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined // cut off, or interrupted by what the kernel printed
  }
}

/** What was said, with paths below `folder` as they are from there: where a checkout lies is nothing about a kernel. */
export const saidIn = (folder: string, words: string): string =>
  words.replaceAll(`file://${folder}/`, '').replaceAll(`${folder}/`, '')

/** The series of a release: 6.12 of 6.12.118+deb13-cloud-amd64. */
export const seriesOf = (release: string): string => /^\d+\.\d+/.exec(release)?.[0] ?? release
