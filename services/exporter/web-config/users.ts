/** Basic authentication (RFC 7617) against hashes of bcrypt. */
import { createHash } from 'node:crypto'
import { InTurn } from '#common/in-turn.ts'
import { REMEMBERED_PASSWORDS, WAITING_PASSWORDS } from '../http/limits.ts'

export type Verdict = 'admitted' | 'refused' | 'busy'

/** Whether a password is the one that was hashed; the real one takes its time. */
type Compare = (password: string, hash: string) => Promise<boolean>

const byBcrypt: Compare = async (password, hash) => {
  const { compare } = await import('bcryptjs') // loaded with the first password
  return await compare(password, hash)
}

/** Holds what clients send against the users of the moment. A password is hashed once, then its answer is remembered. */
export class BasicAuth {
  readonly #compares: Compare
  readonly #hashing = new InTurn()
  readonly #admitted = new Set<string>()
  readonly #refused = new Set<string>()
  readonly #waiting = new Map<string, Promise<boolean>>()

  constructor(compare = byBcrypt) {
    this.#compares = compare
  }

  /** `authorization` is the header, `users` are the hashes by user. */
  async judge(authorization: string | undefined, users: ReadonlyMap<string, string>): Promise<Verdict> {
    const given = credentialsIn(authorization)
    if (given === undefined) return 'refused'
    const hash = users.get(given.user)
    // Whether a user exists must not show in the time: an unknown one costs as much, by the hash of another.
    const [anyHash = ''] = users.values()
    const key = createHash('sha256')
      .update(JSON.stringify([given.user, hash ?? anyHash, hash === undefined, given.password]))
      .digest('base64')
    if (this.#admitted.has(key)) return 'admitted'
    if (this.#refused.has(key)) return 'refused'
    const waiting = this.#waiting.get(key)
    if (waiting === undefined && this.#waiting.size >= WAITING_PASSWORDS) return 'busy'
    const right = await (waiting ?? this.#compare(key, given.password, hash ?? anyHash))
    const admitted = right && hash !== undefined
    remember(admitted ? this.#admitted : this.#refused, key)
    return admitted ? 'admitted' : 'refused'
  }

  /** One at a time: others wait in memory, and not in the way of scrapes that are known. */
  #compare(key: string, password: string, hash: string): Promise<boolean> {
    const right = this.#hashing.run(() => this.#compares(password, hash))
    this.#waiting.set(key, right)
    const forget = (): boolean => this.#waiting.delete(key)
    right.then(forget, forget)
    return right
  }
}

/** The oldest is forgotten first. What was refused is remembered apart, so that guessing pushes out nobody who is known. */
function remember(keys: Set<string>, key: string): void {
  keys.add(key)
  const [oldest] = keys
  if (keys.size > REMEMBERED_PASSWORDS && oldest !== undefined) keys.delete(oldest)
}

function credentialsIn(authorization: string | undefined): { user: string; password: string } | undefined {
  const [, encoded] = /^basic ([A-Za-z0-9+/]+={0,2})\s*$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
