/** What a request must pass before it is answered: the web configuration, and the guard against other sites. */
import { refusalOfRead } from '#common/edge/guard.ts'
import { ownNames } from '#common/edge/own-names.ts'
import type { Exchange, Guard, ReadingEdge } from '#common/edge/reading.ts'

export interface GateOptions {
  /** Of the web configuration; undefined where whoever can connect is let in. */
  admission: Guard | undefined
  /** Nothing but /metrics is there. */
  metricsOnly: boolean
  /** Names of this host beside those that it knows itself. */
  allowedHosts: readonly string[]
  /** On a Unix socket there is no other site, and Host says nothing. */
  onUnixSocket: boolean
}

/** Sets it up. */
export function addGate(app: ReadingEdge, { admission, metricsOnly, allowedHosts, onUnixSocket }: GateOptions): void {
  if (admission !== undefined) app.guard(admission)
  if (metricsOnly)
    app.guard((exchange) => {
      if (exchange.route === undefined || isMetrics(exchange)) return false
      exchange.json(404, { error: 'Only /metrics is served here (--metrics-only)' })
      return true
    })
  if (onUnixSocket) return
  const names = new Set([...ownNames(), ...allowedHosts.map((name) => name.toLowerCase())])
  app.guard((exchange) => {
    if (isMetrics(exchange)) return false
    const remedy = 'to allow this name, start the exporter with --allow-host NAME'
    const error = refusalOfRead(exchange.request.headers, names, remedy)
    if (error !== undefined) exchange.json(403, { error })
    return error !== undefined
  })
}

const isMetrics = ({ route }: Exchange): boolean => route === '/metrics'
