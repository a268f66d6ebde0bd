import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'

/** A network namespace as it was asked for on the command line. */
export type NamespaceSource =
  | { kind: 'self' }
  | { kind: 'all' }
  | { kind: 'path'; name: string; path: string }
  | { kind: 'process'; name: string; pid: number }

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/

/** `self`, `all`, `NAME=/path/of/a/namespace` or `NAME=PID`. */
export function parseNamespaceSource(option: string, text: string): NamespaceSource {
  if (text === 'self' || text === 'all') return { kind: text }
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(0, equals))
  const place = text.slice(equals + 1)
  const remedy = 'Write self, all, NAME=/run/netns/FILE or NAME=PID'
  if (equals < 0)
    throw new UsageError(`${option} '${text}' is not a network namespace${orNearest(text, ['self', 'all'])}`, remedy)
  if (!NAME.test(name))
    throw new UsageError(`${option} '${text}' needs a name made of letters, digits, '_', '.', ':' or '-'`, remedy)
  if (place.startsWith('/')) return { kind: 'path', name, path: place }
  if (/^[1-9]\d{0,9}$/.test(place)) return { kind: 'process', name, pid: Number(place) }
  throw new UsageError(`${option} '${text}' gives neither a path nor a process id`, remedy)
}

/** Refuses a name given to two namespaces: they could not be told apart later. */
export function checkSources(option: string, sources: readonly NamespaceSource[]): void {
  const names = sources.map((source) => ('name' in source ? source.name : source.kind))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new UsageError(`${option} gives '${twice}' twice: each namespace needs a different name`)
}
