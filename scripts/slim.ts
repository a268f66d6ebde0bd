/**
 * An install for hosts that only run the exporter, `check`, `top` and `exact`: the modules and packages that these reach, and the
 * pinned Node. `npm run slim -- FOLDER` writes the archive there, by default into the working directory; `npm run slim -- --tree
 * FOLDER` writes what would be in it into a new folder, without Node, for an image that has one.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bytes } from '#common/quantities.ts'
import { reachedFrom } from './slim/reached.ts'

const root = path.resolve(import.meta.dirname, '..')
const NAME = 'spillway'
/** Each command, and its options, which are loaded on their own. */
const ENTRIES = [
  ...['services/exporter/command.ts', 'services/exporter/options.ts'],
  ...['cli/check/check.ts', 'cli/check/options.ts', 'cli/top/command.ts', 'cli/top/options.ts'],
  ...['cli/exact/exact.ts', 'cli/exact/options.ts'],
]
/** The board of a host is a server and a page of its own. */
const WITHOUT = ['cli/board/host.ts']
/** What no program reads; licences stay. */
const forReaders = /^(?!licen[cs]e).*\.md$|\.map$|\.d\.[cm]?ts$/i

const { version }: { version: string } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
const [first = '.', second] = process.argv.slice(2)
if (first === '--tree') {
  if (second === undefined || fs.existsSync(second)) throw new Error('--tree takes the name of a new folder')
  writeTree(second)
} else writeArchive(first)

function writeArchive(into: string): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-slim-'))
  try {
    const target = path.join(folder, NAME)
    writeTree(target)
    copyPackage(`node-linux-${process.arch}`, target)
    fs.cpSync(path.join(root, 'deploy/systemd'), path.join(target, 'deploy/systemd'), { recursive: true })
    const archive = path.resolve(into, `spillway-host-${version}-linux-${process.arch}.tar.gz`)
    execFileSync('tar', ['-czf', archive, '--owner=0', '--group=0', '-C', folder, NAME])
    process.stdout.write(`${archive}  ${bytes(fs.statSync(archive).size)}\n`)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

function writeTree(target: string): void {
  const { modules, packages } = reachedFrom(root, 'cli/main.ts', ENTRIES, WITHOUT)
  for (const file of [...modules, 'package.json', 'LICENSE', 'bin/spillway']) copy(file, target)
  for (const name of packages) copyPackage(name, target)
  // The command of the package is behind one that knows which there are.
  fs.renameSync(path.join(target, 'bin/spillway'), path.join(target, 'bin/node-for-spillway'))
  fs.copyFileSync(path.join(root, 'scripts/slim/spillway'), path.join(target, 'bin/spillway'))
}

function copy(file: string, target: string): void {
  const to = path.join(target, file)
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.copyFileSync(path.join(root, file), to)
}

function copyPackage(name: string, target: string): void {
  const from = path.join(root, 'node_modules', name)
  if (!fs.existsSync(from)) throw new Error(`${name} is not installed: npm ci installs it`)
  fs.cpSync(from, path.join(target, 'node_modules', name), {
    recursive: true,
    dereference: true,
    filter: (file) =>
      !/^(include|share)(\/|$)/.test(path.relative(from, file)) && !forReaders.test(path.basename(file)),
  })
}
