/** Two looks at everything that this kernel says of a host's queues, a moment apart. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import type { HostEvidence, UnseenEvidence } from '#findings/host/evidence.ts'
import { threadCpuMs } from '#kernel/libc.ts'
import type { Owner } from '#kernel/owners.ts'
import { ofProcess, processNames } from '#kernel/proc-reading.ts'
import { Identifier } from '#services/exporter/identity/identify.ts'
import { OwnerRegister } from '#services/exporter/identity/owner-register.ts'
import { Places } from '#services/exporter/identity/places.ts'
import { socketInodes } from '#services/exporter/identity/socket-inodes.ts'
import type { RawSnapshot } from '#services/exporter/sampler/message.ts'
import { NamespaceFinder } from '#services/exporter/sampler/namespace-finder.ts'
import type { NamespaceSource } from '#services/exporter/sampler/namespace-source.ts'
import { defaultPace } from '#services/exporter/sampler/pace.ts'
import { Sampler } from '#services/exporter/sampler/sampler.ts'
import { sliceNeeds } from '#services/exporter/slices.ts'
import type {
  ListenerSample,
  NamespaceSample,
  PortSample,
  Snapshot,
  UdpSocketSample,
  UnixListenerSample,
} from '#services/exporter/snapshot.ts'
import { type ExactLook, ExactLooks } from './exact-looks.ts'

/** More listeners than any host has: a look leaves none out. */
const MOST_LISTENERS = 1_000_000

/** Between two looks at a process, whose CPU time is told in hundredths of a second. */
const LEAST_APART_MS = 200

/** A first look, as far as the second is held against it: whose the sockets are need not be known yet. */
export interface EarlierLook {
  namespaces: readonly (Pick<NamespaceSample, 'inode' | 'counters' | 'otherCounters'> & {
    listeners: readonly Pick<ListenerSample, 'cookie' | 'length' | 'drops'>[]
    unixListeners?: readonly Pick<UnixListenerSample, 'cookie' | 'length'>[]
    udpSockets?: readonly Pick<UdpSocketSample, 'address' | 'port' | 'drops'>[]
    ports: readonly Pick<PortSample, 'address' | 'port' | 'oldestWaitMs' | 'pastAccept'>[]
  })[]
}

export interface Looks {
  before: EarlierLook
  after: Snapshot
  /** Between the two. */
  apartMs: number
  /** By inode of the socket: who holds it, lowest pid first. */
  ownersOf(inode: number): readonly Owner[]
  /** Those that waited for connections there, as the first look found; undefined where that cannot be known. */
  waitersAt(inode: number): readonly number[] | undefined
  /** Where nobody was seen to wait: who may not be looked into. */
  unseenAt(inode: number): UnseenEvidence | undefined
  /** What BPF told of each listener, or why it did not; undefined where nobody tried. */
  exact?: { first: ExactLook } | { why: string }
  /** Processes that may not be looked into. */
  hidden: number
  /** What may not be looked at of all network namespaces, where all are asked for. */
  unread?: HostEvidence['unread']
}

export interface LookOptions {
  namespaces: readonly NamespaceSource[]
  proc?: string
  /** Between the two looks. */
  apartMs?: number
  /** Is called after the first look with the processes that hold listeners: what they do is compared too. */
  first?(pids: ReadonlySet<number>): void
  /** Is called when nothing is left to do but to wait for the second look. */
  meanwhile?(): Promise<unknown>
  signal?: AbortSignal | undefined
}

/**
 * Reads the kernel twice, in this thread: whoever asks once needs neither a sampler thread nor a server. Throws a UsageError
 * or KernelError if a namespace cannot be read.
 */
export async function lookTwice(options: LookOptions): Promise<Looks> {
  const { namespaces, proc = '/proc', apartMs = 500, first, meanwhile, signal } = options
  const { port1, port2 } = new MessageChannel()
  const finder = namespaces.some(({ kind }) => kind === 'all')
    ? new NamespaceFinder(proc, (discovery) => port1.postMessage(discovery))
    : undefined
  const owners = new OwnerRegister(proc, { ...sliceNeeds, later: (work) => void setImmediate(work) })
  const places = Places.onHost(proc)
  const identifier = new Identifier(proc, { owners, places })
  let sampler: Sampler | undefined
  try {
    await finder?.start()
    const selection = { wanted: [], most: MOST_LISTENERS }
    const orders = { namespaces: [...namespaces], proc, again: false, firstSequence: 1, discoveries: port2, selection }
    sampler = new Sampler({ ...orders, pace: defaultPace }, monotonicMs, threadCpuMs, () => {})
    sampler.start()
    const take = (): RawSnapshot => sampler!.snapshot({ cpuSeconds: 0, late: 0, answers: 0 })
    const before = take()
    const readMs = Math.max(...before.namespaces.map(({ costs }) => costs.connections.readMs ?? monotonicMs()))
    const inodes = socketInodes(before)
    places.update(before.namespaces)
    await settle(owners, inodes)
    // Where nobody's could be found, that of the socket itself is looked for while the looks lie apart.
    for (const { inode: namespace, listeners } of before.namespaces)
      for (const { inode, cgroupId } of listeners) places.of(namespace, owners.of(inode)[0]?.workload, cgroupId)
    places.lookForUnknown()
    first?.(new Set(inodes.values().flatMap((inode) => owners.of(inode).map(({ pid }) => pid))))
    const secondMs = Math.max(readMs + apartMs, monotonicMs() + Math.min(apartMs, LEAST_APART_MS))
    await meanwhile?.()
    using exact = new ExactLooks(sampler)
    const laterMs = exact.first === undefined ? secondMs : Math.max(secondMs, exact.first.atMs + LEAST_APART_MS / 2)
    await sleep(Math.max(0, laterMs - monotonicMs()), undefined, { signal })
    sampler.readEverything()
    const raw = take()
    if (listenersIn(raw) !== listenersIn(before)) await settle(owners, socketInodes(raw))
    owners.hold()
    const after = identifier.identify(raw)
    return {
      before,
      after: { ...after, processes: await identifier.filesOf(after) },
      apartMs: readAtMs(raw) - readAtMs(before),
      ownersOf: (inode) => owners.of(inode),
      waitersAt: (inode) => owners.waitersAt(inode),
      unseenAt: (inode) => owners.unseenAt(inode),
      exact:
        exact.first === undefined || exact.lastWhy !== undefined
          ? { why: exact.lastWhy ?? '' }
          : { first: exact.first },
      hidden: owners.health.hidden,
      unread: finder && unreadOf(finder, raw, proc),
    }
  } finally {
    sampler?.close()
    identifier.close()
    finder?.stop()
    port1.close()
  }
}

function settle(owners: OwnerRegister, inodes: ReadonlySet<number>): Promise<void> {
  owners.update(inodes)
  return owners.settled()
}

function unreadOf(finder: NamespaceFinder, { namespaces }: RawSnapshot, proc: string): HostEvidence['unread'] {
  const { latest } = finder
  const read = new Set(namespaces.map(({ inode }) => inode))
  const found = latest !== undefined && 'found' in latest ? latest.found : []
  const hidden = processNames(proc).filter((pid) => ofProcess(() => fs.statSync(`${proc}/${pid}/ns/net`)) === 'hidden')
  return { namespaces: found.filter(({ inode }) => !read.has(inode)).length, processes: [...hidden].length }
}

const listenersIn = ({ namespaces }: RawSnapshot): string => namespaces.map((space) => space.listenersVersion).join()

/** When the connections were read: on a busy machine the snapshot may have been made much later. */
const readAtMs = ({ monotonicMs, namespaces }: RawSnapshot): number =>
  namespaces[0]?.costs.connections.readMs ?? monotonicMs
