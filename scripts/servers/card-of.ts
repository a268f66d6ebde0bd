/** Has `spillway try` make the card of a server, as a person would, and gives it as a record. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { UsageError } from '#common/errors.ts'
import { duration } from '#common/quantities.ts'
import type { Answer } from '#lab/card/card.ts'
import { prepared } from '#lab/servers/prepared.ts'
import type { Recipe, ServerRecord } from '#lab/servers/recipe.ts'

const spillway = path.resolve(import.meta.dirname, '../../bin/spillway')

/** Throws a UsageError that says why there is no card: it cannot be built, it does not start, or it took too long. */
export async function cardOf(recipe: Recipe, withinMs: number): Promise<ServerRecord> {
  using ready = await prepared(recipe, AbortSignal.timeout(BUILD_MS))
  const child = spawn(spillway, ['try', '--json', ...ready.options, '--', ...ready.command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: ready.env,
    cwd: ready.folder,
  })
  let late = false
  const tooLong = setTimeout(() => {
    late = true
    child.kill('SIGTERM')
  }, withinMs)
  const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  clearTimeout(tooLong)
  if (late)
    throw new UsageError(`${recipe.name} has no card within ${duration(withinMs)}`, out.trim().split('\n').at(-1))
  if (status !== 0) throw new UsageError(`${recipe.name} has no card`, complaint.trim())
  const answers = out
    .trim()
    .split('\n')
    .map((line): Answer => JSON.parse(line))
  const date = new Date().toISOString().slice(0, 10)
  return { name: recipe.name, version: ready.version, date, kernel: kernelVersion(os.release()), answers }
}

/** Maven and Cargo fetch what they build with. */
const BUILD_MS = 300_000

/** Without what a distribution or a machine adds to it. */
const kernelVersion = (release: string): string => /^\d+(?:\.\d+)*/.exec(release)?.[0] ?? release
