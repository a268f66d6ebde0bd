/** Which of the servers that are known a process is, and what its command line says of its backlog. */
import { servers } from './known.ts'
import { namesOf, type Program, type Server } from './server.ts'

const byName = new Map<string, Server>()
for (const server of servers) for (const name of server.programs) if (!byName.has(name)) byName.set(name, server)
const rank = new Map(servers.map((server, at) => [server, at]))
const byLine = servers.filter(({ line }) => line !== undefined)

/**
 * The server that these processes are: the most telling of their names decides, so that Python under gunicorn is gunicorn.
 * Undefined where none is known.
 */
export function serverOf(programs: readonly Program[]): Server | undefined {
  const found = programs.flatMap((program) => {
    const named = namesOf(program).flatMap((name) => byName.get(name) ?? [])
    const told = byLine.filter(({ line }) => line?.test(program.commandLine) === true)
    return [...named, ...told]
  })
  const telling = found.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
  // Whoever is started by systemd's socket is not systemd.
  return telling.find(({ name }) => name !== 'systemd') ?? telling[0]
}

/** How a server is told its backlog on its command line. */
const options: Record<string, RegExp> = {
  gunicorn: /\s--backlog[= ](\d+)/,
  uvicorn: /\s--backlog[= ](\d+)/,
  Hypercorn: /\s--backlog[= ](\d+)/,
  Granian: /\s--backlog[= ](\d+)/,
  waitress: /\s--backlog[= ](\d+)/,
  uWSGI: /\s(?:--listen[= ]|-l ?)(\d+)/,
  Redis: /\s--tcp-backlog (\d+)/,
  memcached: /\s(?:-b ?|--listen-backlog=)(\d+)/,
  Daphne: /:backlog=(\d+)/,
  Varnish: /\blisten_depth=(\d+)/,
}

/** The backlog that its command line asks for; undefined where it says none. */
export function askedBy(server: Server, programs: readonly Program[]): number | undefined {
  const option = options[server.name]
  if (option === undefined) return undefined
  for (const { commandLine } of programs) {
    const asked = option.exec(commandLine)?.[1]
    if (asked !== undefined) return Number(asked)
  }
  return undefined
}
