/** A socket of another process, borrowed for a moment: what it is set to holds for its owner too, who takes no part in it. */
import fs from 'node:fs'
import * as libc from './libc.ts'
import { namesIn, ofProcess } from './proc-reading.ts'

/**
 * Calls `use` with a descriptor of the socket of this inode that process `pid` holds, and closes that again: a listener lives
 * as long as anybody holds it. Needs Linux 5.6 and the right to trace the process. Throws a KernelError if the kernel refuses;
 * false if the process does not hold the socket.
 */
export function withSocketOf(pid: number, inode: number, use: (fd: number) => void): boolean {
  const theirs = descriptorOf(pid, inode)
  if (theirs === undefined) return false
  const doing = `Borrowing a socket of process ${pid}`
  const process = libc.pidfdIfAny(pid, doing)
  if (process === undefined) return false
  try {
    const fd = libc.pidfdGetFd(process, theirs, doing)
    try {
      use(fd)
      return true
    } finally {
      libc.close(fd)
    }
  } finally {
    libc.close(process)
  }
}

function descriptorOf(pid: number, inode: number): number | undefined {
  const names = ofProcess(() => [...namesIn(`/proc/${pid}/fd`)])
  if (names === 'gone' || names === 'hidden') return undefined
  const found = names.find(
    (name) => ofProcess(() => fs.readlinkSync(`/proc/${pid}/fd/${name}`)) === `socket:[${inode}]`,
  )
  return found === undefined ? undefined : Number(found)
}
