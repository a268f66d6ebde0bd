/** What is known of a backend: ours tells all of it, any other server only what the kernel shows. */
import type { BackendStatus } from '#services/backend/api.ts'
import type { CpuShare } from '#services/keeper/api.ts'

type OursAlone = 'accepts' | 'responses' | 'bodyBytes' | 'open' | 'acceptWait' | 'loopLagMs'
type OurProcess = BackendStatus['processes'][number]
type OurProcessAlone = 'accepts' | 'responses' | 'open' | 'loopLagMs'

type ToldProcess = Omit<OurProcess, OurProcessAlone> & Partial<Pick<OurProcess, OurProcessAlone>>

/** A status of which what only our backend tells may be missing. */
export interface Told extends Omit<BackendStatus, OursAlone | 'processes'>, Partial<Pick<BackendStatus, OursAlone>> {
  processes: ToldProcess[]
  /** Of another server: whether any of its processes runs, how many sockets it has, whether it can be reloaded, and its CPU quota. */
  runs?: boolean
  sockets?: number
  reloads?: boolean
  cpu?: CpuShare
}

/** Whether our backend has told it. */
export const isOurs = (told: Told): told is BackendStatus => told.loopLagMs !== undefined
