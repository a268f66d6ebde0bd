/** A plan's file, in YAML or JSON (which is YAML too): its keys are the names of the options. */
import fs from 'node:fs'
import { type Document, isMap, isScalar } from 'yaml'
import { UsageError } from '#common/errors.ts'
import { orNearest } from '#common/nearest.ts'
import { reasonOf } from '#common/system-errors.ts'
import { firstProblem } from '#common/validate.ts'
import { parseYaml } from '#common/yaml.ts'
import { orNearPath } from '../near-path.ts'
import { formerNames, PlanFile, planOptions } from './options.ts'

const known = [...Object.keys(planOptions), 'migrate']

/** What a file says: each key with its text, and its name in error messages, `plan.yaml line 3, stall`. */
export type Written = { key: string; name: string; text: string }[]

/** Reads a file. Throws a UsageError that names the field and its line. */
export function readPlanFile(file: string): Written {
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${reasonOf(error)}${orNearPath(file)}`, 'Name a plan in YAML or JSON')
  }
  return parsePlanFile(file, text)
}

/** The text of a file named `file`. */
export function parsePlanFile(file: string, text: string): Written {
  const { document, lineOf: lineOfNode } = parseYaml(
    file,
    text,
    'Write one option per line, such as `rate: 3000/s`; JSON is accepted too',
  )
  const { contents } = document
  if (contents === null)
    throw new UsageError(`${file} is empty`, 'Its keys are the names of the options, e.g. rate: 3000/s')
  if (!isMap(contents))
    throw new UsageError(`${file} is not a map of options`, 'Its keys are the names of the options, e.g. rate: 3000/s')
  const lineOf = new Map<string, number>()
  for (const { key } of contents.items)
    if (isScalar(key)) lineOf.set(String(key.value), lineOfNode(key))
    else throw new UsageError(`${file}: a list or a map appears where the name of an option is expected`)
  const nameOf = (field: string): string => `${file} line ${lineOf.get(field) ?? '?'}, ${field}`
  const values = valuesOf(file, document)
  for (const [key, value] of Object.entries(values))
    if (Object.hasOwn(planOptions, key) && (typeof value === 'object' || typeof value === 'boolean'))
      throw new UsageError(
        `${nameOf(key)}: ${value === null ? 'has no value' : `is ${typeof value === 'boolean' ? value : Array.isArray(value) ? 'a list' : 'a map'}, and must be one value`}`,
        'Write it as on the command line: see spillway plan --help',
      )
  const unheardOf = Object.keys(values).find((key) => !known.includes(key) && !Object.hasOwn(formerNames, key))
  if (unheardOf !== undefined)
    throw new UsageError(
      `${nameOf(unheardOf)}: is unknown${orNearest(unheardOf, known)}`,
      'The keys are the names of the options: see spillway plan --help',
    )
  const problem = firstProblem(PlanFile, values)
  if (problem !== undefined) throw new UsageError(`${nameOf(problem.field)}: ${problem.message}`)
  return Object.entries(values).map(([key, value]) => ({ key, name: nameOf(key), text: String(value) }))
}

function valuesOf(file: string, document: Document.Parsed): Record<string, unknown> {
  try {
    return document.toJS()
  } catch (error) {
    // An alias without its anchor is found only now.
    if (error instanceof ReferenceError)
      throw new UsageError(
        `${file}: an alias (*name) has no anchor (&name) before it, or there are too many aliases`,
        'Write the value out',
      )
    throw error
  }
}
