/** Expectations of listeners, as somebody's CI states them: `port=8080 backlog>=1024`. */
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { plural, whole } from '#common/quantities.ts'
import { type HostEvidence, isFull, type QueueEvidence } from '#findings/host/evidence.ts'
import { placeOf } from './places.ts'

const OPERATORS = ['>=', '<=', '=', '>', '<'] as const
type Operator = (typeof OPERATORS)[number]

/** What identifies a listener, and what is demanded of it. */
const texts = ['address', 'path', 'netns', 'process'] as const
const numbers = ['port', 'backlog', 'shards', 'length', 'drops'] as const
type TextField = (typeof texts)[number]
type NumberField = (typeof numbers)[number]
const aliases: Record<string, TextField | NumberField> = { limit: 'backlog', unix: 'path', queue: 'length' }
const fields: readonly string[] = [...texts, ...numbers]

type Demand =
  | { field: TextField; operator: '='; wanted: string }
  | { field: NumberField; operator: Operator; wanted: number }

export interface Expectation {
  /** As it was written. */
  text: string
  demands: readonly Demand[]
}

/** What came of an expectation. */
export interface Judged {
  text: string
  met: boolean
  /** One sentence: what is there, and where it is not what was expected. */
  words: string
}

const WORD = /^([A-Za-z_-]+)\s*(>=|<=|==|=|>|<)\s*(.+)$/
const REMEDY =
  "Write it as 'port=8080 backlog>=1024'; fields: port, address, path, netns, process, backlog, shards, length, drops"

/** Reads an expectation. Throws a UsageError that names the word that is not understood, and what is near it. */
export function parseExpectation(option: string, text: string): Expectation {
  const words = text
    .replaceAll(/\s*(>=|<=|==|=|>|<)\s*/g, '$1')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  if (words.length === 0) throw new UsageError(`${option} is empty`, REMEDY)
  const demands = words.map((word) => parseDemand(option, word))
  if (!demands.some(({ field, operator }) => (field === 'port' && operator === '=') || field === 'path'))
    throw new UsageError(
      `${option} '${text}' names no listener`,
      "Name it by its port or its path: 'port=8080 backlog>=1024'",
    )
  return { text: words.join(' '), demands }
}

function parseDemand(option: string, word: string): Demand {
  const [, name = '', operator = '', value = ''] = WORD.exec(word) ?? []
  if (name === '') {
    const near = orNearest(word.replace(/[^A-Za-z].*$/, ''), fields)
    throw new UsageError(`${option}: '${word}' is not FIELD, operator, value${near}`, REMEDY)
  }
  const plain = name.toLowerCase()
  const field = Object.hasOwn(aliases, plain) ? aliases[plain] : plain
  const textField = texts.find((one) => one === field)
  if (textField !== undefined) {
    if (operator !== '=' && operator !== '==')
      throw new UsageError(`${option}: ${textField} can only be compared with =, not with ${operator}`, REMEDY)
    return {
      field: textField,
      operator: '=',
      wanted: textField === 'address' ? value.replace(/^\[(.*)\]$/, '$1') : value,
    }
  }
  const numberField = numbers.find((one) => one === field)
  if (numberField === undefined)
    throw new UsageError(`${option}: there is no field ${name}${orNearest(name, fields)}`, REMEDY)
  if (!/^\d{1,15}$/.test(value.replaceAll(',', '')))
    throw new UsageError(`${option}: '${value}' is not a whole number (${numberField})`, REMEDY)
  const wanted = Number(value.replaceAll(',', ''))
  if (numberField === 'port' && (wanted > 65_535 || wanted === 0))
    throw new UsageError(`${option}: there is no port ${value}`, 'Ports are 1 to 65535')
  return { field: numberField, operator: OPERATORS.find((one) => one === operator) ?? '=', wanted }
}

/** The listeners that an expectation names. */
export function named({ demands }: Expectation, { namespaces }: HostEvidence): QueueEvidence[] {
  const queues = namespaces.flatMap(({ queues }) => queues)
  return queues.filter((queue) => demands.every((demand) => !names(demand) || holds(demand, queue)))
}

/** Whether it says which listener is meant, not what it is to be like. */
const names = ({ field }: Demand): boolean =>
  field === 'port' || field === 'address' || field === 'path' || field === 'netns' || field === 'process'

function holds(demand: Demand, queue: QueueEvidence): boolean {
  switch (demand.field) {
    case 'address':
      return queue.address === demand.wanted || (isAny(demand.wanted) && isAny(queue.address ?? ''))
    case 'path':
      return queue.path === demand.wanted
    case 'netns':
      return queue.netns === demand.wanted || (demand.wanted === 'self' && queue.own)
    case 'process':
      return (
        queue.processes.some(({ command }) => command === demand.wanted) ||
        queue.server?.name.toLowerCase() === demand.wanted.toLowerCase()
      )
    default:
      return compare(numberIn(demand.field, queue), demand.operator, demand.wanted)
  }
}

const isAny = (address: string): boolean => address === '*' || address === '0.0.0.0' || address === '::'

function numberIn(field: NumberField, queue: QueueEvidence): number | undefined {
  switch (field) {
    case 'port':
      return queue.port
    case 'backlog':
      return queue.limit
    case 'shards':
      return queue.shards
    case 'length':
      return queue.length
    case 'drops':
      return queue.drops
  }
}

function compare(value: number | undefined, operator: Operator, wanted: number): boolean {
  if (value === undefined) return false
  switch (operator) {
    case '=':
      return value === wanted
    case '>=':
      return value >= wanted
    case '<=':
      return value <= wanted
    case '>':
      return value > wanted
    case '<':
      return value < wanted
  }
}

/** Whether every listener that it names is as it demands, with the numbers that were found. */
export function judge(expectation: Expectation, host: HostEvidence): Judged {
  const { text } = expectation
  const queues = named(expectation, host)
  if (queues.length === 0) return { text, met: false, words: `Nothing listens there${nearby(expectation, host)}` }
  for (const demand of expectation.demands) {
    if (names(demand)) continue
    const other = queues.find((queue) => !holds(demand, queue))
    if (other !== undefined) return { text, met: false, words: `${where(other)} ${found(demand, other)}` }
  }
  const [first] = queues
  const tail = first === undefined ? '' : `: backlog ${whole(first.limit)}, ${plural(first.shards, 'shard')}`
  return { text, met: true, words: `${first === undefined ? '' : where(first)}${tail}` }
}

/** `port 8080 (nginx)` */
function where({ address = '', port = 0, path, who, netns, own, host }: QueueEvidence): string {
  const at = path ?? placeOf({ address, port })
  return `${at}${who === undefined ? '' : ` (${who})`}${host !== undefined ? ` on ${host}` : own ? '' : ` in ${netns}`}`
}

function found(demand: Demand, queue: QueueEvidence): string {
  if (demand.field !== 'backlog') {
    const value = typeof demand.wanted === 'number' && 'field' in demand ? numberOf(demand, queue) : undefined
    const has = value === undefined ? 'tells no' : `has ${whole(value)}`
    const what = demand.field === 'length' ? 'connections waiting' : demand.field
    return `${has} ${what}, and ${demand.operator} ${demand.wanted} was expected${demand.field === 'length' && isFull(queue) ? ': its queue is full' : ''}`
  }
  const { setBy } = queue
  const why =
    setBy.by === 'somaxconn' && setBy.asked !== undefined
      ? `: it asked for ${whole(setBy.asked)}, and net.core.somaxconn cut that`
      : setBy.by === 'somaxconn'
        ? ': that is net.core.somaxconn, which cuts what is larger'
        : setBy.by === 'default'
          ? `: that is ${setBy.server}'s default`
          : ''
  return `has a backlog of ${whole(queue.limit)}, and ${demand.operator} ${demand.wanted} was expected${why}`
}

const numberOf = (demand: Demand, queue: QueueEvidence): number | undefined =>
  numbers.some((one) => one === demand.field) && typeof demand.wanted === 'number'
    ? numberIn(demand.field as NumberField, queue)
    : undefined

/** What does listen at that port, at other addresses. */
function nearby({ demands }: Expectation, host: HostEvidence): string {
  const port = demands.find(({ field }) => field === 'port')?.wanted
  const all = host.namespaces.flatMap(({ queues }) => queues)
  const same = all.filter((queue) => queue.port !== undefined && queue.port === port)
  if (same.length > 0) return `: at port ${port} there is ${[...new Set(same.map(where))].slice(0, 3).join(', ')}`
  return ''
}
