/** Reads how to authenticate at a Prometheus: from a file, or from the environment. No error message repeats what was read. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { basic, bearer, type Credentials, customHeader } from '#planner/inputs/credentials.ts'

const FORMS = 'Write Basic USER:PASSWORD, or Bearer TOKEN, or Name: value for a header; one per line'
const variables = {
  user: 'SPILLWAY_PROMETHEUS_USER',
  password: 'SPILLWAY_PROMETHEUS_PASSWORD',
  token: 'SPILLWAY_PROMETHEUS_TOKEN',
  header: 'SPILLWAY_PROMETHEUS_HEADER',
} as const
/** Headers that a request sets itself. */
const taken = new Set([
  'host',
  'content-type',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
])

/** The file overrides the environment. Undefined where neither has any. */
export function credentialsFrom(
  file: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Credentials | undefined {
  return file === undefined ? ofEnvironment(environment) : parseCredentials(file, read(file))
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${reasonOf(error) ?? 'for an unknown reason'}`, FORMS)
  }
}

/** The text of a file named `file`: lines of `Basic …`, `Bearer …` or `Name: value`; a word alone is a bearer's token. */
export function parseCredentials(file: string, text: string): Credentials {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line: line.trim(), name: `${file} line ${at + 1}` }))
  const parts = lines.flatMap(({ line, name }) => (line === '' || line.startsWith('#') ? [] : [partOf(name, line)]))
  if (parts.length === 0) throw new UsageError(`${file} contains no credentials`, FORMS)
  return joined(file, 'file', parts)
}

function ofEnvironment(environment: NodeJS.ProcessEnv): Credentials | undefined {
  // Set and empty is as good as not set.
  const said = (name: keyof typeof variables): string | undefined => environment[variables[name]] || undefined
  const [user, password, token, header] = [said('user'), said('password'), said('token'), said('header')]
  if ((user === undefined) !== (password === undefined))
    throw new UsageError(
      `${user === undefined ? variables.password : variables.user} is set and ${user === undefined ? variables.user : variables.password} is not`,
      'Set both',
    )
  const parts = [
    ...(user === undefined || password === undefined ? [] : [basic(user, password)]),
    ...(token === undefined ? [] : [bearer(sendable(variables.token, token.trim()))]),
    ...(header === undefined ? [] : [headerOf(variables.header, header)]),
  ]
  return parts.length === 0 ? undefined : joined('The environment', 'environment', parts)
}

function partOf(name: string, line: string) {
  const [, scheme = '', rest = ''] = /^(basic|bearer):?\s+(.+)$/i.exec(line) ?? []
  if (scheme.toLowerCase() === 'bearer') return bearer(sendable(name, rest))
  if (scheme.toLowerCase() === 'basic') {
    const colon = rest.indexOf(':')
    if (colon > 0) return basic(rest.slice(0, colon), rest.slice(colon + 1))
    const [user, ...password] = Buffer.from(rest, 'base64').toString('utf8').split(':')
    if (user === undefined || password.length === 0) throw new UsageError(`${name} has no USER:PASSWORD`, FORMS)
    return basic(user, password.join(':'))
  }
  return /^[^\s:]+$/.test(line) ? bearer(sendable(name, line)) : headerOf(name, line)
}

function headerOf(name: string, line: string) {
  const [, header = '', value = ''] = /^([\w-]+):\s+(\S.*)$/.exec(line.trim()) ?? []
  if (header === '') throw new UsageError(`${name} does not look like credentials`, FORMS)
  if (taken.has(header.toLowerCase())) throw new UsageError(`${name}: the header ${header} cannot be set`, FORMS)
  return customHeader(header, sendable(name, value))
}

/** What a header can hold; fetch would refuse the rest and print it. */
function sendable(name: string, value: string): string {
  if (!/^[\x20-\x7e]+$/.test(value))
    throw new UsageError(`${name} contains a character that a header cannot: only printable ASCII is allowed`, FORMS)
  return value
}

function joined(name: string, from: Credentials['from'], parts: readonly ReturnType<typeof bearer>[]): Credentials {
  const names = parts.flatMap(({ headers }) => Object.keys(headers))
  const twice = names.find((header, at) => names.indexOf(header) !== at)
  if (twice !== undefined) throw new UsageError(`${name} gives the header ${twice} twice`, 'Leave one of them out')
  return {
    headers: Object.assign({}, ...parts.map(({ headers }) => headers)),
    secrets: parts.flatMap(({ secrets }) => secrets),
    from,
  }
}
