import { randomInt } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import type { HalfOpenLoad } from '../agent/api.ts'
import type { Progress } from '../progress.ts'
import { type FloodOrder, SharedCounts } from './half-open-order.ts'
import { keepGuarding, MOST_SYNS, refuseOutsideLab } from './lab-guard.ts'
import { countingSource } from './syn-source.ts'

const DEFAULT_SOURCES = 4096

/** What a flood did. */
export interface FloodResult {
  /** SYNs that the kernel accepted. */
  syns: number
  /** How often the kernel accepted no more and the SYNs had to wait. */
  kernelBusy: number
  elapsedMs: number
}

export interface FloodOptions extends Omit<HalfOpenLoad, 'kind'> {
  /** Threads that write. One is faster than `hping3 --flood`; each additional one takes a core away from the server. */
  workers?: number
}

/**
 * Writes SYNs from 198.19.0.0/16, where no host answers, through raw sockets in separate threads. The threads belong
 * to the calling thread's network namespace, which must be a lab's (UsageError otherwise; see lab-guard.ts), and no packet
 * leaves by another device than the one that the guard has seen.
 */
export async function runHalfOpen(load: FloodOptions, progress: Progress, signal: AbortSignal): Promise<void> {
  const device = refuseOutsideLab(load)
  const workers = load.workers ?? 1
  const counts = new SharedCounts(workers)
  progress.refresh = () => {
    progress.started = counts.syns
    progress.kernelBusy = counts.busy
  }
  const sources = load.sources ?? DEFAULT_SOURCES
  const order: Omit<FloodOrder, 'worker'> = {
    target: load.target,
    device,
    durationMs: load.durationMs,
    ratePerSecond: load.ratePerSecond === undefined ? undefined : load.ratePerSecond / workers,
    maxSyns: load.maxSyns ?? MOST_SYNS,
    sources,
    sourcePorts: load.sourcePorts ?? 'counting',
    // A second load must not repeat the pairs that the kernel still remembers from the first.
    firstPair: randomInt(countingSource(sources).pairs),
    workers,
    counts: counts.memory,
  }
  const stop = (): void => counts.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  let refused: unknown
  using _ = keepGuarding(load, (why) => {
    refused = why
    stop()
  })
  try {
    await Promise.all(Array.from({ length: workers }, (_, worker) => runWorker({ ...order, worker })))
    if (refused !== undefined) throw refused
  } finally {
    stop() // if one failed, the others need not continue
    signal.removeEventListener('abort', stop)
  }
}

/** The same without an agent: floods for the given time and gives the result. */
export async function floodSyns(
  options: FloodOptions,
  progress: Progress,
  signal: AbortSignal = new AbortController().signal,
): Promise<FloodResult> {
  const beganMs = monotonicMs()
  await runHalfOpen(options, progress, signal)
  const { started, kernelBusy } = progress.report()
  return { syns: started, kernelBusy, elapsedMs: monotonicMs() - beganMs }
}

function runWorker(order: FloodOrder): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const worker = new Worker(new URL('./half-open-worker.ts', import.meta.url), { workerData: order })
  worker.once('error', reject)
  worker.once('exit', () => resolve())
  return promise
}
