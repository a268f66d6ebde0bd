import fs from 'node:fs'

/**
 * A sysctl that is read again and again. Its open file stays with the network namespace that the calling thread is in
 * when it is opened, and keeps no namespace alive.
 */
export class SysctlFile {
  readonly #fd: number | undefined

  /** Opens `net.ipv4.tcp_tw_reuse`, say. A kernel that has none, or does not show it here, is no error. */
  constructor(name: string) {
    try {
      this.#fd = fs.openSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'r')
    } catch {
      this.#fd = undefined
    }
  }

  /** What it is now; undefined where it cannot be read, or its namespace is gone. */
  read(): string | undefined {
    if (this.#fd === undefined) return undefined
    const bytes = Buffer.alloc(MOST_BYTES)
    try {
      return bytes.toString('latin1', 0, fs.readSync(this.#fd, bytes, 0, bytes.length, 0)).trim()
    } catch {
      return undefined
    }
  }

  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd)
  }
}

const MOST_BYTES = 4096
