/**
 * The interactive parts of a chapter. Each is a comment on a line of its own, which GitHub does not show:
 * `<!-- spillway predict dropped queue 2 -->`, `<!-- spillway run stall 2; start burst 600 -->`, `<!-- spillway look tank 2 -->`.
 */
import { UsageError } from '#common/errors.ts'
import { LoadName, type SwitchOrder, SysctlName } from '#live/orders.ts'

/** What the board shows and a prediction can be held against; those of a shard name it. */
export const readings = {
  queue: 'connections',
  drops: 'drops a second',
  wait: 'ms',
  'half-open': 'requests',
  accepts: 'accepts a second',
} as const
type Reading = keyof typeof readings

/**
 * `shard` is undefined for what belongs to the whole port. `cited` is what a number of the same chapter names as its source.
 */
export type Directive =
  | { kind: 'predict'; id: string; reading: Reading; shard: number | undefined }
  | { kind: 'predict'; id: string; cited: string }
  | { kind: 'run'; orders: SwitchOrder[]; label: string }
  | { kind: 'experiment'; name: string }
  | { kind: 'look'; place: string }
  | { kind: 'check'; exercise: string; file: string }

export const isDirective = (line: string): boolean => /^\s*<!-- spillway /.test(line)

/** Reads such a line. Throws a UsageError that quotes it. */
export function readDirective(line: string): Directive {
  const [, kind = '', rest = ''] = /^\s*<!-- spillway (\w+) (.+?) -->\s*$/.exec(line) ?? []
  const directive = make(kind, rest)
  if (directive === undefined)
    throw new UsageError(`'${line.trim()}' is not a part of a chapter`, 'See cli/workshop/chapter/directive.ts')
  return directive
}

function make(kind: string, rest: string): Directive | undefined {
  switch (kind) {
    case 'predict':
      return prediction(rest)
    case 'run': {
      const [, name] = /^experiment ([\w-]+)$/.exec(rest) ?? []
      if (name !== undefined) return { kind: 'experiment', name }
      const steps = rest.split('; ').map(action)
      const known = steps.flatMap((step) => step ?? [])
      if (known.length < steps.length) return undefined
      return { kind: 'run', orders: known.map(({ order }) => order), label: inOneLine(known.map(({ says }) => says)) }
    }
    case 'look':
      return { kind: 'look', place: rest }
    case 'check': {
      const [, exercise, file] = /^([\w-]+) ([\w./-]+)$/.exec(rest) ?? []
      return exercise === undefined || file === undefined ? undefined : { kind: 'check', exercise, file }
    }
    default:
      return undefined
  }
}

const isReading = (word: string): word is Reading => Object.hasOwn(readings, word)

function prediction(rest: string): Directive | undefined {
  const [, by, cited] = /^([\w-]+) cited "(.+)"$/.exec(rest) ?? []
  if (by !== undefined && cited !== undefined) return { kind: 'predict', id: by, cited }
  const [, id, reading = '', shard] = /^([\w-]+) ([\w-]+)(?: (\d+))?$/.exec(rest) ?? []
  if (id === undefined || !isReading(reading)) return undefined
  return { kind: 'predict', id, reading, shard: shard === undefined ? undefined : Number(shard) }
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
const inOneLine = (parts: readonly string[]): string => capital(parts.join(', then '))

interface Action {
  order: SwitchOrder
  says: string
}

const loadWords: Record<LoadName, (amount: number) => string> = {
  gentle: (amount) => `${amount} new connections a second`,
  burst: (amount) => `${amount} clients at once`,
  'half-open': (amount) => `${amount} SYNs a second that are never acknowledged`,
  hold: (amount) => `${amount} clients that connect and stay`,
  'slow-read': (amount) => `${amount} clients that read nothing`,
  'slow-write': (amount) => `${amount} clients with long bodies`,
}

const isLoad = (word: string): word is LoadName => LoadName.anyOf.some((literal) => literal.const === word)
const isSysctl = (word: string): word is SysctlName => SysctlName.anyOf.some((literal) => literal.const === word)

/** One thing that a switch of the board does, and its words on the button. Undefined for any other text. */
function action(text: string): Action | undefined {
  const [verb = '', first = '', second = ''] = text.split(' ')
  const shard = Number(first)
  const value = Number(second)
  if (verb === 'start' && isLoad(first) && value > 0)
    return { order: { do: 'start load', load: first, amount: value }, says: loadWords[first](value) }
  if (verb === 'stop' && isLoad(first)) return { order: { do: 'stop load', load: first }, says: `end the load` }
  if (verb === 'sysctl' && isSysctl(first) && second !== '')
    return { order: { do: 'sysctl', name: first, value }, says: `set ${first.replace(/^net\.\w+\./, '')} to ${value}` }
  if (verb === 'steer' && first === 'hash')
    return { order: { do: 'steer', steering: { by: first } }, says: `spread by ${first}` }
  if (!Number.isInteger(shard) || shard < 1) return undefined
  switch (verb) {
    case 'stall':
      return { order: { do: 'stall', shard }, says: `stall backend ${shard}` }
    case 'release':
      return { order: { do: 'release', shard }, says: `release backend ${shard}` }
    case 'close':
      return { order: { do: 'close', shard }, says: `close the listener of backend ${shard}` }
    case 'open':
      return { order: { do: 'open', shard }, says: `open the listener of backend ${shard}` }
    case 'relisten':
      return { order: { do: 'relisten', shard, backlog: value }, says: `backend ${shard} calls listen() with ${value}` }
    case 'slow':
      return {
        order: { do: 'fault', shard, faults: { acceptDelayMs: value } },
        says:
          value === 0
            ? `backend ${shard} accepts at full speed`
            : `backend ${shard} needs ${value} ms for each accept()`,
      }
    default:
      return undefined
  }
}
