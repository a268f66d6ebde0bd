/**
 * What happens at listening sockets between two looks at them: a connection joins an accept queue, one is accepted, a final
 * ACK is dropped. Counted in the kernel by programs at its tracepoints, for all network namespaces, and read from there:
 * docs/kernel-facts.md#events-of-an-accept-queue.
 */
import { KernelError } from '../errors.ts'
import { close } from '../libc.ts'
import { Assembly, frame, helpers } from './assembler.ts'
import { Btf } from './btf.ts'
import {
  at,
  CountsOfRecord,
  type EventKind,
  type EventReader,
  eventKinds,
  type ListenerCounts,
  RING,
  TOLD,
  VALUE_BYTES,
  waitBoundsUs,
} from './event-record.ts'
import { atListener, context, LISTEN, socket } from './iterator.ts'
import {
  type Attachment,
  attachTracepoint,
  BpfMap,
  CommonValue,
  linkIterator,
  loadProgram,
  pin,
} from './system-call.ts'

/** What `pin` leaves: the programs that watch, the one that forgets, and the one that tells. */
export type PinnedPart = EventKind | 'closes' | 'events'

const CLOSED = 7
/** More listeners at which anything happens are not counted, and that is told. */
const MOST = 4096
/** What is where in the one record that all programs share; `fresh` is a listener's record at its beginning. */
const shared = { lost: 0, slabs: 8, fresh: 40 } as const
/** Slabs of requests: IPv4 and IPv6, each also of MPTCP. */
const SLABS = 4
/** How many other CPUs may be ahead in the same nanoseconds before a peak is given up. */
const TRIES = 8

/**
 * Where in the kernel's code each kind is seen, and how many arguments are read there. One of kmem_cache_free is a pointer to const
 * void, which before Linux 6.16 only a program may read that takes all arguments as plain numbers.
 */
const places: Readonly<Record<EventKind, { tracepoint: string; takes: number; isRaw: boolean }>> = {
  joins: { tracepoint: 'sk_data_ready', takes: 1, isRaw: false },
  accepts: { tracepoint: 'kmem_cache_free', takes: 3, isRaw: true },
  drops: { tracepoint: 'kfree_skb', takes: 4, isRaw: false },
}

export interface ListenerEventsOptions {
  btf?: Btf
  without?: ReadonlyMap<EventKind, string>
}

/** None of the events can be watched: what was refused last, and why each is missing. */
export class NothingWatched extends KernelError {
  readonly missing: ReadonlyMap<EventKind, string>

  constructor({ call, code, doing, remedy }: KernelError, missing: ReadonlyMap<EventKind, string>) {
    super(call, code, doing, remedy)
    this.missing = missing
  }
}

/** Programs in the kernel that count what happens at listening sockets. */
export class ListenerEvents implements EventReader {
  /** Why something is not watched, as the kernel says it; what is watched is not among them. */
  readonly missing = new Map<EventKind, string>()
  readonly isOfOneNamespace = false
  readonly #descriptors: number[] = []
  readonly #values: CommonValue[] = []
  readonly #entries: BpfMap
  readonly #shared: CommonValue
  /** By the address of a request that came with a SYN cookie, the cookie of its listener: such a request does not name it. */
  readonly #requests: BpfMap
  /** The number of the present interval between two readings: peaks are those of one interval. */
  readonly #epoch: CommonValue
  readonly #key = Buffer.alloc(8)
  readonly #row = new CountsOfRecord()
  readonly #links = new Map<EventKind, number>()
  readonly #maps: Maps

  /**
   * Loads and attaches them. That takes CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, outside of any user namespace; reading takes
   * nothing since Linux 6.0. Throws a KernelError if nothing at all can be watched; what alone cannot is in `missing`, and so is
   * what is to be left out, for the reason that `without` gives.
   */
  constructor({ btf = Btf.ofKernel(), without = new Map() }: ListenerEventsOptions = {}) {
    for (const [kind, why] of without) this.missing.set(kind, why)
    // Before anything is made: a kernel that has none of them may refuse the maps too, for another reason.
    for (const kind of eventKinds) this.#find(kind, btf)
    try {
      this.#refuseNothing()
      this.#entries = this.#map(new BpfMap('listeners', 'hash', 8, VALUE_BYTES, MOST))
      this.#shared = this.#value(new CommonValue('shared', shared.fresh + VALUE_BYTES))
      this.#requests = this.#map(new BpfMap('requests', 'latest', 8, 8, MOST))
      this.#epoch = this.#value(new CommonValue('epoch', 8))
      this.#nextEpoch()
      const maps = {
        entries: this.#entries.descriptor,
        shared: this.#shared.descriptor,
        requests: this.#requests.descriptor,
        epoch: this.#epoch.descriptor,
      }
      this.#maps = maps
      // Where accepts are watched, joins leave the end of a full spell to them.
      this.#begin('accepts', btf, () => accepts(maps, acceptFields(btf)))
      this.#begin('joins', btf, () => joins(maps, joinFields(btf), !this.missing.has('accepts')))
      this.#begin('drops', btf, () => drops(maps, dropFields(btf)))
      const noJoins = this.missing.get('joins')
      if (noJoins !== undefined && !this.missing.has('accepts')) this.missing.set('accepts', noJoins)
      this.#refuseNothing()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Every listener at which anything has happened, and what. Takes some microseconds, and a fraction of one for each listener. */
  read(visit: (counts: ListenerCounts) => void): void {
    const epoch = this.#nextEpoch()
    this.#entries.read((keys, keyAt, values, valueAt) =>
      visit(this.#row.see(keys, keyAt, values, valueAt, epoch, epoch)),
    )
  }

  /**
   * How many events were not counted, at too many listeners. How often the kernel left a program out is no measure of it: it does where
   * an interrupt comes while the same program runs on that CPU, mostly for something that the program would have passed over.
   */
  missed(): number {
    const { words } = this.#shared
    return words[shared.lost / 4]! + words[shared.lost / 4 + 1]! * 2 ** 32
  }

  /**
   * Leaves the programs running when this process has ended, each pinned in a file of a bpffs, with two more: one that forgets
   * listeners as they close, which `forget` does otherwise, and one that tells what was counted to whoever reads its file: of the
   * reader's network namespace. `pathOf` says where. Throws a KernelError if the kernel refuses that.
   */
  pin(pathOf: (what: PinnedPart) => string, btf: Btf): void {
    const target = btf.typedef('btf_trace_inet_sock_set_state')
    if (target === undefined) throw missing('tracepoint inet_sock_set_state')
    const closing = this.#keep(loadProgram('closes', closes(this.#maps), { kind: 'tracepoint', target }))
    const walks = need(btf.func('bpf_iter_tcp'), 'BPF iterator over TCP sockets')
    const telling = this.#keep(
      loadProgram('tells', tells(this.#maps, tellFields(btf)), { kind: 'iterator', target: walks }),
    )
    pin(this.#keep(attachTracepoint(closing)), pathOf('closes'))
    for (const [kind, link] of this.#links) if (!this.missing.has(kind)) pin(link, pathOf(kind))
    pin(this.#keep(linkIterator(telling)), pathOf('events'))
  }

  /** Forgets a listener that has closed. */
  forget(cookieHigh: number, cookieLow: number): void {
    this.#key.writeUInt32LE(cookieLow >>> 0, 0)
    this.#key.writeUInt32LE(cookieHigh >>> 0, 4)
    this.#entries.delete(this.#key)
  }

  /** Takes the programs out of the kernel. */
  close(): void {
    for (const descriptor of this.#descriptors.splice(0).reverse()) close(descriptor)
    for (const value of this.#values.splice(0)) value.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #lastError: KernelError | undefined

  /** Looks whether the kernel has the place in its code, or says why one kind cannot be watched. */
  #find(kind: EventKind, btf: Btf): void {
    const { tracepoint, takes } = places[kind]
    this.#orMissing(kind, () => {
      const has = btf.tracepointArguments(tracepoint)
      if (has === undefined) throw missing(`tracepoint ${tracepoint}`)
      if (has < takes) throw missing(`tracepoint ${tracepoint} with ${takes} arguments, but one with ${has}`)
    })
  }

  /** Begins to watch one kind, or says why that cannot be. */
  #begin(kind: EventKind, btf: Btf, code: () => Buffer): void {
    const { tracepoint, isRaw } = places[kind]
    this.#orMissing(kind, () => {
      const target = need(btf.typedef(`btf_trace_${tracepoint}`), `tracepoint ${tracepoint}`)
      const attachment: Attachment = isRaw ? { kind: 'raw tracepoint' } : { kind: 'tracepoint', target }
      const program = this.#keep(loadProgram(kind, code(), attachment))
      this.#links.set(kind, this.#keep(attachTracepoint(program, isRaw ? tracepoint : undefined)))
    })
  }

  #orMissing(kind: EventKind, work: () => void): void {
    if (this.missing.has(kind)) return
    try {
      work()
    } catch (error) {
      if (!(error instanceof KernelError)) throw error
      this.#lastError = error
      this.missing.set(kind, error.message)
    }
  }

  #refuseNothing(): void {
    if (this.missing.size < eventKinds.length) return
    throw new NothingWatched(this.#lastError ?? missing('event that is wanted'), this.missing)
  }

  /** Begins the next interval, and gives the one that has ended. */
  #nextEpoch(): number {
    const { words } = this.#epoch
    const before = words[0]!
    // Some program may read it at this moment.
    words[0] = before + 1
    return before
  }

  #value(value: CommonValue): CommonValue {
    this.#values.push(value)
    return value
  }

  #map(map: BpfMap): BpfMap {
    this.#keep(map.descriptor)
    return map
  }

  #keep(descriptor: number): number {
    this.#descriptors.push(descriptor)
    return descriptor
  }
}

const missing = (what: string): KernelError =>
  new KernelError('bpf', 'ENOENT', 'Watching accept queues by BPF', `This kernel has no ${what}`)

function need(value: number | undefined, what: string): number {
  if (value !== undefined) return value
  throw missing(what)
}

/** The descriptors of the maps. */
interface Maps {
  entries: number
  shared: number
  requests: number
  epoch: number
}

const offsets = (btf: Btf) => (structure: string, path: string) =>
  need(btf.field(structure, path)?.offset, `field ${structure}.${path}`)

function socketFields(btf: Btf) {
  const offset = offsets(btf)
  return {
    state: offset('sock_common', 'skc_state'),
    port: offset('sock_common', 'skc_num'),
    length: offset('tcp_sock', 'inet_conn.icsk_inet.sk.sk_ack_backlog'),
    limit: offset('tcp_sock', 'inet_conn.icsk_inet.sk.sk_max_ack_backlog'),
  }
}

function joinFields(btf: Btf) {
  const offset = offsets(btf)
  return {
    ...socketFields(btf),
    listener: offset('request_sock', '__req_common.skc_listener'),
    tail: offset('tcp_sock', 'inet_conn.icsk_accept_queue.rskq_accept_tail'),
    operations: offset('request_sock', 'rsk_ops'),
    slab: offset('request_sock_ops', 'slab'),
  }
}

function tellFields(btf: Btf) {
  const offset = offsets(btf)
  return { state: offset('sock_common', 'skc_state'), number: offset('bpf_iter_meta', 'seq_num') }
}

function acceptFields(btf: Btf) {
  const offset = offsets(btf)
  return {
    ...socketFields(btf),
    ...castOf(btf),
    cookie: offset('sock_common', 'skc_cookie'),
    listener: offset('request_sock', '__req_common.skc_listener'),
    child: offset('request_sock', 'sk'),
    since: offset('tcp_sock', 'rcvq_space.time'),
    request: need(btf.struct('request_sock'), 'struct request_sock'),
    tcpSocket: need(btf.struct('tcp_sock'), 'struct tcp_sock'),
  }
}

function dropFields(btf: Btf) {
  const offset = offsets(btf)
  const reason = (name: string) =>
    need(btf.enumValue('skb_drop_reason', `SKB_DROP_REASON_${name}`), `drop reason ${name}`)
  return {
    ...socketFields(btf),
    ...castOf(btf),
    overflow: reason('TCP_LISTEN_OVERFLOW'),
    noSocket: reason('NO_SOCKET'),
    head: offset('sk_buff', 'head'),
    end: offset('sk_buff', 'end'),
    segments: offset('skb_shared_info', 'gso_segs'),
    sharedInfo: need(btf.struct('skb_shared_info'), 'struct skb_shared_info'),
  }
}

/** Of a plain address the kernel makes a pointer of a type: what is read through it may be old, and is 0 where nothing is. */
const castOf = (btf: Btf) => ({
  cast: need(btf.func('bpf_rdonly_cast'), 'function bpf_rdonly_cast for programs (Linux 6.2)'),
})

type SocketFields = ReturnType<typeof socketFields>

/** Registers that survive calls: what the hook is about, the listener, its record. */
const [subject, listener, entry] = [6, 7, 8] as const
/** Where the cookie is that is the key, and the address of a request. */
const KEY = -8
const REQUEST = -16

/** To `found` with the value in register 0 if there is one for the key that stands at `key`. */
const lookUp = (program: Assembly, map: number, key: number, found: string): Assembly =>
  program
    .loadMap(1, map)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, key)
    .call(helpers.mapLookup)
    .jumpIf(0, '!=', 0, found)

/** Goes on only with the listener's record in `entry`: the one of the cookie at KEY, or a fresh one. */
function findEntry(program: Assembly, { entries, shared: sharedMap }: Maps, fields: SocketFields): Assembly {
  lookUp(program, entries, KEY, 'known')
    .loadMap(1, entries)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, KEY)
    .loadMapValue(3, sharedMap, shared.fresh)
    .withConstant('mov', 4, NO_EXIST)
    .call(helpers.mapUpdate)
  return lookUp(program, entries, KEY, 'fresh')
    .loadMapValue(1, sharedMap, shared.lost)
    .withConstant('mov', 2, 1)
    .atomic('add', 1, 0, 2)
    .jump('end')
    .label('fresh')
    .withRegister('mov', entry, 0)
    .call(helpers.ktimeGetNs)
    .store(8, entry, at.since, 0)
    .jump('entry of it')
    .label('known')
    .withRegister('mov', entry, 0)
    .label('entry of it')
    .load(2, 1, listener, fields.port)
    .store(4, entry, at.port, 1)
}
const NO_EXIST = 1

const addOne = (program: Assembly, offset: number): Assembly =>
  program.withConstant('mov', 1, 1).atomic('add', entry, offset, 1)

/**
 * sk_data_ready(socket): of a listener when a connection has come into its queue; of any other socket when data have, so that
 * this must be quick to see that it is not meant.
 */
function joins(maps: Maps, fields: ReturnType<typeof joinFields>, endsAreSeen: boolean): Buffer {
  const program = new Assembly()
    .load(8, subject, 1, 0)
    .load(1, 1, subject, fields.state)
    .jumpIf(1, '!=', LISTEN, 'end')
    .withRegister('mov', 1, subject)
    .call(helpers.skcToTcpSock)
    .jumpIf(0, '==', 0, 'end')
    .withRegister('mov', listener, 0)
    .withRegister('mov', 1, subject)
    .call(helpers.getSocketCookie)
    .store(8, frame, KEY, 0)
  findEntry(program, maps, fields)
  addOne(program, at.joined)
    // A peak belongs to the limit that it was seen under.
    .load(4, 1, listener, fields.limit)
    .load(4, 2, entry, at.limit)
    .jumpIfRegister(1, '==', 2, 'same limit')
    .store(4, entry, at.limit, 1)
  for (let slot = 0; slot < RING; slot++) program.storeConstant(8, entry, at.peaks + 8 * slot, 0)
  program.label('same limit')
  raisePeak(program, maps, fields)
  becomeFull(program, fields, endsAreSeen)
  learnRequest(program, maps, fields)
  return program.label('end').exit(0).bytes()
}

/** The interval and the length in one number, so that the higher of two is what is wanted: a later interval, or a longer queue. */
function raisePeak(program: Assembly, { epoch }: Maps, { length }: SocketFields): void {
  const [peak, highest, before] = [3, 4, 5] as const
  program
    .loadMapValue(1, epoch, 0)
    .load(4, highest, 1, 0)
    .withRegister('mov', peak, highest)
    .withConstant('and', peak, RING - 1)
    .withConstant('shiftLeft', peak, 3)
    .withRegister('add', peak, entry)
    .withConstant('shiftLeft', highest, 32)
    .load(4, 1, listener, length)
    .withRegister('or', highest, 1)
  for (let attempt = 0; attempt < TRIES; attempt++)
    program
      .load(8, before, peak, at.peaks)
      .jumpIfRegister(before, '>=', highest, 'raised')
      .withRegister('mov', 0, before)
      .atomic('compareExchange', peak, at.peaks, highest)
      .jumpIfRegister(0, '==', before, 'raised')
  program.label('raised')
}

/**
 * Since when the queue has been full. Without a hook at accept() one that was full must have lost somebody before it can become
 * full again, at a time that nobody saw: each time it does is a new spell.
 */
function becomeFull(program: Assembly, { length, limit }: SocketFields, endsAreSeen: boolean): void {
  const now = 9
  program
    .load(4, 1, listener, length)
    .load(4, 2, listener, limit)
    .jumpIfRegister(1, '<=', 2, 'not full')
    .call(helpers.ktimeGetNs)
    .withRegister('mov', now, 0)
  if (!endsAreSeen) {
    program.store(8, entry, at.fullSince, now)
    addOne(program, at.timesFull).label('not full')
    return
  }
  program.withConstant('mov', 0, 0).atomic('compareExchange', entry, at.fullSince, now).jumpIf(0, '!=', 0, 'not full')
  addOne(program, at.timesFull)
    // If somebody was accepted meanwhile, who saw no spell to end, it has ended already.
    .load(4, 1, listener, length)
    .load(4, 2, listener, limit)
    .jumpIfRegister(1, '>', 2, 'not full')
    .withRegister('mov', 0, now)
    .withConstant('mov', 1, 0)
    .atomic('compareExchange', entry, at.fullSince, 1)
    .label('not full')
}

/**
 * What accept() will free: the slab of the request that has joined, and whose it is, if it came with a SYN cookie. Where two
 * join at the same moment on two CPUs, both see the later one.
 */
function learnRequest(program: Assembly, { shared: sharedMap, requests }: Maps, fields: ReturnType<typeof joinFields>) {
  program
    .load(8, 1, listener, fields.tail)
    .jumpIf(1, '==', 0, 'end')
    .load(8, 2, 1, fields.listener)
    .jumpIf(2, '!=', 0, 'named')
    .store(8, frame, REQUEST, 1)
    .loadMap(1, requests)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, REQUEST)
    .withRegister('mov', 3, frame)
    .withConstant('add', 3, KEY)
    .withConstant('mov', 4, 0)
    .call(helpers.mapUpdate)
    .load(8, 1, listener, fields.tail)
    .label('named')
    .load(8, 1, 1, fields.operations)
    .load(8, 1, 1, fields.slab)
    .jumpIf(1, '==', 0, 'end')
    .loadMapValue(2, sharedMap, shared.slabs)
  for (let slab = 0; slab < SLABS; slab++) program.load(8, 3, 2, 8 * slab).jumpIfRegister(3, '==', 1, 'end')
  for (let slab = 0; slab < SLABS; slab++)
    program
      .load(8, 3, 2, 8 * slab)
      .jumpIf(3, '!=', 0, `taken ${slab}`)
      .store(8, 2, 8 * slab, 1)
      .jump('end')
      .label(`taken ${slab}`)
}

/**
 * kmem_cache_free(place, object, slab): accept() frees the request that stood in the queue, and nothing else frees one that has
 * a connection while its listener listens. So many other things are freed that this must be quick to see that it is not meant.
 */
function accepts(maps: Maps, fields: ReturnType<typeof acceptFields>): Buffer {
  const child = 9
  const program = new Assembly().load(8, 2, 1, 16).loadMapValue(3, maps.shared, shared.slabs)
  for (let slab = 0; slab < SLABS; slab++) program.load(8, 4, 3, 8 * slab).jumpIfRegister(2, '==', 4, 'request')
  program
    .jump('end')
    .label('request')
    .load(8, 1, 1, 8)
    .store(8, frame, REQUEST, 1)
    .withConstant('mov', 2, fields.request)
    .callKernel(fields.cast)
    .load(8, listener, 0, fields.listener)
    .load(8, 1, 0, fields.child)
    .jumpIf(1, '==', 0, 'end')
    .withConstant('mov', 2, fields.tcpSocket)
    .callKernel(fields.cast)
    .withRegister('mov', child, 0)
    .jumpIf(listener, '==', 0, 'nameless')
    .withRegister('mov', 1, listener)
    .withConstant('mov', 2, fields.tcpSocket)
    .callKernel(fields.cast)
    .withRegister('mov', listener, 0)
    .load(1, 1, listener, fields.state)
    .jumpIf(1, '!=', LISTEN, 'end')
    .load(8, 1, listener, fields.cookie)
    .jumpIf(1, '==', 0, 'end')
    .store(8, frame, KEY, 1)
  findEntry(program, maps, fields)
    // Whether this has ended a full spell; one that another limit has ended, nobody knows when, is not counted.
    .load(4, 1, listener, fields.length)
    .load(4, 2, listener, fields.limit)
    .load(4, 3, entry, at.limit)
    .jumpIfRegister(2, '==', 3, 'same limit')
    .storeConstant(8, entry, at.fullSince, 0)
    .jump('no spell')
    .label('same limit')
    .jumpIfRegister(1, '>', 2, 'no spell')
    .jump('spell')
    .label('nameless')
    .load(1, 1, child, fields.state)
    .jumpIf(1, '==', CLOSED, 'end')
  lookUp(program, maps.requests, REQUEST, 'cookie').jump('end').label('cookie').load(8, 1, 0, 0).store(8, frame, KEY, 1)
  lookUp(program, maps.entries, KEY, 'entry')
    .jump('end')
    .label('entry')
    .withRegister('mov', entry, 0)
    .label('spell')
    .call(helpers.ktimeGetNs)
    .withRegister('mov', subject, 0)
    .load(8, 1, entry, at.fullSince)
    .jumpIf(1, '==', 0, 'count')
    .withConstant('mov', 1, 0)
    .atomic('exchange', entry, at.fullSince, 1)
    .jumpIf(1, '==', 0, 'count')
    .withRegister('mov', 2, subject)
    .withRegister('sub', 2, 1)
    .atomic('add', entry, at.fullNs, 2)
    .jump('count')
    .label('no spell')
    .call(helpers.ktimeGetNs)
    .withRegister('mov', subject, 0)
    .label('count')
  addOne(program, at.accepted)
    // How long it has waited: stamped in microseconds at the final ACK, and not again before the first read.
    .withConstant('div', subject, 1000)
    .load(8, 1, child, fields.since)
    .jumpIfRegister(1, '>', subject, 'end')
    .withRegister('sub', subject, 1)
    .atomic('add', entry, at.waitSum, subject)
    .withConstant('mov', 1, 1)
  for (const [index, bound] of waitBoundsUs.entries())
    program
      .jumpIf(subject, '>', bound, `over ${bound}`)
      .atomic('add', entry, at.waits + 8 * index, 1)
      .jump('end')
      .label(`over ${bound}`)
  return program
    .atomic('add', entry, at.waits + 8 * waitBoundsUs.length, 1)
    .label('end')
    .exit(0)
    .bytes()
}

/** kfree_skb(packet, place, reason, socket): packets that were dropped at a listener. SYNs are not among them. */
function drops(maps: Maps, fields: ReturnType<typeof dropFields>): Buffer {
  const [packet, reason] = [6, 9] as const
  const program = new Assembly()
    .load(8, packet, 1, 0)
    .load(4, reason, 1, 16)
    .load(8, 7, 1, 24)
    .jumpIf(7, '==', 0, 'end')
    .load(1, 1, 7, fields.state)
    .jumpIf(1, '!=', LISTEN, 'end')
    .withRegister('mov', 1, 7)
    .call(helpers.getSocketCookie)
    .store(8, frame, KEY, 0)
    .withRegister('mov', 1, 7)
    .call(helpers.skcToTcpSock)
    .jumpIf(0, '==', 0, 'end')
    .withRegister('mov', listener, 0)
  findEntry(program, maps, fields).jumpIf(reason, '==', fields.noSocket, 'cookie')
  // The kernel counts a drop for each segment that it has merged into the packet.
  program
    .load(8, 1, packet, fields.head)
    .load(4, 2, packet, fields.end)
    .withRegister('add', 1, 2)
    .withConstant('mov', 2, fields.sharedInfo)
    .callKernel(fields.cast)
    .load(2, 1, 0, fields.segments)
    .jumpIf(1, '!=', 0, 'merged')
    .withConstant('mov', 1, 1)
    .label('merged')
    .atomic('add', entry, at.discarded, 1)
    .jumpIf(reason, '!=', fields.overflow, 'end')
  // And one more for the connection that found no room.
  addOne(program, at.discarded)
  addOne(program, at.finalAckDrops).jump('end').label('cookie')
  addOne(program, at.discarded)
  return addOne(program, at.cookieAckDrops).label('end').exit(0).bytes()
}

/** inet_sock_set_state(socket, old state, new state): a listener that closes is no longer counted. */
function closes({ entries }: Maps): Buffer {
  return new Assembly()
    .load(4, 2, 1, 8)
    .jumpIf(2, '!=', LISTEN, 'end')
    .load(8, 1, 1, 0)
    .call(helpers.getSocketCookie)
    .store(8, frame, KEY, 0)
    .loadMap(1, entries)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, KEY)
    .call(helpers.mapDelete)
    .label('end')
    .exit(0)
    .bytes()
}

/**
 * iter/tcp (meta, socket): writes what was counted of each listener, behind its head, and ends the walk at the first socket that is
 * none. Its first record begins the next interval, and tells the one that has ended.
 */
function tells(maps: Maps, fields: ReturnType<typeof tellFields>): Buffer {
  const record = -TOLD.value
  const write = (program: Assembly, bytes: number): Assembly =>
    program.load(8, 1, context, 0).load(8, 1, 1, 0).withConstant('mov', 3, bytes).call(helpers.seqWrite)
  const program = atListener(fields.state)
    .withRegister('mov', 1, socket)
    .call(helpers.getSocketCookie)
    .store(8, frame, record + TOLD.cookie, 0)
    .load(8, 2, context, 0)
    .load(8, 2, 2, fields.number)
    .loadMapValue(1, maps.epoch, 0)
    .jumpIf(2, '!=', 0, 'later')
    .withConstant('mov', 3, 1)
    .atomic('fetchAdd', 1, 0, 3)
    .jump('interval')
    .label('later')
    .load(8, 3, 1, 0)
    .label('interval')
    .store(8, frame, record + TOLD.interval, 3)
    .loadMapValue(1, maps.shared, shared.lost)
    .load(8, 1, 1, 0)
    .store(8, frame, record + TOLD.lost, 1)
    .withRegister('mov', 2, frame)
    .withConstant('add', 2, record)
  write(program, TOLD.value)
  lookUp(program, maps.entries, record + TOLD.cookie, 'known')
    .loadMapValue(0, maps.shared, shared.fresh)
    .label('known')
    .withRegister('mov', 2, 0)
  return write(program, VALUE_BYTES).label('next').exit(0).label('end').exit(1).bytes()
}
