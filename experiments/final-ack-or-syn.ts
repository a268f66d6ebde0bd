import { deck, equals, experiment, fact, that } from './vocabulary.ts'

const BACKLOG = 4
/** Fill the queue. */
const FIT = BACKLOG + 1
/** Half open before it is full: their final ACKs find no place. */
const HALF_OPEN = 3
/** Come when it is full: their SYNs are dropped. */
const MORE = 7
/** They give up before they send a SYN again. */
const PATIENCE_MS = 700

/** A SYN-ACK that is repeated, or a SYN, would be another drop. */
const bears = 250

export default experiment({
  name: 'final-ack-or-syn',
  teaches:
    'A full accept queue turns clients away at two places: a SYN is dropped, and the client connects a second late; or the final ACK of a handshake is, and the client believes itself connected to a server that does not know it. ListenOverflows and the drops of a socket count both. Which of the two it was only BPF tells.',
  sources: [
    deck('connected before anybody accepts'),
    fact('events-of-an-accept-queue'),
    fact('reading-the-drop-counters'),
    fact('final-ack-overflow'),
    'tcp_conn_request(), tcp_check_req()',
  ],
  needs: { bpf: 'drops', server: ['one socket'], namespaces: 'a program of ours reads the sockets of this kernel' },
  lab: {
    backends: [{ backlog: BACKLOG }],
    sysctls: { 'net.ipv4.tcp_abort_on_overflow': 0, 'net.ipv4.tcp_syncookies': 0 },
    exact: 'auto',
  },
  phases: {
    // As the lab's own backend has it: a server of somebody's may have another limit, and keep silent clients half open.
    small: async ({ backend, now }) => {
      await backend(1).relisten(BACKLOG)
      await backend(1).deferAccept(0)
      return (await now()).listener(1)
    },
    halfOpen: async ({ clients, until }) => {
      await clients.handshake({ connections: HALF_OPEN })
      await until('they are half open', ({ synQueue }) => synQueue.length === HALF_OPEN)
    },
    fill: async ({ backend, clients, until }) => {
      await backend(1).stall()
      await clients.hold({ connections: FIT })
      await until('the accept queue is full', ({ waiting }) => waiting === FIT)
    },
    finalAcks: async ({ load, pass, now }) => {
      const handshakes = load('halfOpen')
      for (let connection = 1; connection <= HALF_OPEN; connection++) await handshakes.step(connection, 'ack')
      await pass(100)
      return (await now()).listener(1)
    },
    syns: async ({ clients, now }) => {
      const load = await clients.burst({ connections: MORE, timeoutMs: PATIENCE_MS })
      await load.done()
      return (await now()).listener(1)
    },
  },
  expect: ({ result, counters, clients }) => {
    const before = counted(result.small)
    const after = { finalAcks: since(before, result.finalAcks), syns: since(before, result.syns) }
    return {
      kernel: [
        that('each final ACK that finds no place is counted as one', after.finalAcks.finalAckDrops, equals(HALF_OPEN), {
          bears,
        }),
        that('and as no SYN', after.finalAcks.synDrops, equals(0), { bears }),
        that('each SYN that is dropped is counted as one', after.syns.synDrops, equals(MORE), { bears }),
        that('and as no final ACK', after.syns.finalAckDrops - after.finalAcks.finalAckDrops, equals(0), { bears }),
        that(
          'the counter of overflows does not tell them apart',
          counters.ListenOverflows.total,
          equals(HALF_OPEN + MORE),
          {
            bears,
          },
        ),
      ],
      userspace: [
        that('whose SYN is dropped gives up waiting for a connection', clients.outcomes.timedOut, equals(MORE), {
          bears: 'any lateness',
        }),
      ],
      both: [
        that(
          'what BPF tells apart adds up to the overflows',
          after.syns.synDrops + after.syns.finalAckDrops,
          equals(counters.ListenOverflows.total),
          { bears },
        ),
      ],
    }
  },
})

interface Drops {
  synDrops: number
  finalAckDrops: number
}

const counted = ({ synDrops = Number.NaN, finalAckDrops = Number.NaN }: Undefinable<Drops>): Drops => ({
  synDrops,
  finalAckDrops,
})

type Undefinable<Counts> = { [Name in keyof Counts]: Counts[Name] | undefined }

const since = (before: Drops, seen: Undefinable<Drops>): Drops => {
  const { synDrops, finalAckDrops } = counted(seen)
  return { synDrops: synDrops - before.synDrops, finalAckDrops: finalAckDrops - before.finalAckDrops }
}
