/** How much it takes, what twice as much does to it, and what a flood of half-open clients does. */
import { monotonicMs } from '#common/clock.ts'
import { duration, number } from '#common/quantities.ts'
import type { LoadReport } from '#load/agent/api.ts'
import { type Found, NotAsked, type Question } from './card.ts'
import type { CardLab } from './card-lab.ts'
import { servesInCalm } from './control.ts'
import { losses, lost } from './losses.ts'

/** Fewer are served before the clock can tell. */
const LEAST_WAITING = 50
const ENOUGH = 500
const MOST_WAITING = 1000
const SERVED_WITHIN_MS = 30_000
/** What the clients of one process begin a second without being late. */
const MOST_RATE = 1000
const HALF_FOR_MS = 2000
/** Clients later than this are no clock for a wait. */
const BEARS_MS = 150

export const takes: Question = {
  asks: 'How many new connections a second does it take, and how long is the wait at half of that?',
  how: 'clients gather in its queue while it is stopped: the time in which it serves all of them; then open loop at half that rate. Clients and server share this machine, so another would see more',
  bearsMs: 1000,
  needsMs: 6000,
  async ask(lab) {
    const limits = (await lab.told()).map(({ listener }) => listener?.limit ?? 0)
    // Too few to time: listen() is called again from outside, and once more when they have been served.
    const small = limits.some((limit) => limit < LEAST_WAITING)
    try {
      if (small) for (const backend of lab.lab.backends) await backend.relisten(ENOUGH)
      const { waiting, tookMs } = await gathered(lab)
      const perSecond = (waiting / tookMs) * 1000
      // A late client makes it look slower than it is: still true as the least, but not to be doubled.
      if (lab.lateMs <= BEARS_MS) lab.capacity = perSecond
      return await atHalf(lab, { waiting, tookMs, perSecond, small })
    } finally {
      if (small) for (const [i, backend] of lab.lab.backends.entries()) await backend.relisten(limits[i] ?? 0)
    }
  },
}

/** Clients that waited, and how long serving all of them took. */
interface Gathered {
  waiting: number
  tookMs: number
}

async function gathered(lab: CardLab): Promise<Gathered> {
  const waiting = Math.min(MOST_WAITING, Math.floor((await lab.places()) / (lab.lab.backends.length > 1 ? 2 : 1)))
  await lab.stallAll()
  const load = await lab.burst(waiting, SERVED_WITHIN_MS)
  await lab.until(
    'all of them wait',
    () => lab.waiting(),
    (now) => now === waiting,
  )
  const beganMs = monotonicMs()
  await lab.releaseAll()
  const { outcomes } = await lab.done(load)
  const tookMs = monotonicMs() - beganMs
  if (outcomes.ok < waiting)
    throw new NotAsked(`only ${number(outcomes.ok)} of ${number(waiting)} clients that waited were served`)
  return { waiting, tookMs }
}

async function atHalf(
  lab: CardLab,
  { waiting, tookMs, perSecond, small }: Gathered & { perSecond: number; small: boolean },
): Promise<Found> {
  const half = Math.min(MOST_RATE, Math.max(1, Math.round(perSecond / 2)))
  const calm = await lab.done(await lab.flow(half, HALF_FOR_MS, SERVED_WITHIN_MS))
  const { p50, p99 } = calm.totalMs
  // Who only connects has waited for nothing; and the wait of those that were served says little where others were not.
  const untold =
    lab.manner.answer === 'nothing'
      ? 'clients only connect'
      : lab.lateMs > BEARS_MS
        ? `clients were up to ${duration(lab.lateMs)} late`
        : lost(calm) > 0
          ? `of ${number(calm.started)} clients ${losses(calm)}`
          : undefined
  const wait =
    untold !== undefined
      ? `The wait at ${number(half)} a second is not judged: ${untold}.`
      : `At ${number(half)} a second half of the clients had their answer within ${duration(p50)}, and 99 % within ${duration(p99)}.`
  return {
    says: `It served ${number(waiting)} clients that waited${small ? ' (in a queue that listen() had made longer for this)' : ''} in ${duration(tookMs)}: at least ${number(Math.round(perSecond))} a second. ${wait}`,
    numbers: {
      perSecond: Math.round(perSecond),
      halfPerSecond: half,
      p50Ms: untold === undefined ? p50 : null,
      p99Ms: untold === undefined ? p99 : null,
    },
  }
}

const SYNS_MORE = 200
const SYNS_PER_SECOND = 1000
const HONEST = 10
const HONEST_WITHIN_MS = 3000

export const flood: Question = {
  asks: 'Do honest clients get in beside a flood of half-open ones?',
  how: `SYNs that are never completed fill its SYN queue; ${HONEST} honest clients come then, with ${duration(HONEST_WITHIN_MS)} of patience`,
  bearsMs: 1000,
  needsMs: 4000,
  async ask(lab) {
    if (lab.lab.plan.address.includes(':'))
      throw new NotAsked(`${lab.name} listens on IPv6 alone, and the half-open clients of a lab speak IPv4`)
    const syns = (await lab.places()) + SYNS_MORE
    await servesInCalm(lab, await lab.burst(HONEST, HONEST_WITHIN_MS), HONEST_WITHIN_MS)
    const cookies = await lab.counter('TcpExt_SyncookiesSent')
    const load = await lab.start({
      kind: 'half-open',
      ratePerSecond: SYNS_PER_SECOND,
      maxSyns: syns,
      durationMs: 60_000,
    })
    await load.done()
    const { outcomes } = await lab.done(await lab.burst(HONEST, HONEST_WITHIN_MS))
    const sent = (await lab.counter('TcpExt_SyncookiesSent')) - cookies
    const setting = await lab.lab.readSysctl('net.ipv4.tcp_syncookies')
    return {
      says: `After ${number(syns)} SYNs that nobody completed, ${number(outcomes.ok)} of ${number(HONEST)} honest clients were served. The kernel sent ${number(sent)} SYN cookies (net.ipv4.tcp_syncookies = ${setting ?? 'absent'}).`,
      numbers: { syns, honest: HONEST, served: outcomes.ok, cookiesSent: sent },
      ...(outcomes.ok < HONEST && setting === '0' ? { set: 'net.ipv4.tcp_syncookies = 1' } : {}),
    }
  },
}

const OVERLOAD_MS = 5000
const GIVES_UP_MS = 3000

/** Twice as many clients a second as it takes, and how long after the last one its queue was empty again. */
export async function overload(lab: CardLab): Promise<{ rate: number; wellAfterMs: number; report: LoadReport }> {
  const { capacity } = lab
  if (capacity === undefined) throw new NotAsked('how much it takes was not found out exactly enough')
  const rate = Math.round(2 * capacity)
  if (rate > 2 * MOST_RATE)
    throw new NotAsked(
      `the clients of a lab begin ${number(2 * MOST_RATE)} connections a second at most, and it takes more than half of that`,
    )
  const load = await lab.flow(rate, OVERLOAD_MS, GIVES_UP_MS)
  await lab.begun(load)
  const endedMs = monotonicMs()
  await lab.until(
    'its queue is empty',
    () => lab.waiting(),
    (waiting) => waiting === 0,
    { withinMs: 60_000 },
  )
  const wellAfterMs = monotonicMs() - endedMs
  return { rate, wellAfterMs, report: await lab.done(load) }
}

export const twiceItsCapacity: Question = {
  asks: 'What is lost at twice its capacity, and how long until it is well again?',
  how: `open loop at twice the measured rate for ${duration(OVERLOAD_MS)}, clients that give up after ${duration(GIVES_UP_MS)}; then the time until its queue is empty`,
  bearsMs: 250,
  needsMs: 7000,
  async ask(lab) {
    const drops = await lab.counter('TcpExt_ListenDrops')
    const { rate, wellAfterMs, report } = await overload(lab)
    const { outcomes, started } = report
    const cut = lost(report) - outcomes.timedOut
    const dropped = (await lab.counter('TcpExt_ListenDrops')) - drops
    return {
      says: `Of ${number(started)} clients at ${number(rate)} a second ${number(outcomes.ok)} were served and ${number(outcomes.timedOut)} gave up${cut === 0 ? '' : `, ${number(cut)} were reset or closed without an answer`}; the kernel dropped ${number(dropped)} SYNs. ${duration(wellAfterMs)} after the last one its queue was empty again.`,
      numbers: {
        perSecond: rate,
        clients: started,
        served: outcomes.ok,
        gaveUp: outcomes.timedOut,
        dropped,
        wellAfterMs,
      },
    }
  },
}
