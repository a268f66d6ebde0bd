/** Asks an exporter who waits in one accept queue. */
import { type Endpoint, ServiceError } from '#lab/endpoint.ts'
import type { Line } from './line.ts'

const UNKNOWN_ORDER = 'Who waits in which order is not known'

/** What an exporter answers; one that does not answer, or is older, is a reason too. */
export async function askLine(
  exporter: Endpoint,
  cookie: string,
  withoutSecrets = (text: string): string => text,
): Promise<Line> {
  try {
    return await exporter.json<Line>('GET', `/waiting?cookie=${encodeURIComponent(cookie)}`)
  } catch (error) {
    if (error instanceof SyntaxError) return { why: `${UNKNOWN_ORDER}: the exporter answers with no JSON` }
    if (!(error instanceof ServiceError)) throw error
    return { why: withoutSecrets(`${UNKNOWN_ORDER}: ${error.message}`) }
  }
}
