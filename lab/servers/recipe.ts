/** A server of this world, as a person would start it: what its card is made from, and its row in docs/servers.md. */
import type { Answer } from '../card/card.ts'

export interface Recipe {
  /** Names its record and `npm run servers -- NAME`. */
  name: string
  /** As the page calls it, in Markdown. */
  title: string
  /** What a person types to have it. */
  install: string
  /** What has to be on the PATH, or in the system's folders, for it to be at hand. */
  programs: readonly string[]
  /** Prints its version, the first number with a dot; run in its folder after `prepare`. */
  version: readonly string[]
  /**
   * What stands behind `spillway try --`. `{apps}` is the folder of the apps here, `{folder}` an empty one for what it
   * writes, which it also finds in FOLDER.
   */
  command: readonly string[]
  /** Run one after the other before: what has to be built or copied. */
  prepare?: readonly (readonly string[])[]
  /** What clients send, where it is not HTTP. */
  request?: (folder: string) => Uint8Array
  /** Options of `spillway try`. */
  options?: readonly string[]
  /** What many believe of it, where a card says otherwise. */
  belief?: Belief
}

interface Belief {
  /** A sentence that is commonly held true. */
  that: string
  /** What was seen instead, if the card contradicts it; undefined if it does not, or could not tell. */
  seen(card: CardNumbers): string | undefined
}

/** What a run left: the answers as `spillway try --json` printed them. One file a server. */
export interface ServerRecord {
  name: string
  version: string
  /** The day, in UTC: 2026-01-31. */
  date: string
  kernel: string
  answers: Answer[]
}

type Key = 'listens' | 'holds' | 'stopped' | 'takes' | 'silent' | 'ends' | 'kill' | 'twice' | 'flood' | 'leaves'

/** The numbers of a card by question; undefined where it was not judged. */
export type CardNumbers = Partial<Record<Key, Record<string, number | string | null>>>

const KEYS: readonly (readonly [Key, RegExp])[] = [
  ['listens', /^What listens/],
  ['holds', /^What does it hold/],
  ['stopped', /stopped worker/],
  ['takes', /How many new connections/],
  ['silent', /silent client/],
  ['ends', /a reload and a stop/],
  ['kill', /a kill and a restart/],
  ['twice', /twice its capacity/],
  ['flood', /flood of half-open/],
  ['leaves', /leave behind/],
]

const keyOf = (asks: string): Key | undefined => KEYS.find(([, pattern]) => pattern.test(asks))?.[0]

export function numbersOf({ answers }: ServerRecord): CardNumbers {
  return Object.fromEntries(
    answers.flatMap(({ asks, found }) => {
      const key = keyOf(asks)
      return key === undefined || found === null ? [] : [[key, found.numbers]]
    }),
  )
}
