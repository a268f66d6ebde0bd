/** Begins to read the queues, and loads the rest meanwhile: the first line comes that much sooner. */
import { Sampling } from '#live/host/sampling.ts'
import { help, readOptions, type TopOptions } from './options.ts'
import { everyMsOf, isScreen, paceOf } from './pace.ts'

export async function topCommand(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const sampling = options.exporter === undefined ? await samplingOf(options) : undefined
  const { top } = await import('./top.ts')
  await top(options, sampling)
}

/** On a screen what is there is shown before a thread is started; what must be exact is read by that thread alone. */
async function samplingOf(options: TopOptions): Promise<Sampling> {
  const { namespaces, exact } = options
  const how = { namespaces, pace: paceOf(options), exact, everyMs: everyMsOf(options) }
  return isScreen(options) && exact !== 'on' ? Sampling.withFirst(how) : new Sampling(how)
}
