/** The orders that a lab takes: the switches of the board and the keys of the terminal. */
import { type Static, Type } from 'typebox'
import { Faults, SteeringChange } from '#services/backend/api.ts'

/** The loads that a board can switch. */
export const LoadName = Type.Union([
  Type.Literal('gentle'),
  Type.Literal('burst'),
  Type.Literal('half-open'),
  Type.Literal('hold'),
  Type.Literal('slow-read'),
  Type.Literal('slow-write'),
])
export type LoadName = Static<typeof LoadName>

const closed = { additionalProperties: false } as const
const Shard = Type.Integer({ minimum: 1, maximum: 1024 })
const Amount = Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 })
const { stalled: _, ...otherFaults } = Faults.properties

/** Sysctls that a board may set. */
export const SysctlName = Type.Union([
  Type.Literal('net.ipv4.tcp_syncookies'),
  Type.Literal('net.ipv4.tcp_abort_on_overflow'),
  Type.Literal('net.ipv4.tcp_migrate_req'),
  Type.Literal('net.core.somaxconn'),
])
export type SysctlName = Static<typeof SysctlName>

/** The body of POST /switches: one thing that a switch does. */
export const SwitchOrder = Type.Union([
  Type.Object(
    {
      do: Type.Union([
        Type.Literal('release'),
        Type.Literal('close'),
        Type.Literal('open'),
        Type.Literal('kill'),
        Type.Literal('restart'),
        // Of a server that is not ours, as a whole.
        Type.Literal('stop'),
        Type.Literal('reload'),
      ]),
      shard: Shard,
    },
    closed,
  ),
  Type.Object(
    {
      do: Type.Literal('stall'),
      shard: Shard,
      process: Type.Optional(
        Type.Integer({ minimum: 0, description: 'In mode shared: a single process instead of all' }),
      ),
    },
    closed,
  ),
  // Of a server that is not ours, as a whole: per cent of one CPU, 0 for as much as there is.
  Type.Object({ do: Type.Literal('slow'), shard: Shard, percent: Type.Integer({ minimum: 0, maximum: 100 }) }, closed),
  Type.Object(
    { do: Type.Literal('fault'), shard: Shard, faults: Type.Partial(Type.Object(otherFaults), closed) },
    closed,
  ),
  Type.Object(
    { do: Type.Literal('relisten'), shard: Shard, backlog: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }) },
    closed,
  ),
  Type.Object({ do: Type.Literal('steer'), steering: SteeringChange }, closed),
  Type.Object(
    {
      do: Type.Literal('sysctl'),
      name: SysctlName,
      value: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
    },
    closed,
  ),
  Type.Object({ do: Type.Literal('start load'), load: LoadName, amount: Amount }, closed),
  Type.Object({ do: Type.Literal('stop load'), load: LoadName }, closed),
  Type.Object({ do: Type.Literal('run experiment'), name: Type.String({ minLength: 1, maxLength: 100 }) }, closed),
  Type.Object({ do: Type.Literal('stop experiment') }, closed),
  Type.Object({ do: Type.Literal('dismiss experiment') }, closed),
])
export type SwitchOrder = Static<typeof SwitchOrder>

/** An experiment that can be run. */
export interface ExperimentOffer {
  name: string
  teaches: string
  /** Where it comes from, and where that can be opened. */
  sources: { text: string; href?: string }[]
}

/** Where a board serves docs/kernel-facts.md. */
export const FACTS_PATH = '/kernel-facts'

/** Where a board serves the report of a run. */
export const reportPath = (run: number): string => `/runs/${run}/report`

/** Performs what switches ask for. */
export interface Switches {
  /** Gives a sentence on what was done. A UsageError says why it cannot be. */
  perform(order: SwitchOrder): Promise<string>
  experiments: readonly ExperimentOffer[]
  /** What cannot be switched here, and why. */
  unavailable: Partial<Record<SwitchOrder['do'], string>>
}
