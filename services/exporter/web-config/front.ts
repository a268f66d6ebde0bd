/** What --web.config.file asks for, before any route. Loaded where there is such a file: it brings TLS and YAML with it. */
import type { Guard } from '#common/edge/reading.ts'
import type { Securing } from '#common/edge/server.ts'
import { RateLimit } from './rate-limit.ts'
import { TlsFront } from './secure.ts'
import { BasicAuth } from './users.ts'
import { WebConfigFile } from './web-config.ts'

export interface WebFront {
  /** Undefined where connections are not encrypted. */
  securing: Securing | undefined
  admission: Guard
}

/** Throws a UsageError that names the line and the key. */
export function webFront(path: string, log: (line: string) => void): WebFront {
  const file = new WebConfigFile(path, log)
  return { securing: file.isSecure ? new TlsFront(() => file.tls) : undefined, admission: admission(file) }
}

/** The toolkit's order: the configuration itself, then the rate, then the user. */
function admission(file: WebConfigFile): Guard {
  const auth = new BasicAuth()
  const rateLimit = file.current?.rateLimit
  const limiter = rateLimit && new RateLimit(rateLimit) // as in the toolkit it stays as it was at the start
  return async (exchange) => {
    const refuse = (status: number, error: string, headers = {}): true => {
      exchange.json(status, { error }, headers)
      return true
    }
    const config = file.current
    if (config === undefined) return refuse(500, 'The web configuration cannot be read: see the log of the exporter')
    for (const [name, value] of Object.entries(config.headers)) exchange.response.setHeader(name, value)
    if (limiter?.take() === false)
      return refuse(429, 'There are more requests than rate_limit in the web configuration allows')
    if (config.users.size === 0) return false
    switch (await auth.judge(exchange.request.headers.authorization, config.users)) {
      case 'admitted':
        return false
      case 'busy':
        return refuse(503, 'Too many passwords wait to be checked: try again', { 'retry-after': '1' })
      case 'refused':
        return refuse(401, 'A user of the web configuration and the right password are needed here', {
          'www-authenticate': 'Basic realm="Spillway exporter", charset="UTF-8"',
        })
    }
  }
}
