/** Connections past the handshake: served or not, windows, receive queues, source ports. */
import { bytes, duration, plural, whole } from '#common/quantities.ts'
import { listening } from './evidence.ts'
import type { Finding } from './finding.ts'

/** So many, for so long, are no accident of a busy moment. */
const UNSERVED = 3
const UNSERVED_MS = 1000

export const acceptedAndNeverRead: Finding = {
  code: 'accepted-and-never-read',
  from: ['connections', 'listeners'],
  says(view) {
    const { connections = 0, oldestMs = 0 } = view.portView?.unserved ?? {}
    const open = listening(view)
    // Behind a stall nothing is read either: then the stall is the news.
    if (connections < UNSERVED || oldestMs < UNSERVED_MS || open.some(({ stalled }) => stalled)) return undefined
    const waiting = open.reduce((sum, { length }) => sum + length, 0)
    const fits = open.reduce((sum, { limit }) => sum + limit + 1, 0)
    const queue = `the accept ${open.length === 1 ? 'queue holds' : 'queues hold'} ${whole(waiting)} of ${whole(fits)}`
    return `${whole(connections)} connections are accepted and not served: nobody has read what their clients sent, for up to ${duration(oldestMs)}, while ${queue}. Threads or workers that are stuck or all busy look like this, and io_uring that accepts for a loop that stands still; no backlog changes it.`
  },
}

export const peersWithClosedWindows: Finding = {
  code: 'clients-do-not-read',
  from: ['connections'],
  says(view) {
    const { zeroWindows = 0, sendBytes = 0 } = view.portView ?? {}
    if (zeroWindows === 0) return undefined
    const many = zeroWindows > 1
    return `${whole(zeroWindows)} ${many ? 'clients have' : 'client has'} closed the window: ${many ? 'they are' : 'it is'} not reading, so ${bytes(sendBytes)} wait in send queues here. A backend that respects backpressure stops producing; one that ignores it uses more and more memory.`
  },
}

export const backendsThatDoNotRead: Finding = {
  code: 'backends-do-not-read',
  from: ['connections'],
  says(view) {
    const { receiveBytes = 0 } = view.portView ?? {}
    if (receiveBytes < 65_536) return undefined
    return `${bytes(receiveBytes)} wait in receive queues: the backends are not reading them. When a receive buffer is full, the kernel closes that connection's window, and the client has to wait.`
  },
}

export const noSourcePortLeft: Finding = {
  code: 'no-source-port-left',
  from: ['backends'],
  says({ loads, clients }) {
    // Where the rate is known, what failed long ago in a load that still runs is over.
    if (clients.noPortLeftPerSecond === 0) return undefined
    const failed = loads
      .filter(({ state }) => state === 'running')
      .reduce((sum, { outcomes }) => sum + outcomes.noPortLeft, 0)
    if (failed === 0) return undefined
    return `${plural(failed, 'connection attempt')} found no free source port (EADDRNOTAVAIL): all ports from this client's address to this server are open or in TIME_WAIT, and no SYN was sent. Connections that are kept open, more client addresses or a wider ip_local_port_range would fix this; the server is not the cause.`
  },
}
