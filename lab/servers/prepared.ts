/** A recipe made ready to be tried: found on this machine, built in a folder of its own, its version read. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from '#common/errors.ts'
import type { Recipe } from './recipe.ts'

const run = promisify(execFile)
const apps = path.join(import.meta.dirname, 'apps')

/** Of a recipe's programs those that are not on the PATH, nor in the system's folders. */
export function missingPrograms({ programs }: Recipe): string[] {
  return programs.filter((name) => !folders().some((folder) => fs.existsSync(path.join(folder, name))))
}

const folders = (): string[] => [...(process.env.PATH ?? '').split(':').filter((one) => one !== ''), ...SYSTEM_FOLDERS]
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin']

/** What is given to `spillway try`: options, the command behind `--`, and its environment. */
export interface Prepared extends Disposable {
  options: string[]
  command: string[]
  env: NodeJS.ProcessEnv
  version: string
  folder: string
}

/** Builds what has to be built. Throws a UsageError that names the step which failed, with the last that it said. */
export async function prepared(recipe: Recipe, signal: AbortSignal): Promise<Prepared> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-server-'))
  fs.chmodSync(folder, 0o755) // servers that give up root read it too
  const filled = (words: readonly string[]): string[] =>
    words.map((word) => word.replaceAll('{apps}', apps).replaceAll('{folder}', folder))
  const env = { ...process.env, PATH: folders().join(':'), FOLDER: folder }
  const step = async (words: readonly string[]): Promise<string> => {
    const [program = '', ...args] = filled(words)
    try {
      const { stdout, stderr } = await run(program, args, { cwd: folder, env, signal })
      return `${stdout}${stderr}`
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').slice(-5) : []
      throw new UsageError(`${recipe.name}: ${words.join(' ')} failed`, said.join('\n'))
    }
  }
  try {
    for (const words of recipe.prepare ?? []) await step(words)
    const said = await step(recipe.version)
    const version = /\d+(?:\.\d+)+/.exec(said)?.[0]
    if (version === undefined) throw new UsageError(`${recipe.name}: no version in what it says: ${said.trim()}`)
    const options = [...(recipe.options ?? [])]
    if (recipe.request !== undefined) {
      fs.writeFileSync(path.join(folder, 'request'), recipe.request(folder))
      options.push('--request', path.join(folder, 'request'))
    }
    return {
      options,
      command: filled(recipe.command),
      env,
      version,
      folder,
      [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
    }
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    throw error
  }
}
