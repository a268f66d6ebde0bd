/**
 * Writes the rooms as JavaScript into dist/, for the npm package: Node strips no types below node_modules. Types become
 * spaces, so lines and columns stay as they are in the sources.
 */
import fs from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const target = path.join(root, 'dist')
const rooms = 'common kernel load services findings planner lab experiments report live cli'.split(' ')

/** Folders with what only tests need. */
const forTests = new Set(['fixtures', 'testing'])

/** What a source says of another one: import and export specifiers, dynamic imports, and the URLs of workers and children. */
const relativeSpecifier =
  /((?:\bfrom|\bimport|\bimport\s*\(|\bimport\.meta\.resolve\(|\brequire\(|\bnew\s+URL\()\s*)(['"])(\.{1,2}\/[^'"\n]+)\.ts\2/g

/** What it exports, with the comments: types whole, of functions the heads. A package is made without a compiler. */
const exported =
  /(?:^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:type [^\n]+|interface [\s\S]*?^\}|async function [^{]+)/gm

emit()

function emit(): void {
  fs.rmSync(target, { recursive: true, force: true })
  for (const room of rooms) {
    const from = path.join(root, room)
    if (fs.existsSync(from)) emitFolder(from, path.join(target, room))
  }
  emitExpect(path.join(target, 'cli/check'))
  fs.writeFileSync(path.join(target, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
}

function emitFolder(from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name)
    if (entry.isDirectory()) {
      if (!forTests.has(entry.name)) emitFolder(source, path.join(to, entry.name))
      continue
    }
    // The types of the vocabulary are for those who write experiments: they go along as they are.
    const types = entry.name === 'spillway-vocabulary.d.ts'
    if (!entry.isFile() || (!types && /\.test\.ts$|\.d\.ts$|\.md$|^tsconfig\./.test(entry.name))) continue
    fs.mkdirSync(to, { recursive: true })
    if (entry.name.endsWith('.ts') && !types)
      fs.writeFileSync(path.join(to, entry.name.replace(/\.ts$/, '.js')), javaScript(fs.readFileSync(source, 'utf8')))
    else fs.copyFileSync(source, path.join(to, entry.name))
  }
}

function javaScript(source: string): string {
  return stripTypeScriptTypes(source).replace(relativeSpecifier, '$1$2$3.js$2')
}

/**
 * `spillway/expect` belongs into other people's tests, which jest still runs as CommonJS: the same file in that form, and its
 * types for both. It imports nothing of ours.
 */
function emitExpect(folder: string): void {
  const source = fs.readFileSync(path.join(root, 'cli/check/expect.ts'), 'utf8')
  const names: string[] = []
  const common = stripTypeScriptTypes(source)
    .replace(/^import (.+) from ('node:[a-z_]+')$/gm, 'const $1 = require($2)')
    .replace(/^export (async function|function|class) (\w+)/gm, (_, kind: string, name: string) => {
      names.push(name)
      return `${kind} ${name}`
    })
    .replaceAll('import.meta.dirname', '__dirname')
  if (/^(import|export) /m.test(common))
    throw new Error('cli/check/expect.ts has an import or export that is not expected')
  fs.writeFileSync(
    path.join(folder, 'expect.cjs'),
    `'use strict'\n${common}\nmodule.exports = { ${names.join(', ')} }\n`,
  )
  const types = [...source.matchAll(exported)].map(([text]) =>
    text.replace('async function', 'declare function').trimEnd(),
  )
  for (const name of ['expect.d.ts', 'expect.d.cts']) fs.writeFileSync(path.join(folder, name), `${types.join('\n')}\n`)
}

interface Manifest {
  name: string
  version: string
  type: string
  imports: Record<string, string>
}

/** The nearest package.json decides what `#kernel/…` means: inside dist/ it means dist/. */
function manifest(): Manifest {
  const own: Manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  const imports = Object.fromEntries(
    Object.entries(own.imports)
      .filter(([name]) => rooms.some((room) => name.startsWith(`#${room}/`)))
      .map(([name, file]) => [name, file.replace(/\.ts$/, '.js')]),
  )
  return { name: own.name, version: own.version, type: 'module', imports }
}
