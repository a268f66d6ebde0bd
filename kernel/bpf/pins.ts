/** What a privileged process has left in a bpffs for others to read: where it is, and whether this process may read it. */
import fs from 'node:fs'
import path from 'node:path'
import { type EventKind, eventKinds } from './event-record.ts'
import type { PinnedPart } from './events.ts'

/** Where it may be: in the host's own bpffs, or in one of its own, which is where a container has it. */
export const PIN_FOLDERS = ['/sys/fs/bpf/spillway', '/run/spillway/exact'] as const
/** Another one where records change, so that nobody reads those of another version. A name in a bpffs has no dots. */
const FORMAT = 1
const ANY_NAME = /^(?:new-)?(?:listeners|waiting|events|joins|accepts|drops|closes)-\d+$/

/** A walk over the listeners or over who waits there, or a part of what watches them. */
export type Pinned = 'listeners' | 'waiting' | PinnedPart

/** Those that others may read: the rest only keeps a program running. */
export const readable: readonly Pinned[] = ['listeners', 'waiting', 'events']

export const pinPath = (folder: string, what: Pinned): string => path.join(folder, `${what}-${FORMAT}`)

/** Before it takes the place of what was there. */
export const newPinPath = (folder: string, what: Pinned): string => path.join(folder, `new-${what}-${FORMAT}`)

/** All that any version of this program has left in a folder; undefined if there is no such folder. Throws what the system says. */
export function pinsIn(folder: string): string[] | undefined {
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => ANY_NAME.test(name))
      .map((name) => path.join(folder, name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}

/** What is there to read. */
export interface Pins {
  folder: string
  listeners: string
  /** Undefined where it is not installed, as by an older version. */
  waiting: string | undefined
  /** Undefined where no events are watched. */
  events: string | undefined
  kinds: ReadonlySet<EventKind>
}

/** What this process may read of it; or in a sentence why it may not. */
export function lookForPins(folders: readonly string[] = PIN_FOLDERS): Pins | string {
  let why: string | undefined
  for (const folder of folders) {
    let names: string[] | undefined
    try {
      names = pinsIn(folder)
    } catch {
      why ??= `What may be installed in ${folder} this user may not see`
      continue
    }
    if (names === undefined || names.length === 0) continue
    const [listeners, events] = [pinPath(folder, 'listeners'), pinPath(folder, 'events')]
    const waiting = pinPath(folder, 'waiting')
    if (!names.includes(listeners))
      why = `What is installed in ${folder} is of another version of Spillway: 'spillway exact install' again, as root`
    else if (!mayRead(listeners)) why = `What is installed in ${folder} may be read by ${readersOf(listeners)} only`
    else
      return {
        folder,
        listeners,
        waiting: names.includes(waiting) ? waiting : undefined,
        events: names.includes(events) ? events : undefined,
        kinds: new Set(eventKinds.filter((kind) => names.includes(pinPath(folder, kind)))),
      }
  }
  return why ?? "'spillway exact install', as root, loads them for other users to read"
}

function mayRead(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Whom the mode of a file lets read it, beside root. */
export function readersOf(file: string): string {
  const { uid, gid, mode } = fs.statSync(file)
  const readers = [
    ...((mode & 0o400) !== 0 && uid !== 0 ? [`user ${uid}`] : []),
    ...((mode & 0o040) !== 0 && gid !== 0 ? [`group ${gid}`] : []),
  ]
  return readers.length === 0 ? 'root' : readers.join(' and ')
}
