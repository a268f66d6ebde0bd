/** Begins to read the queues, and loads the rest meanwhile: the first line comes that much sooner. */
import { Sampling } from '#live/host/sampling.ts'
import { help, readOptions } from './options.ts'
import { everyMsOf, paceOf } from './pace.ts'

export async function topCommand(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const sampling =
    options.exporter !== undefined
      ? undefined
      : new Sampling({
          namespaces: options.namespaces,
          pace: paceOf(options),
          exact: options.exact,
          everyMs: everyMsOf(options),
        })
  const { top } = await import('./top.ts')
  await top(options, sampling)
}
