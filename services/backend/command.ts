import { flushCompileCache } from 'node:module'
import { describeError } from '#common/errors.ts'
import { formatListen } from '#common/parse.ts'
import { help, parseBackendOptions } from './options.ts'
import { runBackend } from './run.ts'

/** Runs a backend from a command line until SIGTERM or SIGINT. Gives the exit status: 2 for a wrong use, 1 for a fault. */
export async function backendCommand(args: string[]): Promise<number> {
  try {
    const options = parseBackendOptions(args)
    if (options === undefined) {
      process.stdout.write(help)
      return 0
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
    flushCompileCache() // if whoever started us keeps one: we may be ended without a warning
    await Promise.race([ended.promise, started.failure])
    return 0
  } catch (error) {
    console.error(describeError(error))
    return error instanceof Error && error.name === 'UsageError' ? 2 : 1
  }
}
