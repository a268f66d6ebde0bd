/** What a run did later than it was asked to. On a busy machine it says more of the outcome than the kernel does. */
import { duration } from '#common/quantities.ts'

/** What can be late, and how a person is told by how much. */
const words = {
  timers: (ms) => `timers of an idle process fired up to ${ms} late`,
  arrivals: (ms) => `connections began up to ${ms} late`,
  clients: (ms) => `the clients' process stood still for up to ${ms}`,
  backends: (ms) => `a backend that was not stalled stood still for up to ${ms}`,
  switches: (ms) => `a switch took up to ${ms}`,
  pauses: (ms) => `a pause lasted up to ${ms} too long`,
  samples: (ms) => `the accept queues were not read for up to ${ms} more than planned`,
  boundaries: (ms) => `reading all counts between two phases took up to ${ms}`,
  probes: (ms) => `a probe of its own was up to ${ms} late`,
} as const satisfies Record<string, (ms: string) => string>

export type LateThing = keyof typeof words

/** The worst of one kind in one phase of a case. */
export interface Late {
  what: LateThing
  lateMs: number
  phase: string
}

/** `connections began up to 230 ms late` */
export const lateInWords = ({ what, lateMs }: Pick<Late, 'what' | 'lateMs'>): string =>
  words[what](lateMs < 1 ? '1 ms' : duration(lateMs))

/** The worst of all; undefined if nothing was measured. */
export const worstOf = <One extends Pick<Late, 'lateMs'>>(lateness: readonly One[]): One | undefined =>
  lateness.reduce<One | undefined>((worst, one) => (one.lateMs > (worst?.lateMs ?? -1) ? one : worst), undefined)

/** The worst of each kind, the worst kind first. */
export function worstOfEach<One extends Pick<Late, 'what' | 'lateMs'>>(lateness: readonly One[]): One[] {
  const worst = new Map<LateThing, One>()
  for (const one of lateness) if (one.lateMs > (worst.get(one.what)?.lateMs ?? -1)) worst.set(one.what, one)
  return [...worst.values()].toSorted((a, b) => b.lateMs - a.lateMs)
}

/** Adds one to the lateness of a recording, which keeps the worst of each kind in each phase. */
export function keepWorst(lateness: Late[], late: Late): void {
  const known = lateness.find(({ what, phase }) => what === late.what && phase === late.phase)
  if (known === undefined) lateness.push(late)
  else known.lateMs = Math.max(known.lateMs, late.lateMs)
}
