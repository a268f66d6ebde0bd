/** How servers are told to end in order, and to reload: each in its own way. `{pid}` is the main process. */
import { serverOf } from './recognise.ts'
import { namesOf } from './server.ts'

export interface ServerOrders {
  /** Shell commands. Left out where SIGTERM does it, or where the server has no reload that goes by a signal. */
  stop?: string
  reload?: string
}

const signal = (name: string): string => `kill -${name} {pid}`
const hup = { reload: signal('HUP') }

/** From their manuals: what SIGTERM cuts off is asked for in a gentler way. */
const byServer: Record<string, ServerOrders> = {
  nginx: { stop: signal('QUIT'), ...hup },
  HAProxy: { stop: signal('USR1') },
  Apache: { stop: signal('WINCH'), reload: signal('USR1') },
  lighttpd: { stop: signal('INT'), reload: signal('USR1') },
  'PHP-FPM': { stop: signal('QUIT'), reload: signal('USR2') },
  gunicorn: hup,
  // SIGTERM reloads it, unless it was started with --die-on-term.
  uWSGI: { stop: signal('INT'), ...hup },
  Puma: { reload: signal('USR2') },
  Unicorn: { stop: signal('QUIT'), ...hup },
  Squid: hup,
  PostgreSQL: hup,
  PgBouncer: hup,
}

/** The orders of whatever server a command starts, as far as they are known, and what it is called. */
export function ordersOf(command: readonly string[]): ServerOrders & { name: string } {
  const commandLine = command.join(' ')
  const program = { command: (command[0] ?? '').replace(/^.*\//, ''), commandLine }
  const server = serverOf([program])
  const [name = program.command] = namesOf(program)
  const orders = server === undefined ? {} : (byServer[server.name] ?? {})
  // Only HAProxy's master takes new workers.
  const master = server?.name === 'HAProxy' && /\s-(?:W|Ws|master-worker)\b/.test(commandLine)
  return { name: shown(name), ...orders, ...(master ? { reload: signal('USR2') } : {}) }
}

const MOST_SHOWN = 24

/** A file may be named anything: what would break a line, or be an order to a terminal, is not passed on. */
const shown = (name: string): string => name.replaceAll(/\p{C}/gu, '?').slice(0, MOST_SHOWN) || 'the server'
