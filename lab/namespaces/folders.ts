/**
 * The folders of a lab: one that its user alone may enter, for the lab's own sockets, and beside it one for the UNIX socket of
 * somebody's server, which may have given up its rights before it makes that.
 */
import fs from 'node:fs'

/** Services still run when they are removed, and one may just be writing its file. */
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 10 } as const

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
