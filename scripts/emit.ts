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

emit()

function emit(): void {
  fs.rmSync(target, { recursive: true, force: true })
  for (const room of rooms) {
    const from = path.join(root, room)
    if (fs.existsSync(from)) emitFolder(from, path.join(target, room))
  }
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
