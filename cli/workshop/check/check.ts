/** The check of an exercise: the participant's file is run, and what is still wrong is said. */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { UsageError } from '#common/errors.ts'
import type { CheckNews, WorkshopOffer } from '#services/board/server/workshop.ts'
import { exercises } from './exercises.ts'

/** A file that says nothing for this long hangs: on a quiet machine no phase of an exercise needs a tenth of it. */
const SILENT_MS = 300_000

/** Checks files of this folder, and of no other: the page asks for them by name. */
export const checker = (folder: string): NonNullable<WorkshopOffer['check']> =>
  async function* (exercise, file, signal) {
    if (!Object.hasOwn(exercises, exercise)) {
      yield { problem: `There is no exercise '${exercise}'` }
      return
    }
    try {
      yield* play(exercise, within(folder, file), folder, signal)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      yield { problem: `${error.message}. ${error.remedy ?? ''}`.trim() }
    }
  }

function within(folder: string, file: string): string {
  const found = path.resolve(folder, file)
  if (!fs.existsSync(found))
    throw new UsageError(
      `There is no ${path.relative(folder, found)} in ${folder}`,
      `Make one there: spillway new ${path.basename(file).replace(/\.[cm]?[jt]s$/, '')}`,
    )
  const real = fs.realpathSync(found)
  if (!real.startsWith(`${fs.realpathSync(folder)}${path.sep}`))
    throw new UsageError(`${file} is not in ${folder}`, 'Put it into the folder in which spillway workshop was started')
  return real
}

async function* play(exercise: string, file: string, cwd: string, signal: AbortSignal): AsyncGenerator<CheckNews> {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-check-'))
  const child = fork(new URL('./child.ts', import.meta.url), [exercise, file, out], {
    cwd,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const heard = new Heard(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const news = await heard.next()
      if (news === undefined) {
        child.kill('SIGKILL')
        yield {
          problem: `${path.basename(file)} has ended or hangs: does it end its process, or wait for what never comes?`,
        }
        return
      }
      yield news
      if (!('phase' in news)) return
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
    await exited
    fs.rmSync(out, { recursive: true, force: true })
  }
}

/** What a child tells, in order: also what it tells while nobody asks. */
class Heard {
  readonly #news: CheckNews[] = []
  #ended = false
  #wake: () => void = () => {}

  constructor(child: ReturnType<typeof fork>) {
    child.on('message', (message) => {
      if (isNews(message)) this.#news.push(message)
      this.#wake()
    })
    // Its messages come before its end of the channel, and may come after its exit.
    for (const end of ['disconnect', 'error'] as const)
      child.once(end, () => {
        this.#ended = true
        this.#wake()
      })
  }

  /** The next of it; undefined if the child has ended, or says nothing for long. */
  async next(): Promise<CheckNews | undefined> {
    if (this.#news.length === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, SILENT_MS)
      await promise.finally(() => clearTimeout(timer))
    }
    return this.#news.shift()
  }
}

const isNews = (message: unknown): message is CheckNews =>
  typeof message === 'object' && message !== null && ['phase', 'problem', 'found'].some((name) => name in message)
