/** How long a queue a server asks for: the kernel tells only what net.core.somaxconn has left of it. */
import { number } from '#common/quantities.ts'
import type { CardLab } from './card-lab.ts'

const SOMAXCONN = 'net.core.somaxconn'
/** More than any server asks for by a number of its own. */
const NO_LIMIT = 1_000_000

/** What it asks for, and who cut it, as a sentence. */
export interface Asked {
  /** Undefined where it asks for whatever somaxconn allows. */
  backlog: number | undefined
  says: string
  set?: string
}

/** A limit below somaxconn is what it asked for. At somaxconn it is started once with a limit that cuts nothing. */
export async function askedFor(lab: CardLab, limit: number, somaxconn: number): Promise<Asked> {
  const allowed = `${SOMAXCONN} (${number(somaxconn)})`
  if (limit < somaxconn)
    return { backlog: limit, says: `It asked for ${number(limit)} itself: ${allowed} would allow more.` }
  const server = lab.lab.backend(1)
  let backlog: number | undefined
  try {
    await lab.lab.setSysctl(SOMAXCONN, NO_LIMIT)
    await lab.restart()
    backlog = (await server.told()).listener?.limit
  } finally {
    await lab.lab.setSysctl(SOMAXCONN, somaxconn)
    await lab.restart()
  }
  if (backlog === undefined || backlog >= NO_LIMIT)
    return {
      backlog: undefined,
      says: `It asks for whatever ${SOMAXCONN} allows, now ${number(somaxconn)}.`,
      set: `${SOMAXCONN} sets its limit, when it starts`,
    }
  if (backlog === somaxconn) return { backlog, says: `It asked for just that, and ${SOMAXCONN} allows as much.` }
  return {
    backlog,
    says: `It asked for ${number(backlog)}, and ${allowed} cut that.`,
    set: `${SOMAXCONN} = ${number(backlog)} before it starts leaves it what it asks for`,
  }
}
