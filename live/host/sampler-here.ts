/** A sampler in this thread: for whoever looks once or twice, and needs neither a thread nor a server for it. */
import { MessageChannel } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import { threadCpuMs } from '#kernel/libc.ts'
import type { RawSnapshot } from '#services/exporter/sampler/message.ts'
import { NamespaceFinder } from '#services/exporter/sampler/namespace-finder.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import type { SamplingPace } from '#services/exporter/sampler/pace.ts'
import { Sampler } from '#services/exporter/sampler/sampler.ts'
import type { Selection } from '#services/exporter/sampler/selection.ts'

export interface WhatToSample {
  namespaces: readonly NamespaceSource[]
  proc?: string
  pace: SamplingPace
  selection: Selection
}

export class SamplerHere implements Disposable {
  readonly sampler: Sampler
  /** Looks for network namespaces, where all are asked for. */
  readonly finder: NamespaceFinder | undefined
  readonly #close: () => void

  private constructor(sampler: Sampler, finder: NamespaceFinder | undefined, close: () => void) {
    this.sampler = sampler
    this.finder = finder
    this.#close = close
  }

  /** Reads everything once. Throws a UsageError or KernelError if a namespace cannot be read. */
  static async start({ namespaces, proc = '/proc', pace, selection }: WhatToSample): Promise<SamplerHere> {
    const { port1, port2 } = new MessageChannel()
    const finder = namespaces.some(({ kind }) => kind === 'all')
      ? new NamespaceFinder(proc, (discovery) => port1.postMessage(discovery))
      : undefined
    let sampler: Sampler | undefined
    const close = (): void => {
      sampler?.close()
      finder?.stop()
      port1.close()
    }
    try {
      await finder?.start()
      const orders = {
        namespaces: [...namespaces],
        proc,
        again: false,
        // Whoever goes on with a thread has the first of that behind it.
        firstSequence: 0,
        discoveries: port2,
        selection,
      }
      sampler = new Sampler({ ...orders, pace }, monotonicMs, threadCpuMs, () => {})
      sampler.start()
      return new SamplerHere(sampler, finder, close)
    } catch (error) {
      close()
      throw error
    }
  }

  /** What is known by now, as plain data. */
  snapshot(): RawSnapshot {
    return this.sampler.snapshot({ cpuSeconds: 0, late: 0, answers: 0 })
  }

  [Symbol.dispose](): void {
    this.#close()
  }
}
