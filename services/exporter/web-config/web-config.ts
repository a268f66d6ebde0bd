/** The configuration of --web.config.file as it is at the moment. */
import fs from 'node:fs'
import { describeError, UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { parseWebConfig, type WebConfig } from './file.ts'
import { namedFiles, type TlsSettings, tlsSettings } from './tls.ts'

/**
 * Reads the file again whenever it, or a certificate that it names, has changed. A certificate that cannot be used leaves
 * the one before in place, since renewing writes two files one after the other; with a configuration that cannot be read
 * nobody is let in, as in the toolkit.
 */
export class WebConfigFile {
  readonly #file: string
  readonly #log: (line: string) => void
  #stamp: string
  #config: WebConfig | undefined
  #tls: TlsSettings | undefined
  #complained = ''

  /** Throws a UsageError that names the line and the key. */
  constructor(file: string, log: (line: string) => void) {
    this.#file = file
    this.#log = log
    const before = stampOf(file)
    this.#config = this.#read()
    // Taken before the certificates are read: what changes meanwhile is read again.
    this.#stamp = this.#stampNow(before)
    this.#tls = tlsSettings(file, this.#config)
  }

  /** Whether connections are encrypted. That is settled at the start. */
  get isSecure(): boolean {
    return this.#tls !== undefined
  }

  /** Undefined while the file cannot be read. */
  get current(): WebConfig | undefined {
    this.#refresh()
    return this.#config
  }

  /** How the next connection is encrypted. Throws where nothing is: ask `isSecure` first. */
  get tls(): TlsSettings {
    this.#refresh()
    if (this.#tls === undefined) throw new Error('This configuration encrypts nothing')
    return this.#tls
  }

  #refresh(): void {
    const before = stampOf(this.#file)
    const stamp = this.#stampNow(before)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    try {
      this.#config = undefined
      this.#config = this.#read()
      this.#stamp = this.#stampNow(before)
      const tls = tlsSettings(this.#file, this.#config)
      if ((tls === undefined) !== (this.#tls === undefined))
        throw new UsageError(
          `${this.#file}: TLS cannot be switched ${tls === undefined ? 'off' : 'on'} while the exporter runs`,
          'Restart it',
        )
      this.#tls = tls
      if (this.#complained !== '') this.#log(`${this.#file} is used as it is now`)
      this.#complained = ''
    } catch (error) {
      this.#complain(describeError(error).replace('\n', '. '))
    }
  }

  #complain(sentence: string): void {
    const until = this.#config === undefined ? 'Until it is mended nobody is let in' : 'What was read before is used'
    if (sentence !== this.#complained) this.#log(`${sentence}. ${until}`)
    this.#complained = sentence
  }

  #read(): WebConfig {
    let text: string
    try {
      text = fs.readFileSync(this.#file, 'utf8')
    } catch (error) {
      throw new UsageError(
        `--web.config.file ${this.#file} cannot be read: ${reasonOf(error) ?? 'for an unknown reason'}`,
        'docs/exporter.md shows what such a file may say',
      )
    }
    return parseWebConfig(this.#file, text)
  }

  /** Changes whenever the file, or one that it names, does. */
  #stampNow(ofFile: string): string {
    const named = this.#config === undefined ? [] : namedFiles(this.#file, this.#config)
    return [ofFile, ...named.map(stampOf)].join(' ')
  }
}

function stampOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = fs.statSync(file, { bigint: true })
    return `${dev}/${ino}/${size}/${mtimeNs}/${ctimeNs}`
  } catch (error) {
    return reasonOf(error) ?? 'unknown' // reading it says why, in full
  }
}
