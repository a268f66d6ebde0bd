/** A YAML file, with the line of whatever is wrong in it. JSON is YAML too. */
import { type Document, type ErrorCode, LineCounter, type Node, parseDocument } from 'yaml'
import { UsageError } from './errors.ts'

/** The errors of the YAML parser, in our words. */
const faults: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'an alias (*) is not allowed here',
  BAD_DQ_ESCAPE: 'a backslash in double quotes begins an unknown escape',
  BAD_INDENT: 'the indentation does not match the lines around it',
  BLOCK_AS_IMPLICIT_KEY: 'there are two colons, where a key takes only one',
  DUPLICATE_KEY: 'this key appears twice',
  MISSING_CHAR: 'a bracket, a quotation mark, a comma or a space is missing',
  MULTILINE_IMPLICIT_KEY: 'this key has no colon after it',
  MULTIPLE_DOCS: 'a second document begins here, and only one is read',
  TAB_AS_INDENT: 'this is indented with a tab; YAML requires spaces',
}

export interface YamlFile {
  document: Document.Parsed
  /** The line on which this begins. */
  lineOf(node: Node | null | undefined): number
}

/** Parses the text of a file named `file`. Throws a UsageError that names the line; `remedy` says how it is to be written. */
export function parseYaml(file: string, text: string, remedy: string, version: '1.1' | '1.2' = '1.2'): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error', version })
  const [fault] = document.errors
  if (fault !== undefined)
    throw new UsageError(
      `${file} line ${fault.linePos?.[0].line ?? '?'}: ${faults[fault.code] ?? 'this is not YAML'}`,
      remedy,
    )
  return { document, lineOf: (node) => lines.linePos(node?.range?.[0] ?? 0).line }
}
