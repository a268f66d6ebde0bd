/** `spillway doctor`: whether a lab can run on this machine. */

import { ticking } from '../progress.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { examine, lineOf, notesOf } from './examination.ts'
import { help, readOptions } from './options.ts'

export async function doctor(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = stopOnSignal()
  const stages = ticking({ lines: false })
  try {
    const examination = await examine(stop.signal, stages.say)
    stages[Symbol.dispose]()
    const { missing } = examination
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ ready: missing === null, ...examination, notes: notesOf(examination) })}\n`,
      )
    else {
      const remedy = missing === null || missing.remedy === '' ? [] : [missing.remedy]
      const notes = notesOf(examination).map((note) => `note: ${note}`)
      process.stdout.write(`${[lineOf(examination), ...remedy, ...notes].join('\n')}\n`)
    }
    process.exitCode = missing === null ? 0 : 1
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.exitCode = 130
  } finally {
    stages[Symbol.dispose]()
  }
}
