/**
 * What the kernel keeps of each listening socket and sock_diag does not tell: the half-open requests of this socket alone,
 * and since when the first in its accept queue has waited. Read by a BPF iterator over the TCP sockets of a namespace, which
 * shows the listening ones first: docs/kernel-facts.md#what-only-bpf-shows.
 */
import { KernelError } from '../errors.ts'
import { frame, helpers } from './assembler.ts'
import { Btf } from './btf.ts'
import { atListener, common, ListenerWalk, leave, need, socket, withCookie, written } from './iterator.ts'
import type { CommonValue } from './system-call.ts'

/** One listening socket at one moment. `ExactListeners.read` gives the same object again and again. */
export interface ExactListener {
  /** The upper and the lower half of its cookie, as sock_diag shows it. */
  cookieHigh: number
  cookieLow: number
  port: number
  /** Half-open requests of this socket, and those of them whose SYN-ACK has not timed out yet: younger than a second. */
  synQueue: number
  young: number
  length: number
  limit: number
  /** How long the first in the accept queue has waited since its final ACK, in microseconds; undefined if nobody waits. */
  oldestWaitUs: number | undefined
}

/** The cookie as sock_diag and SO_COOKIE give it. */
export const cookieOf = ({ cookieHigh, cookieLow }: Pick<ExactListener, 'cookieHigh' | 'cookieLow'>): bigint =>
  (BigInt(cookieHigh) << 32n) | BigInt(cookieLow)

/** Why this process may not read listeners by BPF here; undefined if it may. */
export function whyNoBpf(): string | undefined {
  try {
    new ExactListeners().close()
    return undefined
  } catch (error) {
    if (error instanceof KernelError) return error.message
    throw error
  }
}

/** The program's record: what is where. */
const at = { cookie: 0, port: 8, synQueue: 12, young: 16, length: 20, limit: 24, childPort: 28, since: 32, now: 40 }
const RECORD_BYTES = 48

/** A program in the kernel that tells what each listener holds. */
export class ExactListeners {
  readonly #walk: ListenerWalk

  /** Loads the program, or reads through the file of one that was pinned: see `ListenerWalk`. */
  constructor(source: Btf | string = Btf.ofKernel()) {
    this.#walk = new ListenerWalk(source, {
      name: 'listeners',
      recordBytes: RECORD_BYTES,
      mostLeft: 1,
      code: (btf, memory) => listeners(fieldsOf(btf), memory),
    })
  }

  /**
   * Every listening socket of the calling thread's network namespace: see `ListenerWalk`. The first so many of them, if `count` says how many
   * there are: true if there are as many, and then the kernel has not walked on to see whether there are more. Without, or where others
   * have loaded the program, all of them.
   */
  read(visit: (listener: ExactListener) => void, count = 0): boolean {
    return this.#walk.read((_, at, words) => visit(this.#row(words, at >> 2)), count)
  }

  /** Leaves the loaded program in a file of a bpffs, through which it is read after this process has ended too. */
  pin(path: string): void {
    this.#walk.pin(path)
  }

  /** Why a pinned one is not to be read any more: see `ListenerWalk`. */
  get gone(): KernelError | undefined {
    return this.#walk.gone
  }

  readonly #shown: ExactListener = {
    cookieHigh: 0,
    cookieLow: 0,
    port: 0,
    synQueue: 0,
    young: 0,
    length: 0,
    limit: 0,
    oldestWaitUs: undefined,
  }

  #row(words: Uint32Array, row: number): ExactListener {
    const shown = this.#shown
    const word = (offset: number): number => words[row + (offset >> 2)]!
    const micros = (offset: number): number => word(offset) + word(offset + 4) * 2 ** 32
    shown.cookieLow = word(at.cookie)
    shown.cookieHigh = word(at.cookie + 4)
    shown.port = word(at.port)
    shown.synQueue = word(at.synQueue)
    shown.young = word(at.young)
    shown.length = word(at.length)
    shown.limit = word(at.limit)
    const since = micros(at.since)
    const waitUs = micros(at.now) - since
    // Before Linux 5.15 the first in the queue may have been accepted, and its memory used again, while it was looked at. One that
    // was reset keeps its place, and has no port any more.
    const isOfIt = word(at.childPort) === shown.port || word(at.childPort) === 0
    const waits = since !== 0 && isOfIt && waitUs >= 0 && shown.length > 0
    shown.oldestWaitUs = waits ? waitUs : undefined
    return shown
  }

  /** Takes the program out of the kernel. */
  close(): void {
    this.#walk.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

type Fields = ReturnType<typeof fieldsOf>

function fieldsOf(btf: Btf) {
  const offset = (structure: string, path: string): number =>
    need(btf.field(structure, path), `field ${structure}.${path}`).offset
  const ofQueue = (path: string) => offset('tcp_sock', `inet_conn.icsk_accept_queue.${path}`)
  return {
    state: offset('sock_common', 'skc_state'),
    port: offset('sock_common', 'skc_num'),
    length: offset('tcp_sock', 'inet_conn.icsk_inet.sk.sk_ack_backlog'),
    limit: offset('tcp_sock', 'inet_conn.icsk_inet.sk.sk_max_ack_backlog'),
    synQueue: ofQueue('qlen'),
    young: ofQueue('young'),
    head: ofQueue('rskq_accept_head'),
    child: offset('request_sock', 'sk'),
    since: offset('tcp_sock', 'rcvq_space.time'),
  }
}

/**
 * iter/tcp (meta, socket): writes a record for each listener, and ends the walk at the first socket that is none, or at the listener
 * whose number is the goal: the record of that one it leaves in `memory`.
 */
function listeners(fields: Fields, { descriptor }: CommonValue): Buffer {
  const record = -RECORD_BYTES
  const [listener, shared] = [8, 9] as const
  const program = withCookie(atListener(fields.state), listener)
    .store(8, frame, record + at.cookie, 0)
    .load(2, 1, socket, fields.port)
    .store(4, frame, record + at.port, 1)
  for (const name of ['synQueue', 'young', 'length', 'limit'] as const)
    program.load(4, 1, listener, fields[name]).store(4, frame, record + at[name], 1)
  program
    .storeConstant(8, frame, record + at.since, 0)
    .storeConstant(8, frame, record + at.now, 0)
    .storeConstant(4, frame, record + at.childPort, 0)
    // The first in the queue, if there is one: what is read through a pointer that is NULL is 0.
    .load(8, 1, listener, fields.head)
    .load(8, 1, 1, fields.child)
    .call(helpers.skcToTcpSock)
    .jumpIf(0, '==', 0, 'nobody waits')
    // Stamped with the clock's microseconds at the final ACK, and not again before the first read.
    .load(8, 1, 0, fields.since)
    .store(8, frame, record + at.since, 1)
    .load(2, 1, 0, fields.port)
    .store(4, frame, record + at.childPort, 1)
    .call(helpers.ktimeGetNs)
    .withConstant('div', 0, 1000)
    .store(8, frame, record + at.now, 0)
    .label('nobody waits')
    .loadMapValue(shared, descriptor, 0)
    .load(4, 1, shared, common.goal)
    .jumpIf(1, '==', 0, 'not the last')
    .load(4, 2, shared, common.seen)
    .jumpIfRegister(2, '>=', 1, 'end')
    .withConstant('add', 2, 1)
    .jumpIfRegister(2, '!=', 1, 'not the last')
  leave(program, record, RECORD_BYTES, shared, common.records)
    .store(4, shared, common.seen, 2)
    .storeConstant(4, shared, common.left, 1)
    .jump('end')
    .label('not the last')
  // What finds no room is shown again in the next read, and not counted before.
  return written(program, record, RECORD_BYTES)
    .jumpIf(0, '!=', 0, 'next')
    .load(4, 1, shared, common.seen)
    .withConstant('add', 1, 1)
    .store(4, shared, common.seen, 1)
    .label('next')
    .exit(0)
    .label('end')
    .exit(1)
    .bytes()
}
