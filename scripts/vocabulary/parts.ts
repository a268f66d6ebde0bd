/** What the vocabulary consists of, as TypeScript itself reads its files: the declarations with their doc comments. */
import path from 'node:path'
import { IsObject, IsSchema } from 'typebox'
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isMethodSignatureDeclaration,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isVariableStatement,
  type Node,
  type SourceFile,
  type Statement,
} from 'typescript/unstable/ast'
import { API, NodeBuilderFlags, type Project, type Symbol as TsSymbol } from 'typescript/unstable/sync'
import * as agentApi from '#load/agent/api.ts'
import * as backendApi from '#services/backend/api.ts'
import { readExamples } from './read-examples.ts'

const schemas: Record<string, unknown> = { ...agentApi, ...backendApi }

const root = path.resolve(import.meta.dirname, '../..')

/** A field or a method of an interface. */
interface Member {
  name: string
  /** As it is declared, without its comment: `stall(process?: number): Promise<void>`. */
  signature: string
  doc: string
}

/** A type, or something that an experiment imports. */
export interface Declared {
  name: string
  is: 'type' | 'value'
  doc: string
  /** As a declaration file has it, comments included. */
  text: string
  members: readonly Member[]
}

export interface Vocabulary {
  /** In the order of the files and of the declarations in them. */
  declared: readonly Declared[]
  /** Types that the vocabulary takes from other rooms, written out. */
  borrowed: readonly { name: string; text: string }[]
  /** What a reader would write, by the name of a verb or a word, or by interface and member. */
  examples: ReadonlyMap<string, string>
}

const folder = 'experiments/vocabulary'
const files = ['experiment', 'stage', 'readings', 'expectation', 'citation'].map((name) => `${folder}/${name}.ts`)

const writtenOut =
  NodeBuilderFlags.InTypeAlias | NodeBuilderFlags.NoTruncation | NodeBuilderFlags.MultilineObjectLiterals

/** Reads the vocabulary's files through the compiler. */
export function readVocabulary(): Vocabulary {
  const api = new API({ cwd: root })
  try {
    const config = path.join(import.meta.dirname, 'tsconfig.json')
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    if (project === undefined) throw new Error(`the compiler does not open ${config}`)
    const wanted = new Set(exportsOf(project, 'experiments/vocabulary.ts').map(({ name }) => name))
    const declared = files.flatMap((file) =>
      [...sourceOf(project, file).statements].flatMap((statement) => declarationsOf(project, file, statement, wanted)),
    )
    return { declared, borrowed: borrowedBy(project), examples: readExamples(project) }
  } finally {
    api.close()
  }
}

function sourceOf(project: Project, file: string): SourceFile {
  const source = project.program.getSourceFile(path.join(root, file))
  if (source === undefined) throw new Error(`the compiler has no ${file}`)
  return source
}

function exportsOf(project: Project, file: string): readonly TsSymbol[] {
  const module = project.checker.getSymbolAtLocation(sourceOf(project, file))
  return module === undefined ? [] : project.checker.getExportsOfModule(module)
}

function declarationsOf(project: Project, file: string, statement: Statement, wanted: ReadonlySet<string>): Declared[] {
  const source = sourceOf(project, file)
  // The first declaration has the file's own comment before its own: only what stands right before it belongs to it.
  const text = (node: Node): string =>
    source.text.slice(node.getStart(source, true), node.end).replace(/^(?:\/\*\*.*?\*\/\s*?\n\s*\n)+/s, '')
  const { checker } = project
  const symbolOf = (name: Node): TsSymbol => {
    const symbol = checker.getSymbolAtLocation(name)
    if (symbol === undefined) throw new Error(`${name.getText(source)} of ${file} has no symbol`)
    return symbol
  }
  const docOf = (name: Node): string => oneLine(checker.getDocumentationCommentOfSymbol(symbolOf(name)))
  if (isInterfaceDeclaration(statement))
    return [
      {
        name: statement.name.text,
        is: 'type',
        doc: docOf(statement.name),
        text: text(statement),
        members: [...statement.members].map((member) => {
          if (!isPropertySignatureDeclaration(member) && !isMethodSignatureDeclaration(member))
            throw new Error(`a member of ${statement.name.text} is neither a property nor a method`)
          return {
            name: member.name.getText(source),
            signature: oneLine(member.getText(source)).replace('( ', '(').replace(', )', ')'),
            doc: docOf(member.name),
          }
        }),
      },
    ]
  if (isTypeAliasDeclaration(statement))
    return [{ name: statement.name.text, is: 'type', doc: docOf(statement.name), text: text(statement), members: [] }]
  const value = (name: Node & { text: string }, declaration: string): Declared[] =>
    wanted.has(name.text) ? [{ name: name.text, is: 'value', doc: docOf(name), text: declaration, members: [] }] : []
  if (isClassDeclaration(statement) && statement.name !== undefined)
    return value(statement.name, text(statement).replace('override ', ''))
  if (isFunctionDeclaration(statement) && statement.name !== undefined) {
    const { name, body } = statement
    // Of several signatures the last one is not for callers: it is what the body implements.
    if (body !== undefined && symbolOf(name).declarations.length > 1) return []
    return value(name, body === undefined ? text(statement) : withoutDestructuring(text(statement), text(body)))
  }
  if (isVariableStatement(statement))
    return [...statement.declarationList.declarations].flatMap(({ name }) => {
      const type = checker.getTypeOfSymbol(symbolOf(name))
      const called = name.getText(source)
      if (type === undefined || !wanted.has(called)) return []
      const [comment = ''] = /^\/\*\*.*?\*\/\n/s.exec(text(statement)) ?? []
      const signature = checker.typeToString(type, statement, NodeBuilderFlags.NoTruncation)
      return [
        {
          name: called,
          is: 'value' as const,
          doc: docOf(name),
          // As a function, which is what they are to whoever calls them.
          text: `${comment}export function ${called}${signature.replace(' => ', ': ')}`,
          members: [],
        },
      ]
    })
  return []
}

/** The head of a function, with a plain name for an argument that its body takes apart. */
const withoutDestructuring = (text: string, body: string): string =>
  text
    .slice(0, -body.length)
    .trimEnd()
    .replace(/\(\{[^}]*\}: /s, '(form: ')
    .replace(/,\n\)/, ')')

/** Types that the files import from elsewhere, each with all that it consists of, since its own file is not at hand there. */
function borrowedBy(project: Project): { name: string; text: string }[] {
  const names = new Map<string, string>()
  for (const file of files)
    for (const [, list = '', from = ''] of sourceOf(project, file).text.matchAll(
      /^import type \{ ([^}]+) \} from '#([^']+)'/gm,
    ))
      for (const name of list.split(', ')) names.set(name, from)
  return [...names]
    .map(([name, file]) => {
      const symbol = exportsOf(project, file).find((one) => one.name === name)
      if (symbol === undefined) throw new Error(`${file} exports no ${name}`)
      const node = project.checker.typeToTypeNode(
        project.checker.getDeclaredTypeOfSymbol(symbol),
        undefined,
        writtenOut,
      )
      if (node === undefined) throw new Error(`${name} of ${file} cannot be written out`)
      const text = project.emitter.printNode(node).replaceAll('    ', '  ').replaceAll(';', '').replaceAll('"', "'")
      return { name, text: withDescriptions(text, schemas[name]) }
    })
    .sort((one, other) => one.name.localeCompare(other.name, 'en'))
}

/** What the APIs say of their fields, as comments above those of the outermost object. */
function withDescriptions(text: string, schema: unknown): string {
  if (!IsSchema(schema) || !IsObject(schema)) return text
  return text.replace(/^ {2}(\w+)\??:/gm, (line, name: string) => {
    const field = schema.properties[name]
    const said = field !== undefined && 'description' in field ? field.description : undefined
    return typeof said === 'string' ? `  /** ${said}. */\n${line}` : line
  })
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim()
