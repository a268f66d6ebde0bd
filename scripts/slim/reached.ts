/** Which modules and packages a program reaches, by what its sources say. */
import fs from 'node:fs'
import path from 'node:path'

/** What is imported before anything runs, and what a running program may load: modules, workers, files beside it. */
const AT_ONCE = /^(?:import|export)\b(?!\s+type\b)[^'"]*?['"]([^'"\n]+)['"]/gm
const LATER = /(?:\bimport\s*\(|\brequire\(|\bimport\.meta\.resolve\(|\bnew\s+URL\()\s*['"]([^'"\n]+)['"]/g

export interface Reached {
  /** Paths from the root. */
  modules: string[]
  /** Names of packages, with all that they need themselves. */
  packages: string[]
}

/**
 * All that `entries` reach, and what `main`, which loads one command or another, imports at once. What only leads through
 * `without` is left out.
 */
export function reachedFrom(
  root: string,
  main: string,
  entries: readonly string[],
  without: readonly string[] = [],
): Reached {
  const { imports }: { imports: Record<string, string> } = JSON.parse(
    fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
  )
  const modules = new Set<string>([main])
  const packages = new Set<string>()
  const queue = [...entries, ...specifiersIn(root, main, [AT_ONCE]).map((each) => moduleOf(each, main, imports))]
  for (const next of queue) {
    if (next === undefined || without.includes(next)) continue
    if (!next.startsWith('.') && !fs.existsSync(path.join(root, next))) {
      addPackage(root, next, packages)
      continue
    }
    if (modules.has(next) || !fs.statSync(path.join(root, next)).isFile()) continue
    modules.add(next)
    if (/\.[cm]?[jt]s$/.test(next))
      for (const specifier of specifiersIn(root, next, [AT_ONCE, LATER])) queue.push(moduleOf(specifier, next, imports))
  }
  return { modules: [...modules].sort(), packages: [...packages].sort() }
}

const specifiersIn = (root: string, file: string, patterns: readonly RegExp[]): string[] => {
  const text = fs.readFileSync(path.join(root, file), 'utf8')
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, specifier = '']) => specifier))
}

/** The path of a module from the root, the name of a package, or undefined for what Node brings. */
function moduleOf(specifier: string, from: string, imports: Record<string, string>): string | undefined {
  if (specifier.startsWith('node:') || /^[a-z]+:\/\//.test(specifier)) return undefined
  if (specifier.startsWith('.')) return path.normalize(path.join(path.dirname(from), specifier))
  for (const [name, file] of Object.entries(imports)) {
    const [before = '', after = ''] = name.split('*')
    if (specifier.startsWith(before) && specifier.endsWith(after))
      return path.normalize(file.replace('*', specifier.slice(before.length, specifier.length - after.length)))
  }
  return specifier
}

function addPackage(root: string, specifier: string, packages: Set<string>): void {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const manifest = path.join(root, 'node_modules', name, 'package.json')
  if (packages.has(name) || !fs.existsSync(manifest)) return
  packages.add(name)
  const { dependencies = {}, optionalDependencies = {} }: Partial<Record<string, Record<string, string>>> = JSON.parse(
    fs.readFileSync(manifest, 'utf8'),
  )
  // Of those that are for one system each, only that of this one is installed.
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
    addPackage(root, dependency, packages)
}
