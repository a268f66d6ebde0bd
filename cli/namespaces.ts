/** Network namespaces as the commands that look at a host take them. */
import { UsageError } from '#common/errors.ts'
import {
  checkSources,
  type NamespaceSource,
  parseNamespaceSource,
} from '#services/exporter/sampler/namespace-source.ts'

/** Reads `self`, `all`, `NAME`, `NAME=PATH` and `NAME=PID`. Throws a UsageError that names the option. */
export function readNamespaces(option: string, texts: readonly string[]): NamespaceSource[] {
  const sources = texts.map((text) => namespaceOf(option, text))
  checkSources(option, sources)
  return sources
}

/** A bare name is one of `ip netns`. */
function namespaceOf(option: string, text: string): NamespaceSource {
  if (text === 'self' || text === 'all' || text.includes('=') || text.includes('/'))
    return parseNamespaceSource(option, text)
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(text))
    throw new UsageError(
      `${option} '${text}' is not the name of a network namespace`,
      'Write self, all, NAME, NAME=PATH or NAME=PID',
    )
  return { kind: 'path', name: text, path: `/run/netns/${text}` }
}
