/** An experiment in a file of the user's: a module whose default export is one. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { messageAndPlace, UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import type { Experiment } from '#experiments/vocabulary/experiment.ts'
import { orNearPath } from '../near-path.ts'
import { missingWord, registerVocabulary } from './own-modules.ts'

/** Loads a file. Throws a UsageError that says what is wrong with it, and at which line where that is known. */
export async function loadExperiment(file: string): Promise<Experiment> {
  const found = fs.statSync(file, { throwIfNoEntry: false })
  if (found === undefined)
    throw new UsageError(
      `There is no file ${file}${orNearPath(file, isModule)}`,
      'Check the spelling; spillway run --list shows the built-in experiments',
    )
  if (!found.isFile()) throw new UsageError(`${file} is not a file`, 'Name a module, such as ./mine.ts')
  if (!isModule(file))
    throw new UsageError(`${file} is not a module`, 'An experiment is a file that ends in .ts or .js')
  const { default: experiment } = await load(file)
  if (isExperiment(experiment)) return experiment
  throw new UsageError(
    `${file} is not an experiment`,
    'Its default export must be what experiment() or comparison() of the vocabulary returns',
  )
}

async function load(file: string): Promise<{ default?: unknown }> {
  try {
    fs.accessSync(file, fs.constants.R_OK)
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}`, 'Run as a user that can read it')
  }
  registerVocabulary()
  try {
    return await import(pathToFileURL(path.resolve(file)).href)
  } catch (error) {
    throw await refusal(file, error)
  }
}

const isModule = (name: string): boolean => /\.[cm]?[jt]s$/.test(name)

async function refusal(file: string, error: unknown): Promise<UsageError> {
  if (error instanceof UsageError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const [, wanted] = /'([^']+)'/.exec(error instanceof Error ? error.message : '') ?? []
  if (code === 'ERR_MODULE_NOT_FOUND' && wanted !== undefined)
    return new UsageError(
      `${file} cannot be loaded: it, or what it imports, needs ${wanted}, which cannot be found`,
      'Correct the import, or install the package beside the file: npm install',
    )
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return new UsageError(
      `${file} cannot be loaded: Node runs no TypeScript below a folder named node_modules`,
      'Move it to another folder',
    )
  const missing = error instanceof SyntaxError ? await missingWord(error) : undefined
  if (missing !== undefined) return new UsageError(`${file} cannot be loaded: ${missing.problem}`, missing.remedy)
  if (error instanceof SyntaxError)
    return new UsageError(
      `${file} cannot be loaded: ${placeOf(error) ?? 'it is not TypeScript that Node can run'}`,
      'Correct it; `npx tsc --noEmit` explains what is wrong. Only types are removed: enum and namespace are not supported',
    )
  return new UsageError(
    `${file} fails as soon as it is loaded: ${reasonOf(error) ?? messageAndPlace(error)}`,
    'Correct it: code outside its functions runs when it is loaded',
  )
}

/** Where the reader of a module stumbled: the stack of a SyntaxError begins with file, line and the source there. */
function placeOf({ stack = '' }: SyntaxError): string | undefined {
  const [first = '', source = ''] = stack.split('\n')
  const [, where = '', line] = /^(.+):(\d+)$/.exec(first) ?? []
  if (line === undefined) return undefined
  const at = where.startsWith('file:') ? fileURLToPath(where) : where
  return `line ${line} of ${path.relative('', at)} cannot be parsed${source.trim() === '' ? '' : `: ${source.trim()}`}`
}

const isExperiment = (value: unknown): value is Experiment =>
  typeof value === 'object' &&
  value !== null &&
  ['name', 'cases', 'phases', 'judge'].every((key) => key in value) &&
  'name' in value &&
  typeof value.name === 'string' &&
  'judge' in value &&
  typeof value.judge === 'function'
