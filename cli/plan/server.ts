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
  const own = takesSysctl && backlog <= situation.somaxconn ? [] : backlogOf(settable(server), backlog)
  const lines = own.map((mend) => written(server, mend))
  return {
    ...answer,
    answer: [...answer.answer, ...clampsInWords(server, backlog, situation)],
    settings: takesSysctl && lines.length > 0 ? lines : [...sysctls, ...lines],
  }
}

const written = (server: Server, { line, where, after }: { line: string; where: string; after: string }): Setting => ({
  where: line.startsWith('sysctl ') ? 'sysctl' : server.name,
  text: `${line}   # ${where}, then ${after.replace(/^then /, '')}`,
})

/** What the server does of itself, and what bounds what it may be told. */
function clampsInWords(server: Server, backlog: number, { somaxconn, mode, backends }: Situation): string[] {
  const { name, defaultBacklog, bound, ownSockets } = server
  const usual = defaultBacklog === 'somaxconn' ? somaxconn : defaultBacklog
  return [
    ...(usual === undefined
      ? []
      : Math.min(usual, somaxconn) >= backlog
        ? [
            `${name} asks for ${defaultBacklog === 'somaxconn' ? `what net.core.somaxconn says (${number(somaxconn)})` : number(usual)} unless it is told otherwise, which is enough.`,
          ]
        : [
            `${name} asks for ${defaultBacklog === 'somaxconn' ? `what net.core.somaxconn says (${number(somaxconn)})` : number(usual)} unless it is told otherwise, which is too little.`,
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
