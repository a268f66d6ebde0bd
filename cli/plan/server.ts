/** The lines of one server, from the table that `check` mends with, in place of those of Node and nginx. */
import { number } from '#common/quantities.ts'
import { backlogOf, poolOf, type Settable } from '#findings/host/mend.ts'
import { serverNamed } from '#findings/servers/named.ts'
import type { Server } from '#findings/servers/server.ts'
import type { Answer, Setting } from '#planner/answer.ts'
import type { Situation } from '#planner/situation.ts'

/** Where it listens is not asked: what has to be put in its place is seen. */
const ANYWHERE = { address: '0.0.0.0', port: 8080 }

const settable = (server: Server): Settable => ({
  server,
  ...ANYWHERE,
  activated: false,
  setBy: { by: 'application' },
  own: true,
  netns: 'self',
})

/** The same answer in the words of this server; unchanged where none was named. */
export function forServer(answer: Answer, name: string | undefined, situation: Situation): Answer {
  const server = name === undefined ? undefined : serverNamed(name)
  if (server === undefined) return answer
  const backlog = answer.settings.find((setting) => setting.backlog !== undefined)?.backlog
  if (backlog === undefined)
    return answer.data.unstable === true
      ? { ...answer, settings: [...answer.settings, ...poolOf(settable(server)).map((mend) => written(server, mend))] }
      : answer
  const sysctls = answer.settings.filter(({ where }) => where === 'sysctl')
  const takesSysctl = server.defaultBacklog === 'somaxconn' && server.backlog === undefined
  const most = mostOf(answer)
  const enough = backlog <= situation.somaxconn && situation.somaxconn <= most
  const own = takesSysctl && enough ? [] : backlogOf(settable(server), backlog)
  const lines = own.map((mend) => written(server, mend))
  return {
    ...answer,
    answer: [...answer.answer, ...clampsInWords(server, { backlog, most }, situation)],
    settings: takesSysctl && lines.length > 0 ? lines : [...sysctls, ...lines],
  }
}

/** Pools of workers that many have. */
const pools = ['gunicorn', 'uwsgi', 'php-fpm']

/** The same answer in the words of servers that are pools of workers: Node and nginx are none. */
export function forPool(answer: Answer): Answer {
  const backlog = answer.settings.find((setting) => setting.backlog !== undefined)?.backlog
  if (backlog === undefined) return answer
  const lines = pools.flatMap((name) => {
    const server = serverNamed(name)
    return server === undefined ? [] : backlogOf(settable(server), backlog).map((mend) => written(server, mend))
  })
  return { ...answer, settings: [...answer.settings.filter(({ where }) => where === 'sysctl'), ...lines] }
}

/** The largest backlog that serves the living, where the answer knows one: a larger one is no better, but worse. */
const mostOf = ({ data }: Answer): number =>
  typeof data.largestForLiving === 'number' ? data.largestForLiving : Number.POSITIVE_INFINITY

const written = (server: Server, { line, where, after }: { line: string; where: string; after: string }): Setting => ({
  where: line.startsWith('sysctl ') ? 'sysctl' : server.name,
  text: `${line}   # ${where}, then ${after.replace(/^then /, '')}`,
})

/** What the server does of itself, and what bounds what it may be told. */
function clampsInWords(
  server: Server,
  { backlog, most }: { backlog: number; most: number },
  { somaxconn, mode, backends }: Situation,
): string[] {
  const { name, defaultBacklog, bound, ownSockets } = server
  const usual = defaultBacklog === 'somaxconn' ? somaxconn : defaultBacklog
  const got = Math.min(usual ?? 0, somaxconn)
  const is =
    got > most
      ? `is more than the ${number(most)} that serve the living`
      : got >= backlog
        ? 'is enough'
        : 'is too little'
  return [
    ...(usual === undefined
      ? []
      : [
          `${name} asks for ${defaultBacklog === 'somaxconn' ? `what net.core.somaxconn says (${number(somaxconn)})` : number(usual)} unless it is told otherwise, which ${is}.`,
        ]),
    ...(bound === undefined ? [] : [`${bound}.`]),
    ...(mode === 'sharded' && backends > 1
      ? [
          ownSockets === undefined
            ? `${name} has one socket for all its processes, as far as is known: ask with --mode shared.`
            : `A socket for each of its processes: ${ownSockets}.`,
        ]
      : []),
  ]
}
