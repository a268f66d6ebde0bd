/**
 * The folders of a lab: one that its user alone may enter, for the lab's own sockets, and beside it one for the UNIX socket of
 * somebody's server, which may have given up its rights before it makes that.
 */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeQuota } from '#kernel/cpu-quota.ts'

/** Services still run when they are removed, and one may just be writing its file. */
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 10 } as const

/** What was killed has ended within half a second, or something else is wrong. */
const REMOVAL_TRIES = 50
const REMOVAL_MS = 10

const besideOf = (folder: string): string => `${folder}-server`

/** Makes the folder of the server's socket, and gives the path of the socket, which the server makes itself. */
export function makeSocketFolder(folder: string): string {
  const beside = besideOf(folder)
  fs.mkdirSync(beside)
  fs.chmodSync(beside, 0o1777) // whatever the umask says
  return `${beside}/server.sock`
}

/** Removes both. */
export function removeFolders(folder: string): void {
  for (const one of [folder, besideOf(folder)]) fs.rmSync(one, removal)
}

/**
 * Removes the cgroup in which somebody's server was held to a CPU quota, if there is one, once its processes have ended: they
 * have been killed.
 */
export async function removeCgroup(folder: string): Promise<void> {
  for (let tries = 1; !removeQuota(path.basename(folder)) && tries < REMOVAL_TRIES; tries++) await sleep(REMOVAL_MS)
}
