/** Where an exporter is, and how to show it who asks: `HOST:PORT`, `unix:/path`, or a URL with HTTP or HTTPS. */
import { isIP } from 'node:net'
import { UsageError } from '#common/errors.ts'
import { formatListen, type ListenTarget, parseListen } from '#common/parse.ts'
import { Endpoint, type Way } from '#lab/endpoint.ts'
import { addressWithoutUserinfo, type Credentials, inAddress, joinedCredentials } from '#planner/inputs/credentials.ts'

export class ExporterAddress {
  /** What its host is called in a sentence: `this host`, `10.0.0.5`, `web-1.example`. */
  readonly host: string
  readonly #shown: string
  readonly #target: ListenTarget
  readonly #way: Way
  readonly #secrets: readonly string[]

  private constructor(shown: string, target: ListenTarget, way: Way, secrets: readonly string[]) {
    this.#shown = shown
    this.#target = target
    this.#way = way
    this.#secrets = secrets
    this.host = 'path' in target || isLoopback(target.host) ? 'this host' : target.host
  }

  /** Throws a UsageError that names the option, and shows no secret. */
  static parse(option: string, text: string, credentials?: Credentials): ExporterAddress {
    if (!text.includes('://')) {
      const target = parseListen(option, addressWithoutUserinfo(text))
      const { headers, secrets } = joinedCredentials(formatListen(target), undefined, credentials)
      return new ExporterAddress(formatListen(target), target, { headers }, secrets)
    }
    const shown = addressWithoutUserinfo(text)
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
      throw new UsageError(
        `${option} '${shown}' is not the address of an exporter`,
        'Write HOST:PORT, unix:/path, or a URL such as https://web-1.example:10511',
      )
    const url = new URL(text)
    const tls = url.protocol === 'https:'
    const target = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    }
    const base = url.pathname.replace(/\/+$/, '')
    const where = `${url.origin}${base}`
    const { headers, secrets } = joinedCredentials(where, inAddress(url), credentials)
    return new ExporterAddress(where, target, { tls, base, headers }, secrets)
  }

  /** As it can be shown: without user and password. */
  toString(): string {
    return this.#shown
  }

  get isGivenCredentials(): boolean {
    return this.#secrets.length > 0
  }

  endpoint(): Endpoint {
    return new Endpoint(`the exporter at ${this}`, this.#target, () => {}, { ...this.#way, shown: this.#shown })
  }

  /** A server may repeat what it was sent. */
  withoutSecrets(text: string): string {
    return this.#secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '…')), text)
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
