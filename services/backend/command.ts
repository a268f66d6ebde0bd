import { flushCompileCache } from 'node:module'
import { formatListen } from '#common/parse.ts'
import { help, parseBackendOptions } from './options.ts'
import { runBackend } from './run.ts'

/** `spillway backend`: serves until SIGTERM or SIGINT. Throws a UsageError for wrong usage, otherwise whatever ended it. */
export async function backendCommand(args: readonly string[]): Promise<void> {
  const options = parseBackendOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  process.title = options.name
  const ended = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.resolve())
  await using started = await runBackend(options)
  const { listener } = await started.backend.status()
  const at =
    listener === null
      ? 'does not listen yet'
      : `listens on ${formatListen({ host: listener.address, port: listener.port })}`
  console.log(`${options.name} ${at} (${options.mode}), control ${formatListen(started.control)}`)
  flushCompileCache() // in case our parent uses one: we may be killed without warning
  await Promise.race([ended.promise, started.failure])
}
