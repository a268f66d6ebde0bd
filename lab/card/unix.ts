/** What is asked of a UNIX socket in other words than of a port: no SYN, no drop, no TIME_WAIT, and a file that outlives it. */
import { monotonicMs } from '#common/clock.ts'
import { duration, number } from '#common/quantities.ts'
import { DoesNotApply, NotAsked, type Question } from './card.ts'
import {
  ENDS_WITHIN_MS,
  killAndRestart,
  killed,
  LAST_CLIENTS,
  type Leftover,
  leaves,
  openFiles,
  RATE,
  reloadAndStop,
} from './ends.ts'
import { lost, turnedAway } from './losses.ts'
import { afterwards, FILLED_WITHIN_MS, holds, MORE, MOST_PLACES, PATIENCE_MS } from './standing-still.ts'
import { flood, overload, twiceItsCapacity } from './under-load.ts'
import { within } from './within.ts'

export const unixHolds: Question = {
  ...holds,
  how: 'all processes that accept are stopped, and more clients come than fit, none of which blocks in connect(): the queue by unix_diag, what connect() said by the clients',
  async ask(lab) {
    const places = await lab.places()
    if (places > MOST_PLACES)
      throw new NotAsked(`its queue holds ${number(places)}, and ${number(MOST_PLACES)} at most are filled here`)
    await lab.stallAll()
    const load = await lab.burst(places + MORE, PATIENCE_MS)
    const beganMs = monotonicMs()
    await lab.begun(load)
    await lab.until(
      'the queue is full',
      () => lab.waiting(),
      (waiting) => waiting >= places,
    )
    const held = await lab.waiting()
    const atFirst = await load.report()
    const { connected, started } = atFirst
    const away = turnedAway(atFirst)
    const fair = monotonicMs() - beganMs <= FILLED_WITHIN_MS
    await lab.releaseAll()
    const { outcomes } = await lab.done(load)
    const cut = started - away - outcomes.ok - outcomes.timedOut
    const after = fair
      ? afterwards(outcomes.ok, outcomes.timedOut, cut)
      : ' What came of them is not judged: this machine took too long to fill the queue.'
    return {
      says: `It holds ${number(held)} connections, one more than its limit. Of ${number(started)} clients at once ${number(connected)} were connected without being accepted; ${number(away)} saw EAGAIN at once. A client that blocks in connect() waits there instead. The kernel counts neither.${after}`,
      numbers: {
        places,
        held,
        connected,
        started,
        turnedAway: away,
        served: fair ? outcomes.ok : null,
        gaveUp: fair ? outcomes.timedOut : null,
        cutOff: fair ? cut : null,
      },
      set: 'Have its clients try again after EAGAIN, or give it a longer queue: nothing tries again for them, as TCP does',
    }
  },
}

export const unixEnds: Question = {
  ...reloadAndStop,
  how: `${RATE} clients a second for 3 s, the order after 1 s; those who come after a stop find no socket, or nobody at it, and are no loss. tcp_migrate_req does not apply: a UNIX socket has no others beside it to move clients to`,
}

const socketFile: Leftover = {
  async remove(lab) {
    await lab.removeSocket()
    return true
  },
  says: 'the socket file of the killed one was in its way, and only when that had been removed did it start',
  set: 'Remove the socket file before it starts (systemd: ExecStartPre=rm -f PATH)',
}

export const unixKill: Question = {
  ...killAndRestart,
  how: `SIGKILL to all its processes under ${RATE} clients a second, and the same command again at once: until the kernel shows its listener. The socket file of the killed one stays`,
  async ask(lab) {
    const { inTheWay, ...found } = await killed(lab, socketFile)
    return { ...found, numbers: { ...found.numbers, fileInTheWay: inTheWay ? 'yes' : 'no' } }
  },
}

export const unixTwice: Question = {
  ...twiceItsCapacity,
  async ask(lab) {
    const { rate, wellAfterMs, report } = await overload(lab)
    const { outcomes, started } = report
    const away = turnedAway(report)
    const cut = lost(report) - away - outcomes.timedOut
    return {
      says: `Of ${number(started)} clients at ${number(rate)} a second ${number(outcomes.ok)} were served, ${number(away)} saw EAGAIN at once and ${number(outcomes.timedOut)} gave up${cut === 0 ? '' : `; ${number(cut)} were reset or closed without an answer`}. ${duration(wellAfterMs)} after the last one its queue was empty again.`,
      numbers: {
        perSecond: rate,
        clients: started,
        served: outcomes.ok,
        turnedAway: away,
        gaveUp: outcomes.timedOut,
        wellAfterMs,
      },
    }
  },
}

export const unixFlood: Question = {
  ...flood,
  needsMs: 0,
  ask() {
    throw new DoesNotApply(
      'A UNIX socket has no handshake that a client could leave half done: a connection exists as soon as connect() returns',
    )
  },
}

/** Both directions shut, as `ss -e` shows it: its client has gone, and nobody has closed this side. */
const FORGOTTEN = / ---( |$)/

export const unixLeaves: Question = {
  ...leaves,
  how: `${LAST_CLIENTS} clients are served; then its connections, as unix_diag shows them, and the descriptors of its processes; then it is stopped in order`,
  needsMs: 11_000,
  async ask(lab) {
    await lab.done(await lab.burst(LAST_CLIENTS, PATIENCE_MS))
    await lab.pass(500)
    const open = await lab.connections('established')
    const forgotten = open.filter((line) => FORGOTTEN.test(line)).length
    const { open: descriptors, says: files } = await openFiles(lab)
    const ended = await lab.inTime('it has stopped', within(ENDS_WITHIN_MS, lab.lab.backend(1).order('stop')))
    const stays = ended ? await lab.socketExists() : undefined
    const file =
      stays === undefined
        ? ` After the order to stop it did not end within ${duration(ENDS_WITHIN_MS)}.`
        : stays
          ? ' After a stop in order its socket file stays: clients see ECONNREFUSED there.'
          : ' A stop in order removes its socket file: clients see ENOENT.'
    return {
      says: `Of its connections ${number(open.length)} are open, ${number(forgotten)} of them left by their clients and never closed; TIME_WAIT does not apply: a UNIX socket has none.${files}${file}`,
      numbers: {
        established: open.length,
        forgotten,
        descriptors,
        socketFileStays: stays === undefined ? null : stays ? 'yes' : 'no',
      },
      ...(forgotten > 0
        ? {
            set: 'A connection that its client has left is closed by nobody but the server: look for one that it forgets',
          }
        : {}),
    }
  },
}
