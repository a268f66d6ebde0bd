/** What listens, what it holds while it stands still, and what one stopped worker costs. */
import { monotonicMs } from '#common/clock.ts'
import { formatListen } from '#common/parse.ts'
import { duration, number, plural } from '#common/quantities.ts'
import type { Load } from '../clients.ts'
import { workersOf } from '../workers.ts'
import { askedFor } from './asked.ts'
import { NotAsked, type Question } from './card.ts'
import { servesInCalm } from './control.ts'
import { spread } from './spread.ts'

/** As many clients as the load agent begins at once. */
export const MOST_PLACES = 8193
export const MORE = 50
export const PATIENCE_MS = 15_000
/** Of which filling the queues may take so much: the rest is for what comes of the clients. */
export const FILLED_WITHIN_MS = 5000

export const listens: Question = {
  asks: 'What listens?',
  how: 'sock_diag and /proc, as the kernel shows them; where net.core.somaxconn is its limit, it is started once with another that cuts nothing',
  bearsMs: Number.POSITIVE_INFINITY,
  needsMs: 3000,
  async ask(lab) {
    const acceptors = await workersOf(lab.lab)
    const told = await lab.told()
    const { address, port } = lab.lab.plan
    const limits = told.flatMap(({ listener }) => listener?.limit ?? [])
    const somaxconn = told[0]?.somaxconn ?? Number.NaN
    const each = [...new Set(limits)].map((limit) => number(limit + 1)).join(' or ')
    const who =
      told.length > 1
        ? `${plural(told.length, 'socket')} of its own for its workers (SO_REUSEPORT)`
        : `one socket, at which ${plural(acceptors[0] ?? 0, 'process accepts', 'processes accept')}`
    const [limit] = limits
    const asked = limit === undefined ? undefined : await askedFor(lab, limit, somaxconn)
    return {
      says: `${lab.name} listens ${lab.socket === undefined ? `on ${formatListen({ host: address, port })}` : `at the UNIX socket ${lab.socket}`} with ${who}. ${told.length > 1 ? 'Each queue' : 'The queue'} holds ${each}. ${asked?.says ?? ''}`.trimEnd(),
      numbers: {
        sockets: told.length,
        limit: limit ?? null,
        asked: asked === undefined ? null : (asked.backlog ?? 'somaxconn'),
        acceptors: acceptors.reduce((a, b) => a + b, 0),
        somaxconn,
      },
      ...(asked?.set === undefined ? {} : { set: asked.set }),
    }
  },
}

/** What came of the clients when it went on. */
export const afterwards = (served: number, gaveUp: number, cut: number): string =>
  ` When it went on, ${number(served)} ${served === 1 ? 'was' : 'were'} served, and ${number(gaveUp)} gave up within ${duration(PATIENCE_MS)}${cut === 0 ? '' : `; ${number(cut)} were reset or closed without an answer`}.`

export const holds: Question = {
  asks: 'What does it hold while it stands still, and what do the next clients see?',
  how: 'all processes that accept are stopped, and more clients come than fit: the queues as sampled, drops as counted',
  bearsMs: Number.POSITIVE_INFINITY,
  needsMs: 6000,
  async ask(lab) {
    const places = await lab.places()
    if (places > MOST_PLACES)
      throw new NotAsked(`its queues hold ${number(places)}, and ${number(MOST_PLACES)} at most are filled here`)
    const several = lab.lab.backends.length > 1
    await lab.stallAll()
    const drops = await lab.counter('TcpExt_ListenDrops')
    // Several sockets are chosen by hash: it takes more until the last one is full.
    const load = await lab.burst(several ? 2 * places + MORE : places + MORE, PATIENCE_MS)
    const beganMs = monotonicMs()
    await lab.begun(load)
    await lab.until(
      'the queues are full',
      () => lab.waiting(),
      (waiting) => waiting >= places,
    )
    const held = await lab.waiting()
    const dropped = (await lab.counter('TcpExt_ListenDrops')) - drops
    const { connected, started } = await load.report()
    const fair = monotonicMs() - beganMs <= FILLED_WITHIN_MS
    await lab.releaseAll()
    const report = await lab.done(load)
    const { ok, timedOut } = report.outcomes
    const cut = report.started - ok - timedOut
    const after = fair
      ? afterwards(ok, timedOut, cut)
      : ' What came of them is not judged: this machine took too long to fill the queues.'
    return {
      says: `It holds ${number(held)} connections, one more than ${several ? 'each limit' : 'its limit'}. Of ${number(started)} clients at once ${number(connected)} were connected without being accepted${connected > held ? `, ${number(connected - held)} of them only in their own view: the kernel ignored their final ACK` : ''}; the SYNs of the others were dropped silently (${number(dropped)} drops), and those clients tried again after a second or more.${after}`,
      numbers: {
        places,
        held,
        dropped,
        connected,
        started,
        served: fair ? ok : null,
        gaveUp: fair ? timedOut : null,
        cutOff: fair ? cut : null,
      },
    }
  },
}

const CLIENTS = 60
const SERVED_WITHIN_MS = 3000

export const oneWorkerStops: Question = {
  asks: "How are clients spread over its workers, and what does one stopped worker cost the others' clients?",
  how: `clients that stay are held open, and ss names who has them; then one process that accepts is stopped, and ${CLIENTS} clients come one after the other: who is served within ${duration(SERVED_WITHIN_MS)}`,
  bearsMs: 500,
  needsMs: 6000,
  async ask(lab) {
    const spreads = await spread(lab)
    const told = await lab.told()
    const workers = told.reduce((sum, { processes }) => sum + processes.length, 0)
    const [most = 0] = spreads.held
    const numbers = { workers, stayed: spreads.clients, mostHeld: most, holders: spreads.held.length }
    if (workers < 2)
      return {
        says: `${spreads.says} A single process accepts: when it stops, everybody waits.`,
        numbers: { ...numbers, clients: null, served: null },
      }
    const several = told.length > 1
    const come = (): Promise<Load> => lab.flow(CLIENTS, 1000, SERVED_WITHIN_MS)
    await servesInCalm(lab, await come(), SERVED_WITHIN_MS)
    if (several) await lab.lab.backend(1).stall()
    else await lab.lab.backend(1).set({ stalled: true }, 0)
    const { outcomes } = await lab.done(await come())
    const served = outcomes.ok
    return {
      says: `${spreads.says} With one of ${plural(workers, 'worker')} stopped, ${number(served)} of ${number(CLIENTS)} clients were served within ${duration(SERVED_WITHIN_MS)}. ${
        several
          ? 'The kernel sends each worker its share whether it accepts or not: the rest waited behind the one that stands still.'
          : served === CLIENTS
            ? 'The others take its share, since all accept from one queue.'
            : 'They share one queue, and still clients waited: the worker had taken them, or the others were busy.'
      }`,
      numbers: { ...numbers, clients: CLIENTS, served },
      ...(several && served < CLIENTS
        ? { set: 'One socket that all workers share keeps clients from waiting behind a worker that stands still' }
        : {}),
    }
  },
}
