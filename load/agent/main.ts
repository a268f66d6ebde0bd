/** The load agent as a process of its own. */
import { parseArgs } from 'node:util'
import { describeError, UsageError } from '#common/errors.ts'
import { formatListen, parseListen, parseRate } from '#common/parse.ts'
import { startAgent } from './agent.ts'

const help = `Runs loads against a target, over HTTP. For labs: whoever reaches it can send load from here.

  --listen ADDRESS         unix:/path or HOST:PORT (default 127.0.0.1:10512)
  --max-half-open-rate N   how many SYNs a second all half-open loads together may write (no bound)
  --help                   this text

  POST   /loads                start one: {"kind":"connections","target":{"host":"198.18.0.2","port":8080},
                               "arrivals":{"shape":"constant","ratePerSecond":100,"durationMs":5000}}
                               kinds: connections, half-open, hold, slow-read, slow-write, handshake
                               "label":"NAME" makes it take the place of the load of that label
  GET    /loads                all, the last hundred finished ones included
  GET    /loads/ID             progress, or the result
  GET    /loads/ID/state       whether it runs, and begins more: for those who only wait
  GET    /loads/ID/stories     one JSON object per connection and line
  GET    /loads/ID/handshakes  how each handshake by hand stands
  POST   /loads/ID/steps       the next packet of one: {"connection":1,"send":"ack"}, or "request", or "reset"
  POST   /loads/ID/speak       let held connections send a byte, or {"text":"…"}
  DELETE /loads/ID             stop it
  GET    /metrics
  GET    /health`

async function main(): Promise<void> {
  const { values } = parseOptions()
  if (values.help === true) {
    console.log(help)
    return
  }
  const maxHalfOpen = values['max-half-open-rate']
  const agent = await startAgent({
    listen: parseListen('--listen', values.listen),
    ...(maxHalfOpen === undefined ? {} : { maxHalfOpenPerSecond: parseRate('--max-half-open-rate', maxHalfOpen) }),
  })
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

function parseOptions() {
  try {
    return parseArgs({
      options: {
        listen: { type: 'string', default: '127.0.0.1:10512' },
        'max-half-open-rate': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), '--help lists the options')
  }
}

main().catch((error: unknown) => {
  console.error(describeError(error))
  process.exit(error instanceof UsageError ? 2 : 1)
})
