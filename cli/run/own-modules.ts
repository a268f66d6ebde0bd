/** How modules of a user's own are loaded: wherever they lie, 'spillway/vocabulary' is that of the command that runs them. */
import { registerHooks } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'

const VOCABULARY = 'spillway/vocabulary'

const vocabulary = import.meta.resolve('#experiments/vocabulary.ts')

/** What the built-in experiments and older solutions call it: a copy of one runs wherever it is put. */
const insideNames = ['./vocabulary.ts', '#experiments/vocabulary.ts']

/** This checkout, or dist/ of the package. Everything that is ours lies below it, and Node needs no help with it. */
const ours = path.resolve(import.meta.dirname, '../..')

/** Whether a module belongs to Spillway. What a user writes inside a clone is still the user's: see below. */
const isOurs = (url: string): boolean => {
  if (!url.startsWith('file:')) return true
  const below = path.relative(ours, fileURLToPath(url))
  return /^(cli|common|kernel|lab|live|load|planner|report|findings|services|experiments|node_modules)\//.test(below)
}

let registered = false

/**
 * Makes every import that follows find the vocabulary, and takes a user's TypeScript as modules whatever the package.json
 * above it says (`npm init` writes "type": "commonjs"). The same vocabulary for all: what it throws is then recognised.
 */
export function registerVocabulary(): void {
  if (registered) return
  registered = true
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === VOCABULARY) return { url: vocabulary, shortCircuit: true }
      if (specifier === 'spillway' || specifier.startsWith('spillway/')) throw noSuchPart(specifier)
      if (context.parentURL !== undefined && insideNames.includes(specifier) && !isOurs(context.parentURL)) {
        try {
          return next(specifier, context)
        } catch {
          return { url: vocabulary, shortCircuit: true }
        }
      }
      const found = next(specifier, context)
      return /\.ts$/.test(new URL(found.url).pathname) && !isOurs(found.url) && !found.url.includes('/node_modules/')
        ? { ...found, format: 'module-typescript' }
        : found
    },
  })
}

const noSuchPart = (specifier: string): UsageError =>
  new UsageError(`There is no module ${specifier}; did you mean ${VOCABULARY}?`, `Import from '${VOCABULARY}'`)

/**
 * What is wrong with an import of something that the vocabulary does not have, and what to write; undefined for any other
 * error. Only Node's message says which module and which name.
 */
export async function missingWord(error: SyntaxError): Promise<{ problem: string; remedy: string } | undefined> {
  const [, module = '', name = ''] =
    /^The requested module '([^']+)' does not provide an export named '([^']+)'/.exec(error.message) ?? []
  if (module !== VOCABULARY && !insideNames.includes(module)) return undefined
  const words = Object.keys(await import('#experiments/vocabulary.ts'))
  const problem = `the vocabulary has no ${name}${orNearest(name, words)}`
  // A type has left no trace in what Node runs.
  return { problem, remedy: `It has ${words.join(', ')}; import a type with \`import { type … }\`` }
}
