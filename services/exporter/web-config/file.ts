/**
 * The file of --web.config.file, in the form of Prometheus' exporter-toolkit: what it says, before any other file that it
 * names is read. <https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md>
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { parseDurationMs } from '#common/parse.ts'
import { parseYaml, type YamlFile } from '#common/yaml.ts'
import { cipherSuites, clientPolicies, curves, headers, versions } from './names.ts'

const REMEDY = 'docs/exporter.md shows what such a file may say'

/** A value of the file, and where it stands: `web.yml line 3, tls_server_config.cert_file`. */
export interface Said {
  text: string
  where: string
}

const tlsTexts = [
  'cert',
  'key',
  'client_ca',
  'cert_file',
  'key_file',
  'client_ca_file',
  'client_auth_type',
  'min_version',
  'max_version',
] as const
const tlsLists = ['client_allowed_sans', 'cipher_suites', 'curve_preferences'] as const

export interface WebConfig {
  tls: Partial<Record<(typeof tlsTexts)[number], Said>> & Partial<Record<(typeof tlsLists)[number], Said[]>>
  preferServerCipherSuites: boolean
  /** Added to every answer. */
  headers: Record<string, string>
  /** Hashes of bcrypt, by user. */
  users: ReadonlyMap<string, string>
  /** Undefined where nothing is limited. */
  rateLimit: { intervalMs: number; burst: number } | undefined
}

/** Reads the text of a file named `file`. Throws a UsageError that names the line and the key. */
export function parseWebConfig(file: string, text: string): WebConfig {
  const reader = new Reader(file, parseYaml(file, text, REMEDY, '1.1')) // Go's yaml.v2 has yes and no, too
  const top = reader.map(reader.root, '', ['tls_server_config', 'http_server_config', 'basic_auth_users', 'rate_limit'])
  const tls = reader.map(top.get('tls_server_config'), 'tls_server_config', [
    ...tlsTexts,
    ...tlsLists,
    'prefer_server_cipher_suites',
  ])
  const http = reader.map(top.get('http_server_config'), 'http_server_config', ['http2', 'headers'])
  reader.flag(http.get('http2'), 'http_server_config.http2') // either way it is HTTP/1.1 here, which all clients speak
  const config: WebConfig = {
    tls: {},
    preferServerCipherSuites:
      reader.flag(tls.get('prefer_server_cipher_suites'), 'tls_server_config.prefer_server_cipher_suites') ?? true,
    headers: headersOf(reader, http.get('headers')),
    users: usersOf(reader, top.get('basic_auth_users')),
    rateLimit: rateLimitOf(reader, top.get('rate_limit')),
  }
  for (const name of tlsTexts) {
    const said = reader.text(tls.get(name), `tls_server_config.${name}`)
    if (said !== undefined && said.text !== '') config.tls[name] = said
  }
  for (const name of tlsLists) {
    const said = reader.list(tls.get(name), `tls_server_config.${name}`)
    if (said.length > 0) config.tls[name] = said
  }
  checkTls(config.tls)
  return config
}

function checkTls({
  client_auth_type,
  min_version,
  max_version,
  cipher_suites = [],
  curve_preferences = [],
}: WebConfig['tls']) {
  if (client_auth_type !== undefined) named(client_auth_type, clientPolicies)
  for (const version of [min_version, max_version]) if (version !== undefined) named(version, Object.keys(versions))
  for (const suite of cipher_suites) named(suite, Object.keys(cipherSuites))
  for (const curve of curve_preferences) named(curve, Object.keys(curves))
  const [lowest, highest] = [min_version?.text ?? 'TLS12', max_version?.text ?? 'TLS13']
  if (lowest > highest)
    throw new UsageError(
      `${(max_version ?? min_version)?.where}: no version of TLS is at least ${lowest} and at most ${highest}`,
      'Correct min_version or max_version',
    )
}

function named({ text, where }: Said, names: readonly string[]): void {
  if (!names.includes(text))
    throw new UsageError(`${where} '${text}' is not known${orNearest(text, names)}`, `Known are ${names.join(', ')}`)
}

function headersOf(reader: Reader, node: Node | undefined): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of reader.map(node, 'http_server_config.headers', Object.keys(headers))) {
    const { text = '', where = '' } = reader.text(value, `http_server_config.headers.${name}`) ?? {}
    if (text === '') continue
    const allowed = headers[name]
    if (allowed !== undefined) named({ text, where }, allowed)
    if (!/^[\x20-\x7e]+$/.test(text))
      throw new UsageError(`${where} contains a character that a header cannot`, 'Use printable ASCII alone')
    given[name.toLowerCase()] = text
  }
  return given
}

/** As Go's bcrypt takes them: any minor version, a cost of 4 to 31. */
const hash = /^\$2[a-z]?\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/

function usersOf(reader: Reader, node: Node | undefined): ReadonlyMap<string, string> {
  const users = new Map<string, string>()
  for (const [user, value] of reader.map(node, 'basic_auth_users')) {
    const { text = '', where = '' } = reader.text(value, `basic_auth_users.${user}`) ?? {}
    if (!hash.test(text))
      // What is no hash may be the password itself: it is not repeated.
      throw new UsageError(
        `${where || `basic_auth_users.${user}`} is not a hash of bcrypt`,
        "Make one with: htpasswd -nBC 10 '' | tr -d ':\\n'",
      )
    users.set(user, text)
  }
  return users
}

function rateLimitOf(reader: Reader, node: Node | undefined): WebConfig['rateLimit'] {
  const given = reader.map(node, 'rate_limit', ['interval', 'burst'])
  const interval = reader.text(given.get('interval'), 'rate_limit.interval')
  const burst = reader.text(given.get('burst'), 'rate_limit.burst')
  const intervalMs =
    interval === undefined || interval.text === '0' ? 0 : parseDurationMs(interval.where, interval.text)
  if (intervalMs === 0) return undefined
  if (burst === undefined)
    throw new UsageError(
      `${interval?.where}: without a burst no request would ever be answered`,
      'Add burst: 1 or more',
    )
  if (!/^[1-9]\d{0,8}$/.test(burst.text))
    throw new UsageError(`${burst.where} '${burst.text}' is not a whole number above 0`, REMEDY)
  return { intervalMs, burst: Number(burst.text) }
}

/** Walks over what was parsed, and says what is not as it should be. */
class Reader {
  readonly #file: string
  readonly #yaml: YamlFile

  constructor(file: string, yaml: YamlFile) {
    this.#file = file
    this.#yaml = yaml
  }

  get root(): Node | undefined {
    return this.#yaml.document.contents ?? undefined
  }

  /** The entries of a map, none where there is nothing; only of these keys, if they are given. */
  map(node: Node | undefined, path: string, known?: readonly string[]): Map<string, Node> {
    const value = this.#resolved(node, path)
    const entries = new Map<string, Node>()
    if (value === undefined) return entries
    if (!isMap<Node, Node | null>(value)) throw this.#wrong(value, path, 'must be a map')
    for (const { key, value: under } of value.items) {
      if (!isScalar(key)) throw this.#wrong(key, path, 'has a list or a map where the name of a key is expected')
      const name = textOf(key)
      if (known !== undefined && !known.includes(name))
        throw new UsageError(
          `${this.#where(key, joined(path, name))}: is unknown${orNearest(name, known)}`,
          `Known are ${known.join(', ')}`,
        )
      if (under !== null) entries.set(name, under)
    }
    return entries
  }

  text(node: Node | undefined, path: string): Said | undefined {
    const value = this.#resolved(node, path)
    if (value === undefined) return undefined
    if (!isScalar(value)) throw this.#wrong(value, path, 'must be one value')
    return { text: textOf(value), where: this.#where(value, path) }
  }

  flag(node: Node | undefined, path: string): boolean | undefined {
    const value = this.#resolved(node, path)
    if (value === undefined) return undefined
    if (!isScalar(value) || typeof value.value !== 'boolean') throw this.#wrong(value, path, 'must be true or false')
    return value.value
  }

  list(node: Node | undefined, path: string): Said[] {
    const value = this.#resolved(node, path)
    if (value === undefined) return []
    if (!isSeq<Node>(value)) throw this.#wrong(value, path, 'must be a list')
    return value.items.flatMap((item) => this.text(item, path) ?? [])
  }

  /** What an alias stands for; undefined for what is empty. */
  #resolved(node: Node | undefined, path: string): Node | undefined {
    const value = isAlias(node) ? node.resolve(this.#yaml.document) : node
    if (isAlias(node) && value === undefined)
      throw this.#wrong(node, path, 'is an alias (*name) without its anchor (&name)')
    return value === undefined || (isScalar(value) && value.value === null) ? undefined : value
  }

  #wrong(node: Node, path: string, what: string): UsageError {
    return new UsageError(`${this.#where(node, path)}: ${what}`, REMEDY)
  }

  #where(node: Node, path: string): string {
    return `${this.#file} line ${this.#yaml.lineOf(node)}${path === '' ? '' : `, ${path}`}`
  }
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** As it is written: 0 stays 0, and 1e3 is not 1000. */
const textOf = ({ value, source }: Scalar): string => (typeof value === 'string' ? value : (source ?? String(value)))
