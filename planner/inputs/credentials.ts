/** What shows a Prometheus, or an exporter, who asks. Secrets stay in here: nothing of it is ever printed. */
import { UsageError } from '#common/errors.ts'

export interface Credentials {
  /** Sent with each request to the origin that was asked for, and to no other. */
  headers: Record<string, string>
  /** Whatever must not be seen, in every form in which a server could repeat it. */
  secrets: readonly string[]
  /** How a person gave them. */
  from: 'address' | 'file' | 'environment'
}

type Part = Pick<Credentials, 'headers' | 'secrets'>

/** RFC 7617: a name and a password, which are sent as they are. */
export function basic(user: string, password: string): Part {
  const encoded = Buffer.from(`${user}:${password}`).toString('base64')
  return { headers: { authorization: `Basic ${encoded}` }, secrets: [encoded, password] }
}

/** RFC 6750. */
export const bearer = (token: string): Part => ({ headers: { authorization: `Bearer ${token}` }, secrets: [token] })

export const customHeader = (name: string, value: string): Part => ({
  headers: { [name.toLowerCase()]: value },
  secrets: [value, value.split(' ').at(-1) ?? value],
})

/** The credentials of an address such as http://user:password@host; undefined where it has none. */
export function inAddress({ username, password }: URL): Credentials | undefined {
  return username === '' && password === ''
    ? undefined
    : { ...basic(decoded(username), decoded(password)), from: 'address' }
}

/**
 * Those of an address with those that were given otherwise. Throws a UsageError where both the address and a file say who
 * asks; an address goes before the environment. `shown` is the address as it can be shown.
 */
export function joinedCredentials(
  shown: string,
  own: Credentials | undefined,
  given: Credentials | undefined,
): Pick<Credentials, 'headers' | 'secrets'> {
  if (own !== undefined && given?.from === 'file' && given.headers.authorization !== undefined)
    throw new UsageError(
      `Both ${shown} and --auth-file say who asks`,
      'Leave user and password out of the URL: others on this machine can see a command line',
    )
  return {
    headers: { ...given?.headers, ...own?.headers },
    secrets: [...(given?.secrets ?? []), ...(own?.secrets ?? [])],
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a bare % stands for itself
  }
}

/** One word of a command line without the user and the password of the address that it is, or that an option has. */
export const withoutUserinfo = (word: string): string => word.replace(/^(--[\w-]+=)?([a-z][\w+.-]*:\/\/).*@/is, '$1$2')

/** The same where the word is meant as an address, whether its scheme is there or not. */
export const addressWithoutUserinfo = (word: string): string =>
  word.includes('://') ? withoutUserinfo(word) : word.replace(/^[^/@:]*:.*@/s, '')

/** A sentence in which such addresses may stand. */
export const sentenceWithoutUserinfo = (sentence: string): string =>
  sentence.replaceAll(/([a-z][\w+.-]*:\/\/)[^\s'"]*@/gi, '$1')
