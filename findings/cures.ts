/** Whether a larger backlog is the cure, and what else is, by the code of the finding: one wording for diagnoses, the board and alerts. */

interface Cure {
  /** Whether a larger backlog is it; undefined where it depends on what is seen. */
  backlog: boolean | undefined
  /** What to do; `name` is whose it is, `now` whether it goes on. */
  remedy(name: string, now: boolean): string
  /** For who is told that it is there, and not how long each time lasts, where that decides. */
  whenUnknown?: string
}

const findWhat = (name: string, now: boolean): string => `Find what ${now ? 'keeps' : 'kept'} ${name} from accept().`

export const cures = {
  'backlog-small': { backlog: true, remedy: () => 'A larger backlog is the cure.' },
  'accept-queue-overflows-briefly': { backlog: true, remedy: () => 'A larger backlog is the cure.' },
  'accept-queue-overflows': {
    backlog: false,
    remedy: () => 'More processes, or cheaper accepts.',
    whenUnknown:
      'A larger backlog is the cure only if the queue is full for no more than a second or two at a time; else more processes, or cheaper accepts (spillway check --from tells which).',
  },
  'one-shard-stalled': { backlog: false, remedy: findWhat },
  'all-shards-stalled': { backlog: false, remedy: findWhat },
  'nobody-accepts': { backlog: false, remedy: findWhat },
  'shards-uneven': { backlog: false, remedy: () => 'Find what slows that shard down.' },
  'workers-exhausted': { backlog: false, remedy: () => 'More workers, or requests that end sooner.' },
  'syn-queue-overflows': { backlog: undefined, remedy: () => 'Turn SYN cookies on before you enlarge anything.' },
  'syns-dropped-otherwise': { backlog: undefined, remedy: () => '' },
} as const satisfies Record<string, Cure>

export type CuredCode = keyof typeof cures

export const isCured = (code: string): code is CuredCode => Object.hasOwn(cures, code)

/** Of a finding that lasts, in one sentence or two: for who is told that it is there, and not how it came. */
export function cureInWords(code: CuredCode): string {
  const { backlog, remedy, whenUnknown }: Cure = cures[code]
  if (whenUnknown !== undefined) return whenUnknown
  return `${backlog === false ? 'No backlog is the cure. ' : ''}${remedy('it', true)}`.trim()
}

/** What to do, where the diagnosis has said whether a backlog is the cure. */
export const remedyFor = (code: string, name: string, now: boolean): string =>
  isCured(code) ? cures[code].remedy(name, now) : ''
