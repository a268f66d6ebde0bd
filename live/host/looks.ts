/** Two looks at everything that this kernel says of a host's queues, a moment apart. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import { threadCpuMs } from '#kernel/libc.ts'
import type { Owner } from '#kernel/owners.ts'
import { Identifier } from '#services/exporter/identity/identify.ts'
import { OwnerRegister } from '#services/exporter/identity/owner-register.ts'
import { NamespaceFinder } from '#services/exporter/sampler/namespace-finder.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { defaultPace } from '#services/exporter/sampler/pace.ts'
import { Sampler } from '#services/exporter/sampler/sampler.ts'
import { sliceNeeds } from '#services/exporter/slices.ts'
import type { Snapshot } from '#services/exporter/snapshot.ts'

/** More listeners than any host has: a look leaves none out. */
const MOST_LISTENERS = 1_000_000

export interface Looks {
  before: Snapshot
  after: Snapshot
  /** By inode of the socket: who holds it, lowest pid first. */
  ownersOf(inode: number): readonly Owner[]
  /** Those that waited for connections there, as the first look found; undefined where that cannot be known. */
  waitersAt(inode: number): readonly number[] | undefined
  /** Processes that may not be looked into. */
  hidden: number
}

export interface LookOptions {
  namespaces: readonly NamespaceSource[]
  proc?: string
  /** Between the two looks. */
  apartMs?: number
  /** Is called after the first look: what else is compared between the two. */
  first?(snapshot: Snapshot): void
  signal?: AbortSignal | undefined
}

/**
 * Reads the kernel twice, in this thread: whoever asks once needs neither a sampler thread nor a server. Throws a UsageError
 * or KernelError if a namespace cannot be read.
 */
export async function lookTwice(options: LookOptions): Promise<Looks> {
  const { namespaces, proc = '/proc', apartMs = 500, first, signal } = options
  const { port1, port2 } = new MessageChannel()
  const finder = namespaces.some(({ kind }) => kind === 'all')
    ? new NamespaceFinder(proc, (discovery) => port1.postMessage(discovery))
    : undefined
  const owners = new OwnerRegister(proc, { ...sliceNeeds, later: (work) => void setImmediate(work) })
  const identifier = new Identifier(proc, { owners })
  let sampler: Sampler | undefined
  try {
    await finder?.start()
    const selection = { wanted: [], most: MOST_LISTENERS }
    const orders = { namespaces: [...namespaces], proc, again: false, firstSequence: 1, discoveries: port2, selection }
    sampler = new Sampler({ ...orders, pace: defaultPace }, monotonicMs, threadCpuMs, () => {})
    sampler.start()
    const take = (): Parameters<Identifier['identify']>[0] => sampler!.snapshot({ cpuSeconds: 0, late: 0, answers: 0 })
    const readMs = monotonicMs()
    const firstRaw = take()
    identifier.identify(firstRaw)
    await identifier.settled()
    const before = identifier.identify(firstRaw)
    first?.(before)
    await sleep(Math.max(0, apartMs - (monotonicMs() - readMs)), undefined, { signal })
    sampler.readEverything()
    const afterRaw = take()
    const listenersOf = (raw: typeof afterRaw): string => raw.namespaces.map((space) => space.listenersVersion).join()
    if (listenersOf(afterRaw) !== listenersOf(firstRaw)) {
      identifier.identify(afterRaw)
      await identifier.settled()
    }
    const after = identifier.identify(afterRaw)
    return {
      before,
      after,
      ownersOf: (inode) => owners.of(inode),
      waitersAt: (inode) => owners.waitersAt(inode),
      hidden: owners.health.hidden,
    }
  } finally {
    sampler?.close()
    identifier.close()
    finder?.stop()
    port1.close()
  }
}
