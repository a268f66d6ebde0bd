/** Asks a Prometheus over its HTTP API. */
import { type Static, Type } from 'typebox'
import { UsageError } from '#common/errors.ts'
import { firstProblem } from '#common/validate.ts'
import { Patience } from '#common/waiting.ts'

const LIMIT_MS = 30_000
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

  constructor(url: string) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new UsageError(`'${url}' is no URL of a Prometheus`, 'For example http://127.0.0.1:9090')
    this.#url = new URL(url.endsWith('/') ? url : `${url}/`)
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

  async #ask(what: string, words: Record<string, string>): Promise<Answer> {
    const url = new URL(`api/v1/${what}`, this.#url)
    let answer: unknown
    let status: number | undefined
    using patience = new Patience(LIMIT_MS)
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams(words),
        signal: patience.signal,
      })
      status = response.status
      answer = JSON.parse(await response.text())
    } catch (error) {
      const reason =
        error instanceof SyntaxError
          ? `what answers (status ${status}) does not speak JSON`
          : error === patience.end
            ? `nothing has come for ${patience.inWords}`
            : causeOf(error)
      throw new UsageError(
        `No Prometheus answers at ${this.#url}: ${reason}`,
        'Give the address of the Prometheus itself, not of the exporter',
      )
    }
    const problem = firstProblem(Answer, answer)
    if (problem === undefined) return answer as Answer
    const said =
      typeof answer === 'object' && answer !== null && 'error' in answer
        ? String(answer.error)
        : `${problem.field} ${problem.message}`
    if (/^data\.result\./.test(problem.field))
      throw new UsageError(
        `The Prometheus at ${this.#url} gives no series: ${words.query}`,
        'Ask for an instant vector, such as sum(rate(…[1m])): a scalar or a text has no history of its own',
      )
    throw new UsageError(`The Prometheus at ${this.#url} answers ${status}: ${said}`)
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
