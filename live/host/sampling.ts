/** A sampler's thread that may begin before whoever takes its snapshots is loaded. */
import type { ExactWish } from '#services/exporter/sampler/message.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { defaultPace, type SamplingPace } from '#services/exporter/sampler/pace.ts'
import { SamplerThread } from '#services/exporter/sampler/sampler-thread.ts'
import { defaultSelection } from '#services/exporter/sampler/selection.ts'
import type { Line } from '../line.ts'

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
  #last: RawSnapshot | undefined
  #taker: ((raw: RawSnapshot) => void) | undefined

  constructor({ namespaces, proc = '/proc', pace, exact, everyMs }: SamplingOptions) {
    this.pace = { ...defaultPace, streamIntervalMs: everyMs, ...pace }
    this.#thread = this.#start({ namespaces, proc, ...(exact !== undefined && { exact }) }, everyMs)
    this.#thread.catch(() => {}) // whoever awaits it hears of it
  }

  /** Hands every snapshot to `taker`, the last one first. Throws a UsageError if a namespace cannot be read. */
  async begin(taker: (raw: RawSnapshot) => void): Promise<void> {
    this.#taker = taker
    if (this.#last !== undefined) taker(this.#last)
    await this.#thread
  }

  /** Who waits at the listener of this cookie, read now, or why that is not known. */
  async waiting(cookie: string): Promise<Line> {
    const thread = await this.#thread
    return (await thread.waiting(cookie)) ?? { why: 'This listener has closed' }
  }

  async stop(): Promise<void> {
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
