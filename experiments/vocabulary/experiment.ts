/** The form of an experiment: what it teaches, which lab it needs, what happens, and what must then be true. */
import type { Mode } from '#services/backend/api.ts'
import type { Expectation } from './expectation.ts'
import type { Readings } from './readings.ts'
import type { Stage } from './stage.ts'

/** The lab an experiment wants; what it leaves out is as in every lab. */
export interface LabWish {
  /** `sharded` (default): a socket for each backend. `shared`: one socket, several processes. `single`: one of each. */
  mode?: Mode
  /** How many (default 1), or each one's own backlog; `workers` only in mode `shared`. */
  backends?: number | { backlog?: number; workers?: number }[]
  /** Set in the server's network namespace before anything listens. */
  sysctls?: Record<string, string | number>
  /** How often accept queues are read; default 10. */
  sampleIntervalMs?: number
}

/** What must be there for a run to mean anything. What is missing makes the verdict "not judged here", with the reason. */
export interface Needs {
  cores?: number
  /** Sysctls of the server's namespace that this kernel must have. */
  sysctls?: readonly string[]
  /** Programs that must be on the PATH. */
  programs?: readonly string[]
  /** Root on the host, not only in the lab's user namespace. */
  root?: true
  /** Only in network namespaces of this machine, and why. */
  namespaces?: string
}

/** A step of an experiment, and what it wants to remember of it: plain data, which `expect` finds under `result`. */
export type Phase<Result = unknown> = (stage: Stage) => Result | Promise<Result>

/** Expectations by who counted: at least one each from the kernel and from userspace. */
export interface Judgement {
  kernel: readonly [Expectation, ...Expectation[]]
  userspace: readonly [Expectation, ...Expectation[]]
  /** Where the two must agree. */
  both?: readonly Expectation[]
}

interface Lesson {
  /** Kebab-case, as in `spillway run NAME`; the name of its file. */
  name: string
  /** What a person knows afterwards, in one to three sentences. */
  teaches: string
  /**
   * Where it comes from: a concept of the deck, sections of docs/kernel-facts.md, kernel functions, an article or issue that it
   * settles (`text <https://…>`).
   */
  sources: readonly [string, ...string[]]
  needs?: Needs
}

type Phases<Results> = { [Name in keyof Results]: Phase<Results[Name]> }

/** An experiment in one lab. */
export interface ExperimentForm<Results> extends Lesson {
  lab: LabWish
  /** What happens, in this order. Each ends when its function does. */
  phases: Phases<Results>
  expect(readings: Readings<Results>): Judgement
}

/** The same phases in several labs, each run fresh, compared. */
export interface ComparisonForm<Results, Case extends string> extends Lesson {
  cases: Record<Case, LabWish>
  phases: Phases<Results>
  expect(readings: Record<Case, Readings<Results>>): Judgement
}

/** An experiment as the lab runs it: every one has cases, most have one. */
export interface Experiment extends Lesson {
  cases: Record<string, LabWish>
  phases: Record<string, Phase>
  /** Pure: what the readings of all cases say. Throws NotJudged if they cannot say anything. */
  judge(readings: Record<string, Readings>): Judgement
}

/** The name of the one case of an experiment that compares nothing. */
export const ONLY_CASE = 'lab'

/** Declares an experiment. */
export function experiment<Results>({ lab, phases, expect, ...lesson }: ExperimentForm<Results>): Experiment {
  return {
    ...lesson,
    cases: { [ONLY_CASE]: lab },
    phases,
    judge: (readings) => expect(readings[ONLY_CASE] as Readings<Results>),
  }
}

/** Declares an experiment that runs the same phases in several labs and compares them. */
export function comparison<Results, Case extends string>({
  cases,
  phases,
  expect,
  ...lesson
}: ComparisonForm<Results, Case>): Experiment {
  return { ...lesson, cases, phases, judge: (readings) => expect(readings as Record<Case, Readings<Results>>) }
}

/** Thrown where something cannot be judged on this machine: no failure, and no success. */
export class NotJudged extends Error {
  override readonly name = 'NotJudged'
}
