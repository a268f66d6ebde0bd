/** What the driver and the lab's first process say to each other over their channel. */
import type { Found } from '#services/keeper/api.ts'
import type { CommandResult, LabPlan, Part } from '../driver.ts'
import type { Host } from '../topology.ts'

export interface Order {
  id: number
  order:
    | { do: 'build'; plan: LabPlan; folder: string }
    | { do: 'kill'; backend: number }
    | { do: 'start'; backend: number }
    | { do: 'set sysctl'; host: Host; name: string; value: string | number }
    | { do: 'read sysctl'; host: Host; name: string }
    | { do: 'run'; host: Host; command: readonly string[] }
}

export type Answer =
  | { id: number; result: CommandResult | Found | string | null }
  | { id: number; error: string; kind: 'usage' | 'unsettable' | 'fault'; remedy?: string | undefined }
  | { log: string }
  /** A process of the lab has ended unasked. */
  | { ended: Part | number; how: string }
  /** The lab ends now, and why. */
  | { over: string }
