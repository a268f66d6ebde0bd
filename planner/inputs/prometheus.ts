/** Asks a Prometheus over its HTTP API. */
import { type Static, Type } from 'typebox'
import { Failure, UsageError } from '#common/errors.ts'
import { reasonOf, tlsReasonOf } from '#common/system-errors.ts'
import { firstProblem, fits } from '#common/validate.ts'
import { Patience } from '#common/waiting.ts'
import { addressWithoutUserinfo, type Credentials, inAddress, joinedCredentials } from './credentials.ts'

const LIMIT_MS = 30_000
const MOST_REDIRECTS = 5
const redirects = new Set([301, 302, 303, 307, 308])
const Labels = Type.Record(Type.String(), Type.String())
const Point = Type.Tuple([Type.Number(), Type.String()])
const Answer = Type.Object({
  status: Type.Literal('success'),
  data: Type.Object({
    resultType: Type.String(),
    result: Type.Array(
      Type.Object({ metric: Labels, value: Type.Optional(Point), values: Type.Optional(Type.Array(Point)) }),
    ),
  }),
})
type Answer = Static<typeof Answer>
const Metadata = Type.Object({
  data: Type.Record(Type.String(), Type.Array(Type.Object({ type: Type.String() }))),
})
const Rules = Type.Object({
  data: Type.Object({
    groups: Type.Array(Type.Object({ rules: Type.Array(Type.Object({ name: Type.String(), query: Type.String() })) })),
  }),
})

export interface Value {
  labels: Record<string, string>
  value: number
}

export interface Series {
  labels: Record<string, string>
  values: { atSeconds: number; value: number }[]
}

export class Prometheus {
  readonly #url: URL
  readonly #credentials: Pick<Credentials, 'headers' | 'secrets'> | undefined

  /**
   * Throws a UsageError for what is not an address, and where both the address and a file say who asks. An address goes
   * before the environment.
   */
  constructor(address: string, credentials?: Credentials) {
    const shown = addressWithoutUserinfo(address)
    if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
      throw new UsageError(`'${shown}' is not the URL of a Prometheus`, 'For example http://127.0.0.1:9090')
    const given = new URL(address)
    const own = inAddress(given)
    this.#url = new URL(given.pathname.endsWith('/') ? given.pathname : `${given.pathname}/`, given.origin)
    const joined = joinedCredentials(this.toString(), own, credentials)
    this.#credentials = own === undefined && credentials === undefined ? undefined : joined
  }

  /** Its address as it can be shown: without user and password. */
  toString(): string {
    return shownAddress(this.#url)
  }

  /** What a query gives now. */
  async now(query: string): Promise<Value[]> {
    const { data } = await this.#ask('query', { query })
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1]) }))
  }

  /** What a query gave over a time that ends now. */
  async range(query: string, rangeMs: number, stepMs: number): Promise<Series[]> {
    const end = Date.now() / 1000
    const words = { query, start: String(end - rangeMs / 1000), end: String(end), step: String(stepMs / 1000) }
    const { data } = await this.#ask('query_range', words)
    return data.result.map(({ metric, values = [] }) => ({
      labels: metric,
      values: values.map(([atSeconds, value]) => ({ atSeconds, value: Number(value) })),
    }))
  }

  /** The samples of a selector as they were scraped, over a time that ends now. */
  async samples(selector: string, rangeMs: number): Promise<Series[]> {
    const { data } = await this.#ask('query', { query: `${selector}[${Math.round(rangeMs / 1000)}s]` })
    return data.result.map(({ metric, values = [] }) => ({
      labels: metric,
      values: values.map(([atSeconds, value]) => ({ atSeconds, value: Number(value) })),
    }))
  }

  /** What kind of metric this is, as its exporter says; undefined where it does not, or where the server does not tell. */
  async kindOf(metric: string): Promise<string | undefined> {
    const answer = await this.#look(`metadata?metric=${encodeURIComponent(metric)}`)
    return fits(Metadata, answer) ? answer.data[metric]?.[0]?.type : undefined
  }

  /** The expression of a recording rule; undefined where there is none of that name, or where the server does not tell. */
  async recordingRule(name: string): Promise<string | undefined> {
    const answer = await this.#look('rules?type=record')
    if (!fits(Rules, answer)) return undefined
    return answer.data.groups.flatMap(({ rules }) => rules).find((rule) => rule.name === name)?.query
  }

  /** What lies beside series; undefined where it cannot be had, since some that speak this API have series only. */
  async #look(what: string): Promise<unknown> {
    using patience = new Patience(LIMIT_MS)
    try {
      const { text } = await this.#send(new URL(`api/v1/${what}`, this.#url), undefined, patience.signal)
      return JSON.parse(text)
    } catch {
      return undefined
    }
  }

  async #ask(what: string, words: Record<string, string>): Promise<Answer> {
    let answer: unknown
    let status: number | undefined
    let by: URL = this.#url
    using patience = new Patience(LIMIT_MS)
    try {
      const response = await this.#send(
        new URL(`api/v1/${what}`, this.#url),
        new URLSearchParams(words),
        patience.signal,
      )
      status = response.status
      by = response.by
      if (status !== 401 && status !== 403) answer = JSON.parse(response.text)
    } catch (error) {
      if (error instanceof UsageError) throw error
      const reason =
        error instanceof SyntaxError
          ? `what answers (status ${status}) does not speak JSON`
          : error === patience.end
            ? `nothing has come for ${patience.inWords}`
            : causeOf(error)
      throw new UsageError(
        this.#withoutSecrets(`No Prometheus answers at ${this}${this.#elsewhere(by)}: ${reason}`),
        'Give the address of the Prometheus itself, not of the exporter',
      )
    }
    if (status === 401 || status === 403) throw this.#refused(status, by)
    const problem = firstProblem(Answer, answer)
    if (problem === undefined) return answer as Answer
    const said =
      typeof answer === 'object' && answer !== null && 'error' in answer
        ? String(answer.error)
        : `${problem.field} ${problem.message}`
    if (/^data\.result\./.test(problem.field))
      throw new UsageError(
        `The Prometheus at ${this} gives no series: ${words.query}`,
        'Ask for an instant vector, such as sum(rate(…[1m])): a scalar or a text has no history of its own',
      )
    throw new UsageError(this.#withoutSecrets(`The Prometheus at ${this} answers ${status}: ${said}`))
  }

  /** Follows redirects by itself: fetch would lose the question, and take headers of ours to another origin. */
  async #send(
    first: URL,
    body: URLSearchParams | undefined,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; by: URL }> {
    let by = first
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const headers = by.origin === this.#url.origin ? (this.#credentials?.headers ?? {}) : {}
      const how = body === undefined ? { method: 'GET' } : { method: 'POST', body }
      const response = await fetch(by, { ...how, headers, signal, redirect: 'manual' })
      const text = await response.text()
      const location = response.headers.get('location')
      if (!redirects.has(response.status) || location === null) return { status: response.status, text, by }
      if (!URL.canParse(location, by.href)) throw new Failure(`it redirects to '${addressWithoutUserinfo(location)}'`)
      by = new URL(location, by)
      by.username = ''
      by.password = ''
      if (!/^https?:$/.test(by.protocol)) throw new Failure(`it redirects to ${by.protocol}//…, which is not HTTP`)
    }
    throw new Failure(`it redirects more than ${MOST_REDIRECTS} times`)
  }

  #refused(status: number, by: URL): UsageError {
    const elsewhere = this.#elsewhere(by)
    if (elsewhere !== '' && this.#credentials !== undefined)
      return new UsageError(
        `The Prometheus at ${this}${elsewhere}: that is not given the credentials, and refuses to answer (status ${status})`,
        'If that is the Prometheus, give its own address',
      )
    return new UsageError(
      `The Prometheus at ${this}${elsewhere === '' ? '' : `${elsewhere},`} refuses ${this.#credentials === undefined ? 'to answer without credentials' : 'these credentials'} (status ${status})`,
      'Give --auth-file FILE, or SPILLWAY_PROMETHEUS_USER and SPILLWAY_PROMETHEUS_PASSWORD, or SPILLWAY_PROMETHEUS_TOKEN: see docs/planning.md',
    )
  }

  /** `, which redirects to …`, where another origin than the one that was asked has answered. */
  #elsewhere(by: URL): string {
    return by.origin === this.#url.origin ? '' : `, which redirects to ${shownAddress(by)}`
  }

  /** A server may repeat what it was sent. */
  #withoutSecrets(text: string): string {
    const secrets = this.#credentials?.secrets ?? []
    return secrets.reduce((left, secret) => (secret === '' ? left : left.replaceAll(secret, '…')), text)
  }
}

/** Without what may be secret: user, password, and whatever follows a question mark. */
const shownAddress = ({ origin, pathname }: URL): string => `${origin}${pathname}`

/** Why there is no answer, as half a sentence. What fetch itself says is about its own insides. */
function causeOf(error: unknown): string {
  if (error instanceof Failure) return error.message
  const reason = reasonOf(error)
  if (reason !== undefined) return reason
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
  // The Fetch standard blocks the ports of some other protocols, and its error has no code.
  if (cause?.message === 'bad port') return 'its port is reserved for another protocol, and HTTP clients do not use it'
  return tlsReasonOf(error) ?? 'the connection broke off, or the server there does not speak HTTP'
}
