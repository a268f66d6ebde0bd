import { formatListen } from '#common/parse.ts'
import { startAgent } from './agent.ts'
import { help, readOptions } from './options.ts'

/** `spillway load`: serves until SIGTERM or SIGINT. Throws a UsageError if it cannot run as asked. */
export async function loadCommand(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const agent = await startAgent(options)
  console.log(`Load agent on ${formatListen(agent.listen)}`)
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await agent[Symbol.asyncDispose]()
    process.exit(0)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
