/** A sampler's thread that may begin before whoever takes its snapshots is loaded, or after the first of them is shown. */
import { setImmediate as turn } from 'node:timers/promises'
import type { ExactWish } from '#services/exporter/sampler/message.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { defaultPace, type SamplingPace } from '#services/exporter/sampler/pace.ts'
import { SamplerThread } from '#services/exporter/sampler/sampler-thread.ts'
import { defaultSelection } from '#services/exporter/sampler/selection.ts'
import type { Line } from '../line.ts'
import { SamplerHere } from './sampler-here.ts'

type RawSnapshot = Parameters<Parameters<typeof SamplerThread.start>[0]['onSnapshot']>[0]

export interface SamplingOptions {
  namespaces: NamespaceSource[]
  proc?: string
  pace?: Partial<SamplingPace>
  /** Whether what happens at listeners is watched by BPF too: `later` if it can be, after the first snapshots. */
  exact?: ExactWish | undefined
  /** From one snapshot to the next. */
  everyMs: number
}

export class Sampling {
  readonly pace: SamplingPace
  readonly #thread: Promise<SamplerThread>
  readonly #begin: () => void
  #isToBegin: boolean
  #last: RawSnapshot | undefined
  #taker: ((raw: RawSnapshot) => void) | undefined

  /** `first` is what was read already: it is handed over before the thread begins. */
  constructor({ namespaces, proc = '/proc', pace, exact, everyMs }: SamplingOptions, first?: RawSnapshot) {
    this.pace = { ...defaultPace, streamIntervalMs: everyMs, ...pace }
    const { promise, resolve } = Promise.withResolvers<SamplerThread>()
    this.#thread = promise
    this.#begin = () => {
      this.#isToBegin = false
      resolve(this.#start({ namespaces, proc, ...(exact !== undefined && { exact }) }, everyMs))
    }
    this.#thread.catch(() => {}) // whoever awaits it hears of it
    this.#last = first
    this.#isToBegin = true
    if (first === undefined) this.#begin()
  }

  /**
   * One whose first snapshot is read in this thread, which takes a fraction of what it takes to start another. Throws a UsageError or
   * KernelError if a namespace cannot be read.
   */
  static async withFirst(options: SamplingOptions): Promise<Sampling> {
    const { namespaces, proc, pace, everyMs } = options
    using here = await SamplerHere.start({
      namespaces,
      ...(proc !== undefined && { proc }),
      pace: { ...defaultPace, streamIntervalMs: everyMs, ...pace },
      selection: defaultSelection,
    })
    return new Sampling(options, here.snapshot())
  }

  /** Hands every snapshot to `taker`, the last one first. Throws a UsageError if a namespace cannot be read. */
  async begin(taker: (raw: RawSnapshot) => void): Promise<void> {
    this.#taker = taker
    if (this.#last !== undefined) taker(this.#last)
    if (this.#isToBegin) {
      await turn() // by then that one is shown
      if (this.#isToBegin) this.#begin()
    }
    await this.#thread
  }

  /** Who waits at the listener of this cookie, read now, or why that is not known. */
  async waiting(cookie: string): Promise<Line> {
    const thread = await this.#thread
    return (await thread.waiting(cookie)) ?? { why: 'This listener has closed' }
  }

  async stop(): Promise<void> {
    if (this.#isToBegin) {
      this.#isToBegin = false
      return
    }
    const thread = await this.#thread.catch(() => undefined)
    await thread?.stop()
  }

  async #start(
    where: { namespaces: NamespaceSource[]; proc: string; exact?: ExactWish },
    everyMs: number,
  ): Promise<SamplerThread> {
    const { thread } = await SamplerThread.start({
      ...where,
      pace: this.pace,
      selection: defaultSelection,
      log: () => {},
      onSnapshot: (raw) => {
        this.#last = raw
        this.#taker?.(raw)
      },
    })
    thread.snapshotIntervalMs = everyMs
    void thread.tell()
    return thread
  }
}
