/** Users and groups of this system by name or number. */
import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'

/** Who may read what is installed. */
export interface Account {
  kind: 'user' | 'group'
  id: number
  /** Undefined for a number that no name is known of. */
  name: string | undefined
}

const files = { user: '/etc/passwd', group: '/etc/group' } as const

/** The account that a person means. Throws a UsageError that names the option if there is no such one. */
export function accountOf(option: string, kind: Account['kind'], text: string): Account {
  const known = accountsIn(kind)
  if (/^\d+$/.test(text)) {
    const id = Number(text)
    if (id >= 2 ** 32 - 1) throw new UsageError(`${option} '${text}' is no number of a ${kind}: 0 to 4294967294`)
    return { kind, id, name: known.find((one) => one.id === id)?.name }
  }
  const found = known.find(({ name }) => name === text)
  if (found !== undefined) return { kind, ...found }
  const near = orNearest(
    text,
    known.map(({ name }) => name),
  )
  throw new UsageError(
    `${option} '${text}' is no ${kind} in ${files[kind]}${near}`,
    `Give its number, if it is known elsewhere: id ${text}`,
  )
}

/** `group spillway (998)`, `user 65534`. */
export const inWords = ({ kind, id, name }: Account): string =>
  name === undefined ? `${kind} ${id}` : `${kind} ${name} (${id})`

/** passwd(5), group(5): name, password, number. */
function accountsIn(kind: Account['kind']): { name: string; id: number }[] {
  let text: string
  try {
    text = fs.readFileSync(files[kind], 'utf8')
  } catch {
    return [] // a container may have none
  }
  return text.split('\n').flatMap((line) => {
    const [name, , id] = line.split(':')
    return name && id && /^\d+$/.test(id) ? [{ name, id: Number(id) }] : []
  })
}
