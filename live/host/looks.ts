/** Two looks at everything that this kernel says of a host's queues, a moment apart. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import type { HostEvidence, UnseenEvidence } from '#findings/host/evidence.ts'
import type { Owner } from '#kernel/owners.ts'
import { ofProcess, processNames } from '#kernel/proc-reading.ts'
import { Identifier } from '#services/exporter/identity/identify.ts'
import { OwnerRegister } from '#services/exporter/identity/owner-register.ts'
import { socketInodes } from '#services/exporter/identity/socket-inodes.ts'
import type { RawSnapshot } from '#services/exporter/sampler/message.ts'
import type { NamespaceFinder } from '#services/exporter/sampler/namespace-finder.ts'
import { sliceNeeds } from '#services/exporter/slices.ts'
import type {
  ListenerSample,
  NamespaceSample,
  PortSample,
  Snapshot,
  UdpSocketSample,
  UnixListenerSample,
} from '#services/exporter/snapshot.ts'
import type { LookOptions } from './evidence.ts'
import type { ExactLooks } from './exact-looks.ts'
import type { ExactLook } from './exact-wait.ts'
import type { SamplerHere } from './sampler-here.ts'

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

interface SecondLook extends LookOptions {
  /** Is called after the first look with the processes that hold listeners: what they do is compared too. */
  first(pids: ReadonlySet<number>): void
}

/** Looks again at what a sampler in this thread has just read, and at whose the sockets are. */
export async function lookAgain(here: SamplerHere, before: RawSnapshot, options: SecondLook): Promise<Looks> {
  const { proc = '/proc', apartMs = 500, first, meanwhile, signal } = options
  const { sampler, finder } = here
  const owners = new OwnerRegister(proc, { ...sliceNeeds, later: (work) => void setImmediate(work) })
  const identifier = new Identifier(proc, { owners })
  try {
    const readMs = Math.max(...before.namespaces.map(({ costs }) => costs.connections.readMs ?? monotonicMs()))
    const inodes = socketInodes(before)
    await settle(owners, inodes)
    // What is found of them while the looks lie apart need not be looked for after the second.
    identifier.identify(before)
    first(new Set(inodes.values().flatMap((inode) => owners.of(inode).map(({ pid }) => pid))))
    const secondMs = Math.max(readMs + apartMs, monotonicMs() + Math.min(apartMs, LEAST_APART_MS))
    await meanwhile?.()
    using exact = isCalm(before) ? undefined : new (await import('./exact-looks.ts')).ExactLooks(sampler)
    const laterMs = exact?.first === undefined ? secondMs : Math.max(secondMs, exact.first.atMs + LEAST_APART_MS / 2)
    await sleep(Math.max(0, laterMs - monotonicMs()), undefined, { signal })
    sampler.readEverything()
    const raw = here.snapshot()
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
      ...(exact !== undefined && { exact: exactIn(exact) }),
      hidden: owners.health.hidden,
      unread: finder && unreadOf(finder, raw, proc),
    }
  } finally {
    identifier.close()
  }
}

/** Nobody waits and nothing is half-open: the program that tells how long would tell nothing, and to load it is dear. */
const isCalm = ({ namespaces }: RawSnapshot): boolean =>
  namespaces.every(
    ({ listeners, ports }) =>
      listeners.every(({ length }) => length === 0) && ports.every(({ synQueue }) => (synQueue?.length ?? 0) === 0),
  )

const exactIn = ({ first, lastWhy }: ExactLooks): NonNullable<Looks['exact']> =>
  first === undefined || lastWhy !== undefined ? { why: lastWhy ?? '' } : { first }

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
