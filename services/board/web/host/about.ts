/** What is known of the chosen queue, as a list: whose it is, its limit and why, who waits, who is served, and how old that is. */
import { bytes, duration, number, plural, UNKNOWN, whole } from '#common/quantities.ts'
import type { ChosenView } from '#live/host/host-state.ts'
import { ageBeside, waitInWords } from '#live/reading.ts'
import type { QueueView } from '#live/state.ts'
import { html, say } from '../page/dom.ts'
import type { TermName } from '../page/glossary.ts'
import { amount, roomOf } from '../picture/amounts.ts'
import { peakIs } from '../picture/shard-words.ts'

interface Fact {
  name: string
  term?: TermName
  says: string
}

export class About {
  readonly element = html('div', { class: 'about' })
  readonly #list = html('dl')
  readonly #names: HTMLElement[] = []
  readonly #values: HTMLElement[] = []
  #shape = ''

  constructor() {
    this.element.append(this.#list)
  }

  draw(chosen: ChosenView | undefined): void {
    const facts = chosen === undefined ? [] : factsOf(chosen)
    const shape = facts.map(({ name }) => name).join()
    if (shape !== this.#shape) {
      this.#shape = shape
      this.#names.splice(
        0,
        Number.POSITIVE_INFINITY,
        ...facts.map(({ name, term }) => html('dt', { 'data-term': term }, name)),
      )
      this.#values.splice(0, Number.POSITIVE_INFINITY, ...facts.map(() => html('dd')))
      this.#list.replaceChildren(...this.#names.flatMap((name, index) => [name, this.#values[index] ?? '']))
    }
    for (const [index, { says }] of facts.entries()) {
      const value = this.#values[index]
      if (value !== undefined) say(value, says)
    }
  }
}

const aged = (words: string, age: string): string => (age === '' ? words : `${words} (${age})`)

function factsOf(chosen: ChosenView): Fact[] {
  const { kind, mptcp, picture, unit, container, pod, netns, limitBecause, leftOut, sockets } = chosen
  const { shards, ages } = picture
  const [first] = shards
  if (first === undefined) return []
  const queueAge = ageBeside(ages, 'listeners')
  const limits = [...new Set(shards.map(roomOf))]
  const room =
    limits.length === 1
      ? `${amount(limits[0] ?? 0, first.unit)}${kind === 'udp' ? '' : ` fit${sockets > 1 ? ' in each' : ''}: backlog ${number(first.limit)}`}`
      : `${number(Math.min(...limits))} to ${number(Math.max(...limits))} fit`
  const facts: Fact[] = [
    ...(mptcp === undefined ? [] : [{ name: 'Protocol', says: 'MPTCP; clients of TCP are served too' }]),
    ...(netns === undefined ? [] : [{ name: 'Namespace', says: netns }]),
    ...(unit === '' ? [] : [{ name: 'Unit', says: unit }]),
    ...(pod === undefined ? [] : [{ name: 'Pod', says: pod }]),
    ...(container === '' ? [] : [{ name: 'Container', says: container }]),
    ...(sockets === 1
      ? []
      : [
          {
            name: 'Sockets',
            term: 'shard',
            says: `${number(sockets)}${leftOut > 0 ? `; the ${number(shards.length)} worst are drawn` : ''}`,
          } as const,
        ]),
    {
      name: 'Limit',
      term: 'backlog',
      says: `${room}${limitBecause === undefined || kind === 'udp' ? '' : `; ${limitBecause}`}`,
    },
    { name: 'In the queue', term: 'acceptQueue', says: aged(waitingWords(shards), queueAge) },
    { name: 'Peak in 30 s', says: peakWords(shards) },
  ]
  if (kind === 'udp') return [...facts, dropsFact(shards)]
  return [
    ...facts,
    ...(kind === 'unix'
      ? [{ name: 'Refused', says: 'the kernel counts nothing: only the client sees EAGAIN' }]
      : [...tcpFacts(chosen, shards), dropsFact(shards)]),
    { name: 'Held by', term: 'accept', says: holdersWords(chosen) },
  ]
}

function tcpFacts({ picture, past, retransmitting }: ChosenView, shards: readonly QueueView[]): Fact[] {
  const { portView: port, ages } = picture
  const age = ageBeside(ages, 'connections')
  const dead = shards.reduce(
    (sum, { hungUp }) =>
      hungUp === undefined || sum === undefined
        ? undefined
        : { least: sum.least + hungUp.least, most: sum.most + hungUp.most },
    { least: 0, most: 0 } as QueueView['hungUp'],
  )
  const waiting = shards.reduce((sum, { length }) => sum + length, 0)
  return [
    {
      name: 'Oldest wait',
      term: 'acceptWait',
      says: aged(
        port?.oldestWait === undefined ? UNKNOWN : waiting === 0 ? 'nobody waits' : waitInWords(port.oldestWait),
        age,
      ),
    },
    { name: 'Living, hung up', term: 'hungUp', says: aged(livingWords(waiting, dead), age) },
    {
      name: 'Past accept()',
      term: 'unserved',
      says: aged(pastWords(past), age),
    },
    {
      name: 'Connections',
      term: 'descriptor',
      says:
        port?.connections === undefined || port.receiveBytes === undefined || port.sendBytes === undefined
          ? `${UNKNOWN}: not read lately`
          : aged(
              `${number(port.connections)} established; ${bytes(port.receiveBytes)} unread, ${bytes(port.sendBytes)} unacknowledged${retransmitting === undefined || retransmitting === 0 ? '' : `; ${number(retransmitting)} retransmit`}`,
              age,
            ),
    },
    {
      name: 'SYN queue',
      term: 'synQueue',
      says:
        port?.synQueue === undefined
          ? `${UNKNOWN}: not read lately`
          : aged(
              `${number(port.synQueue.length)} half-open, limit ${number(port.synQueue.limit)}, peak ${number(port.synQueue.peak)}`,
              ageBeside(ages, 'synQueue'),
            ),
    },
  ]
}

function waitingWords(shards: readonly QueueView[]): string {
  const [first] = shards
  const waiting = shards.reduce((sum, { length }) => sum + length, 0)
  const room = shards.reduce((sum, shard) => sum + roomOf(shard), 0)
  const full = shards.filter((shard) => shard.length >= roomOf(shard)).length
  const how = full === 0 ? '' : shards.length === 1 ? ': full' : `: ${number(full)} of ${number(shards.length)} full`
  return `${amount(waiting, first?.unit)} of ${amount(room, first?.unit)}${how}`
}

function peakWords(shards: readonly QueueView[]): string {
  const peak = Math.max(...shards.map((shard) => shard.peak))
  const seconds = shards.map(({ fullSeconds }) => fullSeconds).filter((value) => value !== undefined)
  const full = seconds.length === 0 ? 0 : Math.max(...seconds)
  const isExact = shards.every(({ peakIsExact }) => peakIsExact === true)
  const is = shards.some(({ peakIsExact }) => peakIsExact !== undefined) ? peakIs({ peakIsExact: isExact }) : ''
  return `${amount(peak, shards[0]?.unit)}${is}${full > 0 ? `; full for ${duration(full * 1000)}` : ''}`
}

function dropsFact(shards: readonly QueueView[]): Fact {
  const totals = shards.flatMap(({ drops }) => drops ?? [])
  const rates = shards.flatMap(({ dropsPerSecond }) => dropsPerSecond ?? [])
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const now = rates.length === 0 ? '' : `; ${whole(sum(rates))}/s now`
  return {
    name: 'Drops',
    term: 'drop',
    says: totals.length === 0 ? UNKNOWN : `${number(sum(totals))} since it listens${now}`,
  }
}

function livingWords(waiting: number, dead: QueueView['hungUp']): string {
  if (waiting === 0) return 'nobody waits'
  if (dead === undefined) return UNKNOWN
  const { least, most } = dead
  if (most === 0) return `all ${number(waiting)} live`
  return least === most
    ? `${number(waiting - most)} live, ${number(most)} hung up`
    : `${number(least)} to ${number(Math.min(most, waiting))} of ${number(waiting)} hung up`
}

function pastWords(past: ChosenView['past']): string {
  if (past === undefined) return `${UNKNOWN}: not read lately`
  const { accepted, unserved, oldestMs } = past
  if (unserved === undefined) return `${number(accepted)} accepted; this kernel does not tell who is served`
  const served = unserved === 0 ? 'none waits to be read' : `${number(unserved)} neither read nor answered`
  const oldest = unserved > 0 && oldestMs !== undefined ? `, the oldest for ${duration(oldestMs)}` : ''
  return accepted === 0 ? 'no accepted connection is open' : `${number(accepted)} accepted; ${served}${oldest}`
}

function holdersWords({ picture, who, doubt }: ChosenView): string {
  const holders = new Map(
    picture.shards.flatMap(({ holders = [] }) => holders.map((holder) => [holder.pid, holder] as const)),
  )
  if (holders.size === 0) return 'not seen: it belongs to another user, or the exporter may not look'
  const all = [...holders.values()]
  const accept = all.filter(({ accepts }) => accepts === true)
  const pids = all.slice(0, 6).map(({ pid }) => pid)
  const more = all.length > pids.length ? ` and ${number(all.length - pids.length)} more` : ''
  const stopped = all.filter((holder) => holder.stopped)
  const waits =
    stopped.length === all.length
      ? `${all.length === 1 ? 'it is' : 'all are'} stopped by a signal`
      : all.every(({ accepts }) => accepts === undefined)
        ? 'who accepts is not known'
        : accept.length === 0
          ? `${all.length === 1 ? 'it does not wait' : 'none of them waits'} for connections${doubt}`
          : all.length === 1
            ? 'it watches for connections'
            : `${number(accept.length)} ${accept.length === 1 ? 'watches' : 'watch'} for connections${stopped.length === 0 ? '' : `, ${number(stopped.length)} ${stopped.length === 1 ? 'is' : 'are'} stopped by a signal`}`
  const name = who ?? all[0]?.command ?? ''
  const looked =
    picture.holdersAgeMs === undefined
      ? ''
      : picture.holdersAgeMs < 1000
        ? ', looked just now'
        : `, looked ${duration(Math.floor(picture.holdersAgeMs / 1000) * 1000)} ago`
  return `${name === '' ? plural(all.length, 'process', 'processes') : name} (${pids.join(', ')}${more}); ${waits}${looked}`
}
