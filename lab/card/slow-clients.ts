/** Clients that send nothing, and clients that read nothing: whom they block, and when they are thrown out. */
import { monotonicMs } from '#common/clock.ts'
import { duration, number, plural } from '#common/quantities.ts'
import type { Load, LoadOrder } from '../clients.ts'
import type { Question } from './card.ts'
import type { CardLab } from './card-lab.ts'
import { servesInCalm } from './control.ts'

const OTHERS = 10
const OTHERS_WITHIN_MS = 3000
const WATCHED_MS = 8000
const SETTLES_MS = 200
const SETTLED_WITHIN_MS = 8000

interface Beside {
  clients: number
  /** How many of them the kernel kept half open, so that the server did not learn of them. */
  deferred: number
  /** Of the others. */
  served: number
  /** Undefined while any of them is still there. */
  goneMs: number | undefined
}

/** Has such clients come, others beside them, and watches how long they are kept. */
async function beside(lab: CardLab, clients: number, order: LoadOrder): Promise<Beside> {
  const others = (): Promise<Load> => lab.burst(OTHERS, OTHERS_WITHIN_MS)
  await servesInCalm(lab, await others(), OTHERS_WITHIN_MS)
  const before = (await lab.connections('syn-recv')).length
  const load = await lab.start(order)
  const beganMs = monotonicMs()
  await lab.begun(load)
  await settled(lab)
  const deferred = Math.max(0, (await lab.connections('syn-recv')).length - before)
  const { outcomes } = await lab.done(await others())
  const goneMs = await gone(lab, load, beganMs)
  // Without them it has to be as before: otherwise it still works off what they had sent, or the machine is busy.
  if (outcomes.ok < OTHERS) await servesInCalm(lab, await others(), OTHERS_WITHIN_MS)
  return { clients, deferred, served: outcomes.ok, goneMs }
}

/** Waits until the queues of all connections stay as they are: a server may answer much before nobody reads it. */
async function settled(lab: CardLab): Promise<void> {
  const untilMs = monotonicMs() + SETTLED_WITHIN_MS
  let before: string | undefined
  for (;;) {
    await lab.pass(SETTLES_MS)
    const now = (await lab.connections('established')).join('\n')
    if (now === before || monotonicMs() > untilMs) return
    before = now
  }
}

async function gone(lab: CardLab, load: Load, beganMs: number): Promise<number | undefined> {
  while (monotonicMs() - beganMs < WATCHED_MS) {
    if ((await stillThere(lab, load)) === 0) return monotonicMs() - beganMs
    await lab.pass(100)
  }
  await load.stop()
  return undefined
}

/** A client of a UNIX socket that reads nothing learns of no end: there the server's side is counted. */
async function stillThere(lab: CardLab, load: Load): Promise<number> {
  return lab.socket === undefined ? (await load.report()).open : (await lab.connections('established')).length
}

function inWords({ clients, deferred, served, goneMs }: Beside, what: { one: string; several: string }): string {
  const one = clients === 1
  const effect =
    served === 0
      ? `${one ? 'blocks' : 'block'} everybody: none of ${number(OTHERS)} others was served within ${duration(OTHERS_WITHIN_MS)}`
      : served < OTHERS
        ? `${one ? 'holds' : 'hold'} up some: ${number(served)} of ${number(OTHERS)} others were served within ${duration(OTHERS_WITHIN_MS)}`
        : `${one ? 'blocks' : 'block'} nobody: all ${number(OTHERS)} others were served within ${duration(OTHERS_WITHIN_MS)}`
  const end =
    goneMs === undefined
      ? `${one ? 'It was' : 'They were'} not thrown out within ${duration(WATCHED_MS)}`
      : `${one ? 'It was' : 'They were'} gone after ${duration(goneMs)}`
  const kept = deferred < clients ? '' : ' The kernel keeps them from the server until they send (TCP_DEFER_ACCEPT).'
  return `${plural(clients, `client that ${what.one}`, `clients that ${what.several}`)} ${effect}.${kept} ${end}.`
}

export const silentClients: Question = {
  asks: 'Does one silent client for each worker block everybody, and one that reads nothing; when are they thrown out?',
  how: `as many clients as processes accept connect and send nothing; ${OTHERS} others ask beside them, for ${duration(OTHERS_WITHIN_MS)}; they are watched until ${duration(WATCHED_MS)} after they came. The same with clients that send request after request and read no answer, once the queues of their connections no longer change`,
  bearsMs: 1000,
  needsMs: 18_000,
  async ask(lab) {
    const workers = Math.max(
      1,
      (await lab.told()).reduce((sum, { processes }) => sum + processes.length, 0),
    )
    const silent = await beside(lab, workers, { kind: 'hold', connections: workers })
    const { request } = lab.manner
    const deaf =
      request === undefined
        ? undefined
        : await beside(lab, workers, {
            kind: 'slow-read',
            connections: workers,
            bytesPerSecond: 0,
            responseBytes: 1,
            repeat: request,
          })
    const blocked = silent.served === 0 || deaf?.served === 0
    return {
      says: [
        inWords(silent, { one: 'sends nothing', several: 'send nothing' }),
        deaf === undefined
          ? 'What one that reads nothing costs is not judged: what clients send is not known (--request).'
          : inWords(deaf, { one: 'sends requests and reads no answer', several: 'send requests and read no answer' }),
      ].join(' '),
      numbers: {
        silent: silent.clients,
        deferred: silent.deferred,
        others: OTHERS,
        served: silent.served,
        thrownOutAfterMs: silent.goneMs ?? null,
        besideDeafServed: deaf?.served ?? null,
        deafGoneAfterMs: deaf?.goneMs ?? null,
      },
      ...(blocked
        ? {
            set: 'A timeout for the request, a worker that serves many connections at a time, or a proxy in front of it',
          }
        : {}),
    }
  },
}
