import type { RawSnapshot } from '../sampler/message.ts'

/** The inodes of all sockets whose owners are wanted. A socket of another protocol takes part by its inode alone. */
export function socketInodes(raw: RawSnapshot): Set<number> {
  const inodes = new Set<number>()
  for (const { listeners, unixListeners = [] } of raw.namespaces) {
    for (const { inode } of listeners) if (inode !== 0) inodes.add(inode)
    for (const { inode } of unixListeners) if (inode !== 0) inodes.add(inode)
  }
  return inodes
}
