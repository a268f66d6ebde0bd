/** The form of an experiment: what it teaches, which lab it needs, what happens, and what must be true afterwards. */
import type { Mode } from '#services/backend/api.ts'
import type { Expectation } from './expectation.ts'
import type { Readings } from './readings.ts'
import type { Stage } from './stage.ts'

/** The lab that an experiment asks for; what it leaves out has the lab's defaults. */
export interface LabWish {
  /** `sharded` (default): a socket for each backend. `shared`: one socket, several processes. `single`: one of each. */
  mode?: Mode
  /** How many (default 1), or the backlog of each; `workers` only in mode `shared`. */
  backends?: number | { backlog?: number; workers?: number }[]
  /** Set in the server's network namespace before anything listens. */
  sysctls?: Record<string, string | number>
  /** How often accept queues are read; default 10. */
  sampleIntervalMs?: number
  /** Has the exporter read by BPF what nothing else tells of each listener; see `Needs.bpf`. */
  exact?: 'auto' | 'on'
}

/** What a run needs to mean anything. If something is missing, the verdict is "not judged", with the reason. */
export interface Needs {
  cores?: number
  /** Sysctls of the server's namespace that this kernel must have. */
  sysctls?: readonly string[]
  /** Programs that must be on the PATH. */
  programs?: readonly string[]
  /** Root on the host, not only in the lab's user namespace. */
  root?: true
  /**
   * What only BPF programs tell (docs/exporter.md#exact-readings-by-bpf): not every kernel has all of it, and not every host lets
   * anybody load them.
   */
  bpf?: 'shards' | 'peaks' | 'accept_waits' | 'drops'
  /** Only in network namespaces of this machine, and why. */
  namespaces?: string
  /** What not every server has, where it runs on a server of somebody's: `spillway run NAME -- COMMAND`. */
  server?: readonly ServerNeed[]
}

/**
 * What an experiment can need of a server. The first two some servers have; the others only Spillway's own backends, so that
 * on any other the verdict is "not judged". What needs none of these runs on whatever listens.
 *
 * - `one socket`: one listening socket on the port
 * - `http`: clients that speak HTTP with it
 * - `slow accept`, `never read`, `close`: faults that a process switches on in itself
 * - `counts`: what it says of itself is what the phases wait for
 * - `backends`: backends side by side, as the lab of the experiment has them
 * - `sockets of its own`: it listens itself, beside the server
 */
export type ServerNeed =
  | 'one socket'
  | 'http'
  | 'slow accept'
  | 'never read'
  | 'close'
  | 'counts'
  | 'backends'
  | 'sockets of its own'

/** A step of an experiment. What it returns is plain data that `expect` finds under `result`. */
export type Phase<Result = unknown> = (stage: Stage) => Result | Promise<Result>

/** Expectations by who counted: at least one each from the kernel and from userspace. */
export interface Judgement {
  kernel: readonly [Expectation, ...Expectation[]]
  userspace: readonly [Expectation, ...Expectation[]]
  /** Where kernel and userspace must agree. */
  both?: readonly Expectation[]
}

interface Lesson {
  /** Kebab-case, as in `spillway run NAME`; the name of its file. */
  name: string
  /** What a reader knows afterwards, in a few sentences. */
  teaches: string
  /**
   * What it is based on: a concept of the deck, sections of docs/kernel-facts.md, kernel functions, an article or issue that
   * it explains (`text <https://…>`).
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

/** The same phases in several fresh labs, compared. */
export interface ComparisonForm<Results, Case extends string> extends Lesson {
  cases: Record<Case, LabWish>
  phases: Phases<Results>
  expect(readings: Record<Case, Readings<Results>>): Judgement
}

/** An experiment as the lab runs it: each has cases, most have only one. */
export interface Experiment extends Lesson {
  cases: Record<string, LabWish>
  phases: Record<string, Phase>
  /** Pure: judges the readings of all cases. Throws NotJudged if they do not allow a judgement. */
  judge(readings: Record<string, Readings>): Judgement
}

/** The name of the only case of an experiment that compares nothing. */
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

/** Thrown if something cannot be judged on this machine: neither a failure nor a success. */
export class NotJudged extends Error {
  override readonly name = 'NotJudged'
}
