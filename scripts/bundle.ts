/**
 * One archive that a room without a network can install: the package, what it needs, and the Node that it is pinned to, for
 * this architecture. `npm run bundle -- FOLDER` writes it there, by default into the working directory.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bytes } from '#common/quantities.ts'

const root = path.resolve(import.meta.dirname, '..')
const files = path.join(root, 'scripts/bundle')
const NAME = 'spillway-workshop'
/** What no program reads; licences stay. */
const forReaders = /^(?!licen[cs]e).*\.md$|\.map$|\.d\.[cm]?ts$/i

interface Lock {
  version: string
  packages: Record<string, { dev?: boolean; link?: boolean }>
}

const lock: Lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-bundle-'))
try {
  const target = path.join(folder, NAME)
  fs.mkdirSync(path.join(target, 'node_modules'), { recursive: true })
  unpackPackage(path.join(target, 'node_modules'))
  copyDependencies(target)
  copyOwn(target)
  const archive = path.resolve(process.argv[2] ?? '.', `spillway-${lock.version}-linux-${process.arch}.tar.gz`)
  execFileSync('tar', ['-czf', archive, '--owner=0', '--group=0', '-C', folder, NAME])
  process.stdout.write(`${archive}  ${bytes(fs.statSync(archive).size)}\n`)
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}

/** As it would be published. Packing writes dist/, so it is done in a copy. */
function unpackPackage(modules: string): void {
  const copy = path.join(folder, 'copy')
  const left = new Set(['node_modules', '.git', 'dist', 'runs', 'results'])
  fs.cpSync(root, copy, { recursive: true, filter: (from) => !left.has(path.basename(from)) })
  const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` }
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: copy,
    env,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const packed = path.join(folder, `spillway-${lock.version}.tgz`)
  execFileSync('tar', ['-xzf', packed, '-C', modules])
  fs.renameSync(path.join(modules, 'package'), path.join(modules, 'spillway'))
  fs.rmSync(packed)
  fs.rmSync(copy, { recursive: true })
}

/** What the lockfile calls needed to run, as it is installed here: no registry is asked. Of other systems nothing is installed. */
function copyDependencies(target: string): void {
  const needed = Object.entries(lock.packages).filter(([name, { dev, link }]) => name !== '' && !dev && !link)
  const unused = new Set([
    `node_modules/node-linux-${process.arch}/include`,
    `node_modules/node-linux-${process.arch}/share`,
  ])
  let node = false
  for (const [name] of needed) {
    const from = path.join(root, name)
    if (!fs.existsSync(from)) continue
    node ||= name === `node_modules/node-linux-${process.arch}`
    fs.cpSync(from, path.join(target, name), {
      recursive: true,
      dereference: true,
      filter: (file) => !unused.has(path.relative(root, file)) && !forReaders.test(path.basename(file)),
    })
  }
  if (!node) throw new Error(`The pinned Node for ${process.arch} is not installed: npm ci installs it`)
}

/** The installer, the words for whoever unpacks it, and the solutions, which the package leaves out. */
function copyOwn(target: string): void {
  for (const name of fs.readdirSync(files)) fs.copyFileSync(path.join(files, name), path.join(target, name))
  const solutions = path.join(root, 'docs/workshop/solutions')
  fs.mkdirSync(path.join(target, 'solutions'))
  for (const name of fs.readdirSync(solutions)) {
    const source = fs.readFileSync(path.join(solutions, name), 'utf8')
    const own = source.replace("'#experiments/vocabulary.ts'", "'spillway/vocabulary'")
    fs.writeFileSync(path.join(target, 'solutions', name), own)
  }
}
