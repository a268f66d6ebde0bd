/** What a failed request is told: a status and a sentence, never the words of a library. */
import { UsageError } from '../errors.ts'
import { faultOfOurOwn } from './server.ts'

/** What Fastify and our own handlers throw. */
export interface EdgeError extends Error {
  code?: string
  statusCode?: number
  validation?: { instancePath?: string }[] | undefined
}

interface Refusal {
  status: number
  sentence: string
  /** The field of the request that is wrong, as `arrivals.ratePerSecond`. */
  field: string | undefined
  /** What the reader can do about it, if more is known. */
  remedy: string | undefined
}

export const badPath =
  'The path is not valid: a % must be followed by two hexadecimal digits, and the bytes must be UTF-8'

const SHOWN_CHARACTERS = 100
/** What is said where there is no route. */
export const nothingAt = (url: string): string =>
  `There is nothing at ${url.length > SHOWN_CHARACTERS ? `${url.slice(0, SHOWN_CHARACTERS)}…` : url}`

/** Fastify's errors about a request, by their code, in our words. */
const words: Record<string, string> = {
  FST_ERR_BAD_URL: badPath,
  FST_ERR_MAX_PARAM_LENGTH: 'A part of the path is too long',
  FST_ERR_CTP_BODY_TOO_LARGE: 'The body is too large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'This content type is not accepted here: send application/json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty: JSON is expected',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON',
}

/** A UsageError is answered with 409: its reader can fix it elsewhere. What no request caused is a fault of our own, 500. */
export function refusalOf(error: EdgeError): Refusal {
  const field = error.validation?.[0]?.instancePath?.replaceAll('/', '.').replace(/^\./, '')
  const status = error.statusCode ?? (error instanceof UsageError ? 409 : 500)
  const remedy = error instanceof UsageError ? error.remedy : undefined
  return { status, sentence: sentenceFor(error, status), field: field === '' ? undefined : field, remedy }
}

function sentenceFor(error: EdgeError, status: number): string {
  if (error instanceof UsageError || error.name === 'KernelError' || error.validation !== undefined)
    return error.message
  if (error.code !== undefined && words[error.code] !== undefined) return words[error.code] ?? ''
  if (status >= 500) return faultOfOurOwn
  // Errors of Node and of libraries carry a code; our own refusals do not.
  return error.code === undefined ? error.message : 'The request is not valid'
}
