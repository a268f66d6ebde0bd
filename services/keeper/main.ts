/**
 * The keeper of a server that is not ours: finds it, breaks and mends it. The lab's first process has it start the server too;
 * in containers Docker does.
 */
import { runEntry } from '#common/entry.ts'
import { describeError, UsageError } from '#common/errors.ts'
import { listenOn } from '#common/http.ts'
import type { Found, KeeperWord } from './api.ts'
import { controlApp } from './control.ts'
import { type KeeperOptions, parseKeeperOptions } from './options.ts'
import { placeOfServer, portWhenThere } from './ready.ts'
import { OwnServer } from './server.ts'
import { Shards } from './shards.ts'
import { Sockets } from './sockets.ts'

/** Control APIs of a server that was started elsewhere: as many as a lab in containers publishes. */
const MOST_PUBLISHED = 3

await runEntry('spillway keeper', async () => {
  const options = parseKeeperOptions(process.argv.slice(2))
  if (options.command === undefined) return await adopt(options)
  // Whatever else this process sees it takes for the server, and may kill.
  if (process.pid !== 1) throw new UsageError('The keeper has to be the first process of a PID namespace')
  process.once('disconnect', () => process.exit(0))
  try {
    await keep(options)
  } catch (error) {
    const { message, remedy } =
      error instanceof UsageError ? error : { message: describeError(error), remedy: undefined }
    await say({ is: 'failed', problem: message, remedy })
    process.exit(1)
  }
})

/** Starts the server. */
async function keep(options: KeeperOptions): Promise<void> {
  const server = new OwnServer(options)
  const shards = new Shards(options, server, new Sockets())
  await server.start()
  const found = shards.follow(await placeOfServer(options, server, shards))
  await serve(options, server, shards, found.sockets.length)
  server.onEnded = (how) => void say({ is: 'ended', how: [how, ...server.lastLines].join('\n') })
  await say({ is: 'listening', found })
}

/** Waits for a server that something else starts, among processes of others. */
async function adopt(options: KeeperOptions): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
  const server = new OwnServer(options, () => shards.holders())
  const shards: Shards = new Shards(options, server, new Sockets())
  const found: Found = shards.follow(await portWhenThere(options, shards))
  await serve(options, server, shards, Math.min(MOST_PUBLISHED, found.sockets.length))
  process.stdout.write(
    `${options.name} listens on port ${found.port}, with ${found.sockets.length} sockets (${found.mode})\n`,
  )
}

async function serve(options: KeeperOptions, server: OwnServer, shards: Shards, sockets: number): Promise<void> {
  for (let index = 0; index < sockets; index++) {
    const app = await controlApp(options, index, server, shards)
    await listenOn(app, options.control(index), '--control')
  }
}

function say(word: KeeperWord): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (process.send === undefined || !process.connected) resolve()
  else process.send(word, () => resolve())
  return promise
}
