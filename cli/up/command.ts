/** The start of `spillway up`: shows progress before everything that a lab needs is loaded. */
import { ticking } from '../progress.ts'
import { help, readOptions } from './options.ts'

/** Runs until a key, a signal, or the end of the lab; takes everything down before it returns. */
export async function up(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  // A program that reads JSON wants nothing else; a person who watches does.
  using stages = ticking({ lines: !options.json })
  stages.say('Loading Spillway …')
  const { watch } = await import('./up.ts')
  await watch(options, stages.say)
}
