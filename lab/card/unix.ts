/** What is asked of a UNIX socket in other words than of a port: no SYN, no drop, no TIME_WAIT, and a file that outlives it. */
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { duration, number } from '#common/quantities.ts'
import { DoesNotApply, NotAsked, type Question } from './card.ts'
import type { CardLab } from './card-lab.ts'
import {
  during,
  ENDS_WITHIN_MS,
  FULL_SOCKET,
  killAndRestart,
  LAST_CLIENTS,
  leaves,
  losses,
  openFiles,
  RATE,
  reloadAndStop,
  startAgain,
} from './ends.ts'
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
    const { connected, started, failures } = await load.report()
    const turnedAway = failures[FULL_SOCKET] ?? 0
    const fair = monotonicMs() - beganMs <= FILLED_WITHIN_MS
    await lab.releaseAll()
    const { outcomes } = await lab.done(load)
    const cut = started - turnedAway - outcomes.ok - outcomes.timedOut
    const after = fair
      ? afterwards(outcomes.ok, outcomes.timedOut, cut)
      : ' What came of them is not judged: this machine took too long to fill the queue.'
    return {
      says: `It holds ${number(held)} connections, one more than its limit. Of ${number(started)} clients at once ${number(connected)} were connected without being accepted; ${number(turnedAway)} saw EAGAIN at once. A client that blocks in connect() waits there instead. The kernel counts neither.${after}`,
      numbers: {
        places,
        held,
        connected,
        started,
        turnedAway,
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

export const unixKill: Question = {
  ...killAndRestart,
  how: `SIGKILL to all its processes under ${RATE} clients a second, and the same command again at once: until the kernel shows its listener. The socket file of the killed one stays`,
  async ask(lab) {
    let awayMs = Number.NaN
    let inTheWay = false
    const report = await during(lab, async () => {
      const killedMs = monotonicMs()
      await lab.lab.backend(1).kill()
      inTheWay = !(await startsAgain(lab))
      if (inTheWay) {
        await lab.removeSocket()
        if (!(await startsAgain(lab))) throw new NotAsked('it ended as soon as it was started again')
      }
      awayMs = monotonicMs() - killedMs
    })
    const how = inTheWay
      ? 'Started again, it ended at once: the socket file of the killed one was in its way, and only when that had been removed did it start. '
      : ''
    return {
      says: `${how}For ${duration(awayMs)} nobody listened. Of ${number(report.started)} clients meanwhile: ${losses(report)}.`,
      numbers: {
        awayMs,
        fileInTheWay: inTheWay ? 'yes' : 'no',
        clients: report.started,
        refused: report.outcomes.refused,
        reset: report.outcomes.reset,
      },
      ...(inTheWay ? { set: 'Remove the socket file before it starts (systemd: ExecStartPre=rm -f PATH)' } : {}),
    }
  },
}

/** Starts it; false if it ends without having listened. */
async function startsAgain(lab: CardLab): Promise<boolean> {
  try {
    await startAgain(lab)
    return true
  } catch (error) {
    if (error instanceof UsageError && (await lab.lab.backend(1).told()).runs === false) return false
    throw error
  }
}

export const unixTwice: Question = {
  ...twiceItsCapacity,
  async ask(lab) {
    const { rate, wellAfterMs, report } = await overload(lab)
    const { outcomes, started, failures } = report
    const turnedAway = failures[FULL_SOCKET] ?? 0
    return {
      says: `Of ${number(started)} clients at ${number(rate)} a second ${number(outcomes.ok)} were served, ${number(turnedAway)} saw EAGAIN at once and ${number(outcomes.timedOut)} gave up. ${duration(wellAfterMs)} after the last one its queue was empty again.`,
      numbers: {
        perSecond: rate,
        clients: started,
        served: outcomes.ok,
        turnedAway,
        gaveUp: outcomes.timedOut,
        wellAfterMs,
      },
    }
  },
}

export const unixFlood: Question = {
  ...flood,
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
  async ask(lab) {
    await lab.done(await lab.burst(LAST_CLIENTS, PATIENCE_MS))
    await lab.pass(500)
    const open = await lab.connections('established')
    const forgotten = open.filter((line) => FORGOTTEN.test(line)).length
    const { open: descriptors, says: files } = await openFiles(lab)
    const ended = await within(ENDS_WITHIN_MS, lab.lab.backend(1).order('stop'))
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
