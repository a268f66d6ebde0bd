/** Our own modules as a browser takes them. */
import fs from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

/** The source of a module without its types. In the npm package, where modules are compiled, it is the file as it is. */
export function browserSource(file: string | URL): string {
  const source = fs.readFileSync(file, 'utf8')
  return String(file).endsWith('.ts') ? stripped(source) : source
}

/** Without the blanks that types leave at the ends of lines, and without Node's word that this is experimental. */
function stripped(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source).replace(/[ \t]+$/gm, '')
  } finally {
    process.emitWarning = emitWarning
  }
}
