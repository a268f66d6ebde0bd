/** The keeper of a server that is not ours: starts it, finds it, breaks and mends it. The lab's first process starts it. */
import { runEntry } from '#common/entry.ts'
import { describeError, UsageError } from '#common/errors.ts'
import { listenOn } from '#common/http.ts'
import type { KeeperWord } from './api.ts'
import { controlApp } from './control.ts'
import { type KeeperOptions, parseKeeperOptions } from './options.ts'
import { portOfServer } from './ready.ts'
import { OwnServer } from './server.ts'
import { Shards } from './shards.ts'
import { Sockets } from './sockets.ts'

await runEntry('spillway keeper', async () => {
  const options = parseKeeperOptions(process.argv.slice(2))
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

async function keep(options: KeeperOptions): Promise<void> {
  const server = new OwnServer(options)
  const shards = new Shards(options.name, options.address, server, new Sockets())
  await server.start()
  const port = await portOfServer(options, server, shards)
  const found = shards.follow(port)
  for (const index of found.sockets.keys()) {
    const app = await controlApp(options.name, index, server, shards)
    await listenOn(app, { path: `${options.folder}/backend-${index + 1}.sock` })
  }
  server.onEnded = (how) => void say({ is: 'ended', how: [how, ...server.lastLines].join('\n') })
  await say({ is: 'listening', found })
}

function say(word: KeeperWord): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (process.send === undefined || !process.connected) resolve()
  else process.send(word, () => resolve())
  return promise
}
