/** Reading /proc, where processes come and go while they are looked at, and most are not ours to look into. */
import fs from 'node:fs'

/** The type that statfs(2) gives for a proc file system. */
const PROC_SUPER_MAGIC = 0x9fa0
const PID = /^[1-9]\d*$/

/** Whether a folder is in a mounted proc file system that shows processes. Throws what the system says if it cannot be read. */
export function showsProcesses(folder: string): boolean {
  return fs.statfsSync(folder).type === PROC_SUPER_MAGIC && fs.readdirSync(folder).some((name) => PID.test(name))
}

/** What came of looking at a file of a process: it is not there any more, or may not be seen. */
export type NotRead = 'gone' | 'hidden'

/**
 * Does something with a file of a process. An error that says something about this process alone is an answer; one that
 * says that nothing can be opened any more (EMFILE, ENFILE, ENOMEM) is thrown, so that it does not pass for one.
 */
export function ofProcess<Result>(read: () => Result): Result | NotRead {
  try {
    return read()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return 'gone'
    if (code === undefined || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') throw error
    return 'hidden' // EACCES and EPERM, and whatever a security module may say
  }
}

/** The names in a folder, piece by piece: a process can hold a million files. */
export function* namesIn(folder: string): Generator<string, void> {
  using opened = fs.opendirSync(folder, { bufferSize: 256 })
  for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) yield entry.name
}

/**
 * The names of the processes that a proc file system shows, in the order in which it lists them: the lowest number first.
 * Throws what the system says if there is none: whoever asks is a process too.
 */
export function* processNames(proc: string): Generator<string, void> {
  let any = false
  // Not by namesIn(): of a process that ends while it is listed the kernel tells no type, and opendir() of Node then asks for it.
  for (const name of fs.readdirSync(proc)) {
    if (!PID.test(name)) continue
    any = true
    yield name
  }
  if (!any) fs.readlinkSync(`${proc}/self`)
}

const piece = Buffer.alloc(64 * 1024)

/** The beginning of a file of /proc, at most 64 KiB of it; a command line can be longer than a megabyte. */
export function beginningOf(path: string, bytes = piece.length): string {
  const fd = fs.openSync(path, 'r')
  try {
    return piece.toString('utf8', 0, fs.readSync(fd, piece, 0, Math.min(bytes, piece.length), 0))
  } finally {
    fs.closeSync(fd)
  }
}
