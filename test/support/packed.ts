/** The npm package as somebody gets it: packed, and installed in a folder of its own. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Without this checkout's node_modules: the installed command must find its own Node. */
export const foreignEnv = {
  ...process.env,
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.startsWith(root))
    .join(':'),
}

/** A folder with the package, and where it is installed. Removed when disposed of. */
export class Packed implements Disposable {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-package-'))
  readonly installed = path.join(this.folder, 'home')
  /** The files in the package. */
  files: string[] = []

  /** Packs this checkout and installs it, beside other packages by name and version. */
  static async install(...others: string[]): Promise<Packed> {
    const packed = new Packed()
    try {
      await packed.#install(others)
      return packed
    } catch (error) {
      packed[Symbol.dispose]()
      throw error
    }
  }

  async #install(others: string[]): Promise<void> {
    // Packing writes dist/, so it is done in a copy.
    const copy = path.join(this.folder, 'copy')
    const left = new Set(['node_modules', '.git', 'dist', 'runs', 'results'])
    fs.cpSync(root, copy, { recursive: true, filter: (from) => !left.has(path.basename(from)) })
    const withNode = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` }
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', this.folder], {
      cwd: copy,
      env: withNode,
    })
    // What prepack prints comes first.
    const [{ filename, files }]: [{ filename: string; files: { path: string }[] }] = JSON.parse(
      stdout.slice(stdout.search(/^\[$/m)),
    )
    this.files = files.map((file) => file.path)
    fs.mkdirSync(this.installed)
    fs.writeFileSync(path.join(this.installed, 'package.json'), '{ "private": true }\n')
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
    await run('npm', ['install', ...quiet, path.join(this.folder, filename), ...others], {
      cwd: this.installed,
      env: foreignEnv,
    })
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}
