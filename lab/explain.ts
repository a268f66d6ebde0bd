/**
 * Plain words for what a lab shows: what is happening, why, and what would mend it. One pure function, used wherever a
 * lab is shown. It says the most telling thing it is sure of, and nothing when it does not know.
 */
import type { LabView, ShardView } from './view.ts'

const FULL = 1
const NOBODY_LISTENS =
  'No backend listens: the kernel answers every SYN with a reset, and clients see "connection refused" at once.'

/** One or two sentences, or undefined if there is nothing to say. */
export function explain(view: LabView): string | undefined {
  for (const situation of situations) {
    const words = situation(view)
    if (words !== undefined) return words
  }
  return undefined
}

/** The most telling first. */
const situations: ((view: LabView) => string | undefined)[] = [
  processDown,
  synQueueDrops,
  synQueueCookies,
  everyShardFull,
  someShardsFull,
  clampedBacklog,
  filling,
  synQueueFilling,
  peersWithClosedWindows,
  backendsThatDoNotRead,
  listenerClosed,
]

const listening = (view: LabView): ShardView[] => view.shards.filter((shard) => shard.state === 'listening')
const full = (shard: ShardView): boolean => shard.fill >= FULL
const moves = (view: LabView, name: string): number =>
  view.moved.find((counter) => counter.name === name)?.perSecond ?? 0
const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
const inWords = (count: number): string => numbers[count] ?? String(count)
const whole = (value: number): string => Math.round(value).toLocaleString('en-US')

function names(shards: ShardView[]): string {
  const list = shards.map((shard) => shard.shard)
  if (list.length === 1) return `Shard ${list[0]}`
  return `Shards ${list.slice(0, -1).join(', ')} and ${list.at(-1)}`
}

function processDown(view: LabView): string | undefined {
  const down = view.shards.filter((shard) => shard.state === 'down')
  if (down.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  const [has, waits] = down.length === 1 ? ['is down: its', 'was'] : ['are down: their', 'were']
  return `${names(down)} ${has} queue ended with the process, and whoever waited in it ${waits} reset. The kernel deals new connections to the shards that are left.`
}

function synQueueDrops(view: LabView): string | undefined {
  const perSecond = moves(view, 'TCPReqQFullDrop')
  if (perSecond === 0) return undefined
  return `The SYN queue is full and syncookies are off: the kernel drops ${whole(perSecond)} SYNs a second (TCPReqQFullDrop, ListenDrops), those of honest clients among them. tcp_syncookies=1 would let honest clients in; a larger backlog holds more half-open requests.`
}

function synQueueCookies(view: LabView): string | undefined {
  if (moves(view, 'TCPReqQFullDoCookies') === 0 || view.cookiesPerSecond === 0) return undefined
  if (view.syncookies === 2)
    return `tcp_syncookies=2 answers every SYN with a cookie (${whole(view.cookiesPerSecond)}/s): no half-open request is ever stored, so the SYN queue stays empty whatever comes.`
  return `The SYN queue is full of requests whose clients never answer, and the kernel sends cookies instead of remembering more (${whole(view.cookiesPerSecond)}/s). Honest clients still get in. No counter named Listen… moves: watch SyncookiesSent and TCPReqQFullDoCookies.`
}

function everyShardFull(view: LabView): string | undefined {
  const open = listening(view)
  if (open.length === 0 || !open.every(full)) return undefined
  const which = open.length === 1 ? 'The accept queue is' : `All ${inWords(open.length)} accept queues are`
  if (open.every((shard) => shard.stalled))
    return `${which} full, since ${open.length === 1 ? 'the backend accepts' : 'the backends accept'} nothing: every new SYN is dropped in silence and sent again after a second. A larger backlog only buys time: ${open.length === 1 ? 'it has' : 'they have'} to accept again.`
  return `${which} full: connections come faster than the backends accept them, and each dropped SYN is sent again after a second. More backends, or less work for each accept, would mend it; a larger backlog only lets clients wait longer.`
}

function someShardsFull(view: LabView): string | undefined {
  const open = listening(view)
  const stuck = open.filter(full)
  if (stuck.length === 0) return undefined
  const state = stuck.length === 1 ? 'is full while its neighbours idle' : 'are full while their neighbours idle'
  const mend = stuck.every((shard) => shard.stalled)
    ? `${stuck.length === 1 ? 'It has' : 'They have'} to accept again; a larger backlog would only delay this.`
    : 'Less work for each accept there would mend it, or more shards.'
  return `${names(stuck)} ${state}: ${plight(view, stuck, open)}. ${choice(view)} ${mend}`
}

/** What it is like for the clients. */
function plight({ steering }: LabView, stuck: ShardView[], open: ShardView[]): string {
  const one = stuck.length === 1
  if (!stuck.some((shard) => shard.dropsPerSecond > 0))
    return `the next client that is dealt to ${one ? 'it' : 'them'} will be dropped`
  if (steering.by !== 'hash') return `who is dealt to ${one ? 'it' : 'them'} waits a second and tries again`
  const share =
    one && open.length <= 10 ? `one client in ${inWords(open.length)}` : `${stuck.length} clients of ${open.length}`
  return `${share} ${one ? 'waits a second and tries' : 'wait a second and try'} the same full queue again`
}

/** How the kernel deals connections to shards, and what that means to who met a full one. */
function choice({ steering }: LabView): string {
  switch (steering.by) {
    case 'hash':
      return 'The kernel chooses by the hash of the addresses and never looks at the queue.'
    case 'cpu':
      return 'A program chooses by the CPU that handles the SYN and never looks at the queue.'
    case 'random':
      return 'A program chooses at random: a SYN that is sent again draws again, so most get in at the next try.'
    case 'member':
      return `A program sends every new connection to shard ${steering.member + 1}, and never looks at its queue.`
  }
}

function clampedBacklog(view: LabView): string | undefined {
  const clamped = listening(view).find((shard) => shard.backlog > shard.limit)
  if (clamped === undefined) return undefined
  return `${names([clamped])} asked for a backlog of ${whole(clamped.backlog)} and got ${whole(clamped.limit)}: net.core.somaxconn of this namespace clamps it, in silence. Raise it, then listen() again.`
}

function filling(view: LabView): string | undefined {
  const stalled = listening(view).filter((shard) => shard.stalled)
  const [first] = stalled
  if (first === undefined) return undefined
  const room = Math.max(0, first.limit + 1 - first.length)
  const [accept, queue] = stalled.length === 1 ? ['accepts', 'its queue'] : ['accept', 'their queues']
  return `${names(stalled)} ${accept} nothing, and the kernel goes on finishing handshakes into ${queue}. Clients believe they are connected; ${stalled.length === 1 ? `there is room for ${whole(room)} more` : 'soon there is no room left'}.`
}

function synQueueFilling(view: LabView): string | undefined {
  const queue = view.portView?.synQueue
  if (queue === undefined || queue.length < 10 || queue.length < queue.limit * 0.1) return undefined
  return `${whole(queue.length)} half-open requests wait for a client's last ACK. The kernel sends each SYN-ACK again after 1, 3, 7 … seconds and gives up after about a minute, or after 7 s once a queue is more than half full.`
}

function peersWithClosedWindows(view: LabView): string | undefined {
  const port = view.portView
  if (port === undefined || port.zeroWindows === 0) return undefined
  const many = port.zeroWindows > 1
  return `${whole(port.zeroWindows)} ${many ? 'clients have' : 'client has'} closed the window: ${many ? 'they do' : 'it does'} not read, so ${bytes(port.sendBytes)} wait in send queues here. A backend that minds backpressure stops producing; one that does not grows in memory.`
}

function backendsThatDoNotRead(view: LabView): string | undefined {
  const port = view.portView
  if (port === undefined || port.receiveBytes < 65_536) return undefined
  return `${bytes(port.receiveBytes)} wait in receive queues: the backends do not read. When a receive buffer is full the kernel closes that connection's window, and the client has to wait.`
}

function listenerClosed(view: LabView): string | undefined {
  const closed = view.shards.filter((shard) => shard.state === 'closed')
  if (closed.length === 0) return undefined
  if (listening(view).length === 0) return NOBODY_LISTENS
  return `${names(closed)} ${closed.length === 1 ? 'has closed its listener' : 'have closed their listeners'}: the kernel deals new connections to the others.`
}

/** Bytes with a decimal unit: 63 kB. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
