import { ProcFile } from './proc-file.ts'

/**
 * A sysctl that is read again and again. Its open file stays with the network namespace that the calling thread is in
 * when it is opened, and keeps no namespace alive.
 */
export class SysctlFile {
  readonly #file: ProcFile | undefined

  /** Opens `net.ipv4.tcp_tw_reuse`, say. A kernel that has none, or does not show it here, is no error. */
  constructor(name: string) {
    this.#file = ProcFile.openIfAny(`/proc/sys/${name.replaceAll('.', '/')}`, { inOnePiece: true })
  }

  /** What it is now; undefined where it cannot be read, or its namespace is gone. */
  read(): string | undefined {
    try {
      return this.#file?.read().trim()
    } catch {
      return undefined
    }
  }

  close(): void {
    this.#file?.close()
  }
}
