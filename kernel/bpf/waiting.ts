/**
 * Who waits in an accept queue, in order: sock_diag shows the connections of a port in the order of the kernel's table, and not
 * which listener they wait at. Read by a BPF iterator over the TCP sockets of a namespace, which follows each listener's queue from its
 * head: docs/kernel-facts.md#what-only-bpf-shows.
 */
import { formatAddress } from '../address.ts'
import type { KernelError } from '../errors.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { frame, helpers } from './assembler.ts'
import { Btf } from './btf.ts'
import { quad } from './event-record.ts'
import { atListener, common, ListenerWalk, leave, need, socket, withCookie, written } from './iterator.ts'
import type { CommonValue } from './system-call.ts'

/** So many of a queue are told, from its head: those behind them are counted only. */
export const MOST_WAITING = 64

/** What a client has done since its handshake: `finished` has sent a FIN and may still listen, `reset` has sent an RST. */
type ClientState = 'connected' | 'finished' | 'reset'

/** A connection whose handshake is complete and that is not accepted yet. */
interface WaitingConnection {
  /** Of the client. */
  address: string
  port: number
  /** Since its final ACK; with TCP Fast Open since its SYN. */
  waitMs: number
  /** What it has sent and nobody has read. */
  unreadBytes: number
  client: ClientState
}

/** An accept queue at one moment. */
export interface WaitingLine {
  /** All that wait, and the limit N: N + 1 fit. */
  length: number
  limit: number
  /** The first of them, in the order in which accept() will take them: `MOST_WAITING` at most. */
  first: WaitingConnection[]
}

/** The program's record of one connection: what is where. */
const at = {
  cookie: 0,
  length: 8,
  limit: 12,
  since: 16,
  now: 24,
  address6: 32,
  address4: 48,
  unread: 52,
  family: 56,
  port: 58,
  state: 60,
  finished: 61,
  rest: 62,
}
const RECORD_BYTES = 64

/** Of enum tcp_state: where a connection is that was reset. */
const CLOSE = 7

/** A program in the kernel that tells who waits at each listener. */
export class WaitingLines {
  readonly #walk: ListenerWalk

  /** Loads the program, or reads through the file of one that was pinned: see `ListenerWalk`. */
  constructor(source: Btf | string = Btf.ofKernel()) {
    this.#walk = new ListenerWalk(source, {
      name: 'waiting',
      recordBytes: RECORD_BYTES,
      mostLeft: MOST_WAITING,
      code: (btf, memory) => waiting(fieldsOf(btf), memory),
    })
  }

  /**
   * Who waits at the listener of this cookie, in the network namespace of the calling thread; undefined if nobody does. A
   * program that others have loaded tells of all listeners at once: some microseconds for each connection in their queues,
   * `MOST_WAITING` at most of each.
   */
  read(cookieHigh: number, cookieLow: number): WaitingLine | undefined {
    let line: WaitingLine | undefined
    const take = (bytes: Buffer, row: number): void => {
      if (bytes.readUInt32LE(row + at.cookie) !== cookieLow || bytes.readUInt32LE(row + at.cookie + 4) !== cookieHigh)
        return
      line ??= { length: bytes.readUInt32LE(row + at.length), limit: bytes.readUInt32LE(row + at.limit), first: [] }
      line.first.push(connectionAt(bytes, row))
    }
    this.#walk.read(take, cookieLow, cookieHigh)
    return line
  }

  /** Leaves the loaded program in a file of a bpffs, through which it is read after this process has ended too. */
  pin(path: string): void {
    this.#walk.pin(path)
  }

  /** Why a pinned one is not to be read any more: see `ListenerWalk`. */
  get gone(): KernelError | undefined {
    return this.#walk.gone
  }

  /** Takes the program out of the kernel. */
  close(): void {
    this.#walk.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function connectionAt(record: Buffer, row: number): WaitingConnection {
  const isV6 = record.readUInt16LE(row + at.family) === AF_INET6
  const hasFinished = record[row + at.finished] !== 0
  const unread = record.readInt32LE(row + at.unread)
  return {
    address: isV6
      ? formatAddress(AF_INET6, record, row + at.address6)
      : formatAddress(AF_INET, record, row + at.address4),
    port: record.readUInt16BE(row + at.port),
    waitMs: Math.max(0, quad(record, row + at.now) - quad(record, row + at.since)) / 1000,
    // A FIN takes a sequence number, and is no byte: tcp_inq().
    unreadBytes: Math.max(0, hasFinished ? unread - 1 : unread),
    client: record[row + at.state] === CLOSE ? 'reset' : hasFinished ? 'finished' : 'connected',
  }
}

type Fields = ReturnType<typeof fieldsOf>

function fieldsOf(btf: Btf) {
  const offset = (structure: string, path: string): number =>
    need(btf.field(structure, path), `field ${structure}.${path}`).offset
  const ofSocket = (path: string) => offset('tcp_sock', `inet_conn.icsk_inet.sk.${path}`)
  return {
    state: offset('sock_common', 'skc_state'),
    ownPort: offset('sock_common', 'skc_num'),
    length: ofSocket('sk_ack_backlog'),
    limit: ofSocket('sk_max_ack_backlog'),
    head: offset('tcp_sock', 'inet_conn.icsk_accept_queue.rskq_accept_head'),
    child: offset('request_sock', 'sk'),
    next: offset('request_sock', 'dl_next'),
    since: offset('tcp_sock', 'rcvq_space.time'),
    received: offset('tcp_sock', 'rcv_nxt'),
    read: offset('tcp_sock', 'copied_seq'),
    flags: ofSocket('__sk_common.skc_flags'),
    done: need(btf.enumValue('sock_flags', 'SOCK_DONE'), 'flag SOCK_DONE'),
    family: ofSocket('__sk_common.skc_family'),
    port: ofSocket('__sk_common.skc_dport'),
    address4: ofSocket('__sk_common.skc_daddr'),
    // A kernel without IPv6 has none.
    address6: btf.field('tcp_sock', 'inet_conn.icsk_inet.sk.__sk_common.skc_v6_daddr')?.offset,
  }
}

/**
 * iter/tcp (meta, socket): writes a record for each of the first that wait at each listener, and ends the walk at the first socket that is
 * none. If a cookie is its goal it passes over all others, leaves the records of that listener in `memory`, and ends the walk there.
 */
function waiting(fields: Fields, { descriptor }: CommonValue): Buffer {
  const record = -RECORD_BYTES
  /** First the listener, then one request of its queue after the other; and how many of these have been told. */
  const [queued, told] = [8, 9] as const
  const ownPort = socket
  const program = withCookie(atListener(fields.state), queued)
    .store(8, frame, record + at.cookie, 0)
    .loadMapValue(1, descriptor, 0)
    .load(8, 1, 1, common.goal)
    .jumpIf(1, '==', 0, 'wanted')
    .jumpIfRegister(1, '!=', 0, 'next')
    .label('wanted')
    .load(4, 1, queued, fields.length)
    .store(4, frame, record + at.length, 1)
    .load(4, 1, queued, fields.limit)
    .store(4, frame, record + at.limit, 1)
    .call(helpers.ktimeGetNs)
    .withConstant('div', 0, 1000)
    .store(8, frame, record + at.now, 0)
    .storeConstant(8, frame, record + at.address6, 0)
    .storeConstant(8, frame, record + at.address6 + 8, 0)
    .storeConstant(2, frame, record + at.rest, 0)
    .load(8, queued, queued, fields.head)
    .load(2, ownPort, socket, fields.ownPort)
    .withConstant('mov', told, 0)
    .label('one')
    // What is read through a pointer that is NULL is 0: so ends the queue.
    .load(8, 1, queued, fields.child)
    .call(helpers.skcToTcpSock)
    .jumpIf(0, '==', 0, 'all')
    // One that was reset has no port any more. Before Linux 5.15 the listener is not locked: another one was accepted meanwhile.
    .load(2, 1, 0, fields.ownPort)
    .jumpIf(1, '==', 0, 'its own')
    .jumpIfRegister(1, '!=', ownPort, 'all')
    .label('its own')
    // Stamped with the clock's microseconds at the final ACK, and not again before the first read.
    .load(8, 1, 0, fields.since)
    .store(8, frame, record + at.since, 1)
    .load(4, 1, 0, fields.received)
    .load(4, 2, 0, fields.read)
    .withRegister('sub', 1, 2)
    .store(4, frame, record + at.unread, 1)
    .load(2, 1, 0, fields.family)
    .store(2, frame, record + at.family, 1)
    .load(2, 1, 0, fields.port)
    .store(2, frame, record + at.port, 1)
    .load(4, 1, 0, fields.address4)
    .store(4, frame, record + at.address4, 1)
    .load(1, 1, 0, fields.state)
    .store(1, frame, record + at.state, 1)
    .storeConstant(1, frame, record + at.finished, 0)
    .load(8, 1, 0, fields.flags)
    .withConstant('and', 1, 1 << fields.done)
    .jumpIf(1, '==', 0, 'address')
    .storeConstant(1, frame, record + at.finished, 1)
    .label('address')
  if (fields.address6 !== undefined)
    for (const word of [0, 4, 8, 12])
      program.load(4, 1, 0, fields.address6 + word).store(4, frame, record + at.address6 + word, 1)
  program
    .loadMapValue(1, descriptor, 0)
    .load(8, 2, 1, common.goal)
    .jumpIf(2, '==', 0, 'write')
    .withRegister('mov', 2, told)
    .withConstant('shiftLeft', 2, Math.log2(RECORD_BYTES))
    .withRegister('add', 1, 2)
  leave(program, record, RECORD_BYTES, 1, common.records).jump('behind it').label('write')
  return written(program, record, RECORD_BYTES)
    .label('behind it')
    .load(8, queued, queued, fields.next)
    .withConstant('add', told, 1)
    .jumpIf(told, '<', MOST_WAITING, 'one')
    .label('all')
    .loadMapValue(1, descriptor, 0)
    .load(8, 2, 1, common.goal)
    .jumpIf(2, '==', 0, 'next')
    .store(4, 1, common.left, told)
    .jump('end')
    .label('next')
    .exit(0)
    .label('end')
    .exit(1)
    .bytes()
}
