import { readCommandLine } from '#common/options.ts'
import { parseListen, parseRate } from '#common/parse.ts'
import type { AgentOptions } from './agent.ts'

export const help = `Usage: spillway load [OPTION…]

Runs loads against a target; controlled over HTTP. For labs only: anyone who can reach this port can start loads.

  --listen ADDRESS         unix:/path or HOST:PORT (default 127.0.0.1:10512)
  --netns PATH             the network namespace that the clients are in, e.g. /proc/PID/ns/net; the API is served where this starts
  --max-half-open-rate N   how many SYNs a second all half-open loads together may write (no limit)
  --help                   this text

  POST   /loads                start one: {"kind":"connections","target":{"host":"198.18.0.2","port":8080},
                               "arrivals":{"shape":"constant","ratePerSecond":100,"durationMs":5000}}
                               kinds: connections, half-open, hold, slow-read, slow-write, handshake
                               "label":"NAME" replaces the running load with that label
  GET    /loads                all loads, including the last hundred that have finished
  GET    /loads/ID             progress, or the result
  GET    /loads/ID/state       whether it is running and still begins connections; cheap enough to poll
  GET    /loads/ID/records     one JSON object a line, one line a connection
  GET    /loads/ID/handshakes  the state of each handshake by hand
  POST   /loads/ID/steps       send the next packet of one: {"connection":1,"send":"ack"}, or "request", or "reset"
  POST   /loads/ID/speak       let held connections send a byte, or {"text":"…"}
  DELETE /loads/ID             stop it
  GET    /metrics
  GET    /health
`

export const grammar = {
  command: 'spillway load',
  options: {
    listen: { type: 'string', default: '127.0.0.1:10512' },
    netns: { type: 'string', path: 'file' },
    'max-half-open-rate': { type: 'string' },
  },
} as const

/** Reads a command line; undefined if it asks for help. Throws a UsageError that names the option. */
export const readOptions = (args: readonly string[]): AgentOptions | undefined =>
  readCommandLine(grammar, args, ({ values }) => {
    const listen = parseListen('--listen', values.listen)
    const { netns, 'max-half-open-rate': maxHalfOpen } = values
    return {
      listen,
      ...(netns === undefined ? {} : { netns }),
      ...(maxHalfOpen === undefined ? {} : { maxHalfOpenPerSecond: parseRate('--max-half-open-rate', maxHalfOpen) }),
    }
  })
