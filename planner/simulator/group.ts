import type { Steering } from '../system.ts'
import type { Listener } from './listener.ts'

const HASHES = 2 ** 32

/** The listeners that share the port, in the order in which they joined: who gets a SYN. Never asks how full they are. */
export class Group {
  readonly #members: Listener[] = []
  readonly #steering: Steering
  readonly #random: () => number

  constructor(steering: Steering, random: () => number) {
    this.#steering = steering
    this.#random = random
  }

  join(listener: Listener): void {
    this.#members.push(listener)
  }

  /** The place of a member that leaves is taken by the last one. */
  leave(listener: Listener): void {
    const place = this.#members.indexOf(listener)
    const last = this.#members.pop()
    if (last !== undefined && place < this.#members.length) this.#members[place] = last
  }

  /** The member for a SYN whose addresses and ports give `hash`; undefined if nobody listens. */
  choose(hash: number): Listener | undefined {
    const steering = this.#steering
    switch (steering.by) {
      case 'hash':
        return this.byHash(hash)
      case 'random':
        return this.#members[Math.floor(this.#random() * this.#members.length)]
      case 'cpu':
        return this.#members[Math.floor(this.#random() * steering.cpus)] ?? this.byHash(hash)
      case 'member':
        return this.#members[steering.member] ?? this.byHash(hash)
    }
  }

  /** reciprocal_scale(): as even as the hash is, and the same for a SYN sent again while the group stays as it is. */
  byHash(hash: number): Listener | undefined {
    return this.#members[Math.floor((hash / HASHES) * this.#members.length)]
  }
}
