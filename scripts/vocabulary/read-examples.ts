/** The examples as they stand in their files, by their keys. */
import fs from 'node:fs'
import path from 'node:path'
import {
  isObjectLiteralExpression,
  isPropertyAssignment,
  isSatisfiesExpression,
  isStringLiteral,
  isVariableStatement,
} from 'typescript/unstable/ast'
import type { Project } from 'typescript/unstable/sync'

const folder = path.join(import.meta.dirname, 'examples')

/** `stall` of verbs.ts, `Now.waiting` of moments.ts … with the text that a reader would write. */
export function readExamples({ program }: Project): Map<string, string> {
  const found = new Map<string, string>()
  for (const file of fs.readdirSync(folder)) {
    const source = program.getSourceFile(path.join(folder, file))
    if (source === undefined) throw new Error(`the compiler does not read ${file}`)
    for (const statement of source.statements) {
      if (!isVariableStatement(statement)) continue
      for (const { initializer } of statement.declarationList.declarations) {
        if (initializer === undefined || !isSatisfiesExpression(initializer)) continue
        if (!isObjectLiteralExpression(initializer.expression)) continue
        for (const property of initializer.expression.properties) {
          if (!isPropertyAssignment(property)) continue
          const { name } = property
          const key = isStringLiteral(name) ? name.text : name.getText(source)
          found.set(key, asWritten(file, key, property.initializer.getText(source)))
        }
      }
    }
  }
  return found
}

/** Verbs are phases under their name; meters are expectations as they stand in `expect`; the others are calls. */
function asWritten(file: string, key: string, text: string): string {
  const flush = text.replace(/^ {2}/gm, '')
  if (file === 'verbs.ts') return `${key}: ${flush}`
  if (file === 'moments.ts') return `until('it is so', ${flush})`
  const body = flush.replace(/^\(.*?\) =>\s+/s, '').replace(/^ {2}/gm, '')
  return /^(experiment|comparison)\(/.test(body) ? `export default ${body}` : body
}
