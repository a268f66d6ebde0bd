import { describeError } from '#common/errors.ts'
import type { Btf } from '#kernel/bpf/btf.ts'
import { type ExactListener, ExactListeners } from '#kernel/bpf/listeners.ts'
import type { NetworkNamespace } from '#kernel/netns.ts'
import { proveExact, proven } from './exact-proof.ts'
import type { ListenerState } from './listener-state.ts'

/** Readings in a row that contradict sock_diag before no further one is believed. */
const CONTRADICTIONS = 20

/** What a listener holds beyond what sock_diag tells of it. */
export interface ExactReading {
  /** Half-open requests of this socket alone, and those of them that are younger than a second. */
  synQueue: number
  young: number
  /** How long the first in its accept queue has waited; null if nobody waits. */
  oldestWaitMs: number | null
}

/** Of a namespace in which nobody waits and nothing is half-open. */
const NOTHING: ExactReading = { synQueue: 0, young: 0, oldestWaitMs: null }

/** Where exact readings of a namespace go. */
export interface ExactTarget {
  readonly namespace: Pick<NetworkNamespace, 'run'>
  /** The listener of this cookie; undefined for one that is not known yet. */
  find(cookieHigh: number, cookieLow: number): ExactState | undefined
  listeners(): Iterable<ExactState>
  /** How many of its readings in a row have contradicted sock_diag. */
  contradictions: number
}

/** A listener as sock_diag has last shown it. */
type ExactState = Pick<ListenerState, 'length' | 'limit' | 'exact'>

/**
 * Exact readings of listeners, for all namespaces of one sampler. They are proven at the start by a connection to a listener
 * of our own, and held against sock_diag afterwards: if the two contradict each other for long, this ends, and says so.
 */
export class ExactReadings {
  readonly #listeners: ExactListeners
  readonly #log: (line: string) => void
  #why: string | undefined

  /**
   * With a program of its own, or the one that is pinned at a path. Throws a KernelError that says what this kernel lacks, refuses or
   * shows wrongly.
   */
  constructor(log: (line: string) => void, source?: Btf | string) {
    this.#log = log
    this.#listeners = proven(new ExactListeners(source), proveExact)
  }

  /** Why they have ended; undefined while they are made. While nobody waits nothing is read: then it is looked whether it could be. */
  get why(): string | undefined {
    const gone = this.#why === undefined ? this.#listeners.gone : undefined
    if (gone !== undefined) this.#end(gone.message)
    return this.#why
  }

  /**
   * Reads the listeners of a namespace whose half-open requests were just counted. Where there are none and nobody waits,
   * everything is 0 and the kernel need not be asked. Never throws: what fails ends the readings, of all namespaces.
   */
  read(target: ExactTarget, anyHalfOpen: boolean): void {
    if (this.#why !== undefined) {
      for (const state of target.listeners()) state.exact = undefined
      return
    }
    if (!anyHalfOpen && !someWait(target.listeners())) {
      for (const state of target.listeners()) state.exact = NOTHING
      return
    }
    let synQueues = 0
    let otherLimits = 0
    const seen = new Set<ExactState>()
    const take = (row: ExactListener): void => {
      const state = target.find(row.cookieHigh, row.cookieLow)
      if (state === undefined) return
      seen.add(state)
      synQueues += row.synQueue
      if (row.limit !== state.limit) otherLimits++
      const { synQueue, young, oldestWaitUs } = row
      const oldestWaitMs = oldestWaitUs === undefined ? null : oldestWaitUs / 1000
      state.exact = { synQueue, young, oldestWaitMs }
    }
    let known = 0
    for (const _ of target.listeners()) known++
    try {
      target.namespace.run(() => {
        // Where one has come since sock_diag was asked, the first so many may not be those that it has shown.
        if (!this.#listeners.read(take, known) || seen.size === known) return
        seen.clear()
        synQueues = 0
        otherLimits = 0
        this.#listeners.read(take)
      })
    } catch (error) {
      this.#endFor(target, describeError(error))
      return
    }
    for (const state of target.listeners()) if (!seen.has(state)) state.exact = undefined
    this.#compare(target, anyHalfOpen === synQueues > 0 && otherLimits === 0)
  }

  /** Both are read at different moments, so that a difference says nothing; one that stays does. */
  #compare(target: ExactTarget, agree: boolean): void {
    target.contradictions = agree ? 0 : target.contradictions + 1
    if (target.contradictions >= CONTRADICTIONS)
      this.#endFor(target, `BPF and sock_diag contradicted each other ${CONTRADICTIONS} times in a row`)
  }

  #endFor(target: ExactTarget, why: string): void {
    this.#end(why)
    for (const state of target.listeners()) state.exact = undefined
  }

  #end(why: string): void {
    this.#why = why
    this.#log(`Exact readings have ended: ${why}. What sock_diag tells is read as before`)
  }

  close(): void {
    this.#listeners.close()
  }
}

function someWait(listeners: Iterable<ExactState>): boolean {
  for (const { length } of listeners) if (length > 0) return true
  return false
}
