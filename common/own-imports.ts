/** Answers imports between modules of ours at once: where one lies follows from its name. */
import { registerHooks } from 'node:module'

/** This checkout, or dist/ of the package. */
const root = new URL('../', import.meta.url).href
const rooms = new Set('cli common experiments findings kernel lab live load planner report services'.split(' '))
const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
const format = ending === '.ts' ? 'module-typescript' : 'module'

/**
 * From now on Node does not look for our modules, in this thread: its own way from `#kernel/libc.ts` to a file leads past every
 * folder above it and each package.json, and takes two fifths of the time in which modules are loaded. Any other import is Node's
 * to answer.
 */
export function answerOwnImports(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const url = ownUrl(specifier, context.parentURL)
      return url === undefined ? next(specifier, context) : { url, format, shortCircuit: true }
    },
  })
}

/** Undefined for whatever is not ours, or does not come from a module of ours: packages may have names of that kind too. */
export function ownUrl(specifier: string, from: string | undefined): string | undefined {
  if (from === undefined || !isOurs(from)) return undefined
  if (specifier.startsWith('#') && specifier.endsWith('.ts')) {
    const url = `${root}${specifier.slice(1, -'.ts'.length)}${ending}`
    return isOurs(url) ? url : undefined
  }
  if (!specifier.startsWith('.') || !specifier.endsWith(ending)) return undefined
  const url = new URL(specifier, from).href
  return isOurs(url) ? url : undefined
}

function isOurs(url: string): boolean {
  if (!url.startsWith(root)) return false
  const slash = url.indexOf('/', root.length)
  return slash !== -1 && rooms.has(url.slice(root.length, slash))
}
