/**
 * Programs that a privileged process leaves in the kernel for one user or group to read: what `spillway exact` does. Whoever
 * reads them sees the listeners of their own network namespace, and needs neither a capability nor bpf(2).
 */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { Btf } from '#kernel/bpf/btf.ts'
import type { EventKind } from '#kernel/bpf/event-record.ts'
import type { ListenerEvents } from '#kernel/bpf/events.ts'
import { ExactListeners } from '#kernel/bpf/listeners.ts'
import {
  lookForPins,
  newPinPath,
  PIN_FOLDERS,
  type Pinned,
  pinPath,
  pinsIn,
  readable,
  readersOf,
} from '#kernel/bpf/pins.ts'
import { WaitingLines } from '#kernel/bpf/waiting.ts'
import { KernelError } from '#kernel/errors.ts'
import { ofEvents } from '../sampler/exact.ts'
import { provenEvents } from '../sampler/exact-events.ts'
import { proveExact, proveWaiting } from '../sampler/exact-proof.ts'
import { type Account, inWords } from './account.ts'
import { barrierTo, ensureBpfFs, othersIn, unmountOurs } from './bpffs.ts'
import type { PinFolder } from './folders.ts'

/**
 * Loads the programs, proves them, and pins them in `folder` for `reader`, in place of what was there; gives what there is to say of
 * it, line by line. Throws a UsageError or KernelError, and leaves nothing new, if that cannot be done.
 */
export function install(folder: PinFolder, reader: Account): string[] {
  const btf = Btf.ofKernel()
  using listeners = listenersOf(btf)
  proveExact(listeners)
  using waiting = new WaitingLines(btf)
  proveWaiting(waiting)
  const events = eventsOf(btf)
  using _ = events.had
  const mounted = ensureBpfFs(folder)
  const made: Pinned[] = []
  const pathOf = (what: Pinned): string => {
    made.push(what)
    return newPinPath(folder, what)
  }
  try {
    fs.mkdirSync(folder, { recursive: true })
    fs.chmodSync(folder, 0o755)
    // What an install that was killed has left would be in the way.
    for (const file of pinsIn(folder) ?? []) if (file.includes('/new-')) fs.unlinkSync(file)
    listeners.pin(pathOf('listeners'))
    waiting.pin(pathOf('waiting'))
    events.had?.pin(pathOf, btf)
    for (const what of made) grant(newPinPath(folder, what), readable.includes(what) ? reader : undefined)
    for (const what of made) fs.renameSync(newPinPath(folder, what), pinPath(folder, what))
    const kept = made.map((what) => pinPath(folder, what))
    for (const file of pinsIn(folder) ?? []) if (!kept.includes(file)) fs.unlinkSync(file)
  } catch (error) {
    for (const what of made) fs.rmSync(newPinPath(folder, what), { force: true })
    if ((pinsIn(folder) ?? []).length === 0) remove(folder)
    throw inSentences(error, `Nothing can be installed in ${folder}`)
  }
  const barrier = barrierTo(folder, reader)
  return [
    ...(mounted === undefined ? [] : [`Mounted a BPF file system at ${mounted}, where there was none`]),
    `Installed in ${folder}, for ${inWords(reader)} to read:`,
    ...featureLines(undefined, events.why),
    "Each reader sees the listeners of its own network namespace. 'spillway exact uninstall' takes it all out of the kernel",
    ...(barrier === undefined ? [] : [barrierLine(folder, barrier, reader)]),
  ]
}

/** Takes out what is installed in these folders; gives what there is to say of it. Throws a UsageError if that cannot be done. */
export function uninstall(folders: readonly string[] = PIN_FOLDERS): string[] {
  const lines: string[] = []
  for (const folder of folders)
    try {
      const files = pinsIn(folder) ?? []
      for (const file of files) fs.unlinkSync(file)
      const unmounted = remove(folder)
      if (files.length > 0) lines.push(`Removed what was installed in ${folder}: its programs leave the kernel`)
      if (unmounted !== undefined) lines.push(`Unmounted ${unmounted}, which was mounted for it`)
      if (fs.existsSync(folder) && othersIn(folder)) lines.push(`${folder} stays: other files are in it`)
    } catch (error) {
      throw inSentences(error, `What is installed in ${folder} cannot be removed`)
    }
  return lines.length === 0 ? ['Nothing is installed'] : lines
}

/** What is installed, for whom, and whether this process may read it. */
export function status(): { installed: boolean; lines: string[] } {
  const lines: string[] = []
  for (const folder of PIN_FOLDERS) {
    let files: string[] | undefined
    try {
      files = pinsIn(folder)
    } catch (error) {
      lines.push(`${folder} cannot be read: ${reasonOf(error)}`)
      continue
    }
    const listeners = pinPath(folder, 'listeners')
    if (files === undefined || files.length === 0) continue
    if (!files.includes(listeners)) {
      lines.push(`Installed in ${folder}, by another version of Spillway: install it again`)
      continue
    }
    const why = whyNotIn(folder, files)
    lines.push(`Installed in ${folder}, for ${readersOf(listeners)} to read:`, ...featureLines(why('waiting'), why))
  }
  if (lines.length === 0)
    return {
      installed: false,
      lines: ["Nothing is installed: 'spillway exact install --group GROUP', as root, does it"],
    }
  const pins = lookForPins()
  lines.push(typeof pins === 'string' ? pins : `This user may read what is in ${pins.folder}`)
  return { installed: true, lines }
}

/** One for each feature of --exact. */
const featureLines = (whyNotWaiting: string | undefined, why: (kind: EventKind) => string | undefined): string[] => [
  featureLine('shards', undefined),
  featureLine('waiting', whyNotWaiting),
  ...Object.entries(ofEvents).map(([feature, kind]) => featureLine(feature, why(kind))),
]

const whyNotIn =
  (folder: string, files: readonly string[]) =>
  (what: Pinned): string | undefined =>
    files.includes(pinPath(folder, what)) ? undefined : 'not installed'

const featureLine = (feature: string, why: string | undefined): string =>
  `  ${feature.padEnd(13)}${why === undefined ? 'yes' : `no: ${why}`}`

function listenersOf(btf: Btf): ExactListeners {
  try {
    return new ExactListeners(btf)
  } catch (error) {
    if (!(error instanceof KernelError && error.code === 'EPERM')) throw error
    throw new UsageError(`Nothing can be installed. ${error.message}`, asRoot)
  }
}

/** What happens at listeners, if that can be watched at all. */
function eventsOf(btf: Btf): { had: ListenerEvents | undefined; why(kind: EventKind): string | undefined } {
  try {
    const had = provenEvents(btf)
    return { had, why: (kind) => had.missing.get(kind) }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return { had: undefined, why: () => error.message }
  }
}

/** A user becomes the owner, a group the group; what nobody has to read stays root's. */
function grant(file: string, reader: Account | undefined): void {
  // Its mode first: what is somebody else's only CAP_FOWNER may change.
  fs.chmodSync(file, reader?.kind === 'group' ? 0o440 : 0o400)
  if (reader?.kind === 'user') fs.chownSync(file, reader.id, process.getegid?.() ?? 0)
  if (reader?.kind === 'group') fs.chownSync(file, process.geteuid?.() ?? 0, reader.id)
}

function remove(folder: string): string | undefined {
  try {
    fs.rmdirSync(folder)
  } catch {
    // Something else is in it, or it is itself a mount point.
  }
  return unmountOurs(folder)
}

function barrierLine(folder: PinFolder, barrier: string, reader: Account): string {
  const mode = (fs.statSync(barrier).mode & 0o777).toString(8).padStart(4, '0')
  const [, elsewhere] = PIN_FOLDERS
  const other = folder === elsewhere ? '' : `, install with --folder ${elsewhere}`
  return (
    `But ${barrier} does not let ${inWords(reader)} through (mode ${mode}): chmod o+x ${barrier} lets everybody through and shows nobody ` +
    `what is in it${other}, or mount the folder where the reader is`
  )
}

function inSentences(error: unknown, what: string): unknown {
  const reason = reasonOf(error)
  if (error instanceof UsageError || error instanceof KernelError || reason === undefined) return error
  return new UsageError(`${what}: ${reason}`, asRoot)
}

/** In a container root has few capabilities. */
const asRoot = 'Run it as root, with the capabilities that `spillway exact --help` names'
