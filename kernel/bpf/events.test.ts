import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import test from 'node:test'
import { type Client, Listener, pauseMs } from '../fixtures/sockets.ts'
import * as libc from '../libc.ts'
import { acceptQueue, deferAccept, relisten, socketCookie } from '../listener.ts'
import { steer } from '../reuseport.ts'
import { Btf } from './btf.ts'
import { type EventKind, eventKinds, type ListenerCounts, waitBoundsUs } from './event-record.ts'
import { ListenerEvents, NothingWatched } from './events.ts'
import { whyNoBpf } from './listeners.ts'

// No tool that one could install: a host may refuse BPF to everybody, or have an older kernel.
const refused = whyNoBpf()
const { watching, missing } = refused === undefined ? watchingHere() : {}
/** Of no kind in particular: any that can be watched. */
const needs = (...kinds: EventKind[]) => ({
  skip:
    refused ??
    kinds.map((kind) => missing?.get(kind)).find((why) => why !== undefined) ??
    (watching === undefined ? [...(missing?.values() ?? [])][0] : undefined) ??
    false,
})

/** What this kernel lets one watch; nothing at all on an old one. */
function watchingHere(): { watching?: ListenerEvents; missing: ReadonlyMap<EventKind, string> } {
  try {
    const watching = new ListenerEvents()
    return { watching, missing: watching.missing }
  } catch (error) {
    if (error instanceof NothingWatched) return { missing: error.missing }
    throw error
  }
}

test.after(() => watching?.close())

/** What has happened at these listeners, in their order; undefined where nothing has. */
function counts(events: ListenerEvents | undefined, ...listeners: Listener[]): (ListenerCounts | undefined)[] {
  assert.ok(events)
  const byCookie = new Map<bigint, ListenerCounts>()
  events.read((row) =>
    byCookie.set((BigInt(row.cookieHigh) << 32n) | BigInt(row.cookieLow), { ...row, waits: row.waits.slice() }),
  )
  return listeners.map(({ fd }) => byCookie.get(socketCookie(fd)))
}
const countsOf = (listener: Listener): ListenerCounts => {
  const [row] = counts(watching, listener)
  assert.ok(row, 'something has happened there')
  return row
}

function accept({ fd }: Listener): void {
  const accepted = libc.acceptIfAny(fd, 'Accepting')
  assert.ok(accepted !== undefined)
  libc.close(accepted)
}

/** Closes what is added to it. */
const held = () => {
  const clients: Client[] = []
  return {
    clients,
    connect: (listener: Listener, count: number) => {
      for (let client = 0; client < count; client++) clients.push(listener.connect())
    },
    [Symbol.dispose]: () => {
      for (const client of clients) client[Symbol.dispose]()
    },
  }
}

for (const address of ['127.0.0.1', '::1'])
  test(`a queue that rose and fell between two readings has left its peak, once: ${address}`, needs('joins'), () => {
    using listener = new Listener({ backlog: 9, address })
    using made = held()
    for (const [length, longest] of [
      [7, 7],
      [2, 2],
    ] as const) {
      made.connect(listener, length)
      for (let accepted = 0; accepted < length; accepted++) accept(listener)
      assert.equal(acceptQueue(listener.fd).length, 0, 'no look would have seen anybody')
      const { peak, limit, port } = countsOf(listener)
      assert.deepEqual([peak, limit, port], [longest, 9, listener.port])
    }
    const { peak, joined } = countsOf(listener)
    assert.deepEqual([peak, joined], [0, 9])
  })

test('a peak is that of the limit under which it was seen', needs('joins'), () => {
  using listener = new Listener({ backlog: 20 })
  using made = held()
  made.connect(listener, 9)
  while (acceptQueue(listener.fd).length > 0) accept(listener)
  relisten(listener.fd, 4)
  made.connect(listener, 1)
  const { peak, limit } = countsOf(listener)
  assert.deepEqual([peak, limit], [1, 4])
})

test('members of a group are told apart', needs('joins', 'accepts'), () => {
  using first = new Listener({ reusePort: true })
  using second = new Listener({ reusePort: true, port: first.port })
  using made = held()
  for (const [member, clients] of [3, 5].entries()) {
    steer(first.fd, { by: 'member', member })
    made.connect(first, clients)
  }
  accept(second)
  assert.deepEqual(
    counts(watching, first, second).map((row) => [row?.joined, row?.accepted]),
    [
      [3, 0],
      [5, 1],
    ],
  )
})

test('how long a queue was full is told by the clock, also of spells between two readings', needs('accepts'), () => {
  using listener = new Listener({ backlog: 2 })
  using made = held()
  let least = 0
  let most = 0
  for (const pause of [3, 11]) {
    made.connect(listener, 2)
    const before = process.hrtime.bigint()
    made.connect(listener, 1)
    const full = process.hrtime.bigint()
    pauseMs(pause)
    const stillFull = process.hrtime.bigint()
    accept(listener)
    most += Number(process.hrtime.bigint() - before) / 1e6
    least += Number(stillFull - full) / 1e6
    while (acceptQueue(listener.fd).length > 0) accept(listener)
  }
  const { timesFull, fullMs, fullSinceMs } = countsOf(listener)
  assert.equal(timesFull, 2)
  assert.equal(fullSinceMs, undefined)
  assert.ok(fullMs >= least && fullMs <= most, `${fullMs} between ${least} and ${most}`)
})

test('a spell that lasts says since when, and one more client than fits begins no other', needs('accepts'), () => {
  using listener = new Listener({ backlog: 1 })
  using made = held()
  const before = Number(process.hrtime.bigint()) / 1e6
  made.connect(listener, 4)
  const after = Number(process.hrtime.bigint()) / 1e6
  const { timesFull, fullMs, fullSinceMs } = countsOf(listener)
  assert.deepEqual([timesFull, fullMs], [1, 0])
  assert.ok(fullSinceMs !== undefined && fullSinceMs >= before && fullSinceMs <= after)
})

test('a spell that a larger backlog has ended is not counted on until somebody is accepted', needs('accepts'), () => {
  using listener = new Listener({ backlog: 1 })
  using made = held()
  made.connect(listener, 2)
  relisten(listener.fd, 10)
  pauseMs(5)
  accept(listener)
  const { timesFull, fullMs, fullSinceMs } = countsOf(listener)
  assert.deepEqual([timesFull, fullMs, fullSinceMs], [1, 0, undefined])
})

test('without a look at accept(), each time that a queue becomes full is counted all the same', needs('joins'), () => {
  using events = new ListenerEvents({ without: new Map([['accepts', 'not wanted']]) })
  assert.equal(events.missing.get('accepts'), 'not wanted')
  using listener = new Listener({ backlog: 1 })
  using made = held()
  for (let spell = 0; spell < 3; spell++) {
    made.connect(listener, 2)
    while (acceptQueue(listener.fd).length > 0) accept(listener)
  }
  const [row] = counts(events, listener)
  assert.deepEqual([row?.timesFull, row?.joined, row?.accepted], [3, 6, 0])
})

test('each wait until accept() falls into the class that its length says', needs('accepts'), () => {
  using listener = new Listener()
  using made = held()
  const bounds: [least: number, most: number][] = []
  for (const pause of [0, 2, 30, 7]) {
    const before = process.hrtime.bigint()
    made.connect(listener, 1)
    const connected = process.hrtime.bigint()
    pauseMs(pause)
    const asked = process.hrtime.bigint()
    accept(listener)
    bounds.push([Number(asked - connected) / 1000 - 1, Number(process.hrtime.bigint() - before) / 1000 + 1])
  }
  const { accepted, waits, waitSumMs } = countsOf(listener)
  const sum = (side: 0 | 1) => bounds.reduce((total, pair) => total + pair[side], 0) / 1000
  assert.equal(accepted, 4)
  assert.equal(
    waits.reduce((total, count) => total + count, 0),
    4,
  )
  assert.ok(waitSumMs >= sum(0) && waitSumMs <= sum(1), `${waitSumMs} between ${sum(0)} and ${sum(1)}`)
  // By each bound at least as many as certainly waited no longer, and at most as many as may have.
  let upTo = 0
  for (const [index, bound] of waitBoundsUs.entries()) {
    upTo += waits[index]!
    assert.ok(upTo >= bounds.filter(([, most]) => most <= bound).length, `${upTo} up to ${bound}`)
    assert.ok(upTo <= bounds.filter(([least]) => least <= bound).length, `${upTo} up to ${bound}`)
  }
})

test('of what a listener drops, final ACKs are told from SYNs, which no counter does', needs('drops'), () => {
  using listener = new Listener({ backlog: 20 })
  using made = held()
  deferAccept(listener.fd, 60)
  made.connect(listener, 8)
  const { discarded: bareAcks } = countsOf(listener)
  assert.equal(bareAcks, 8, 'each bare ACK is set aside')
  assert.equal(acceptQueue(listener.fd).drops, 8, 'and counts as a drop')
  relisten(listener.fd, 1)
  for (const client of made.clients) client.send('x')
  deferAccept(listener.fd, 0)
  const late = made.clients.length
  made.connect(listener, 3)
  const retried = made.clients.reduce((sum, { fd }) => sum + retransmitsOf(fd), 0)
  const { drops, length } = acceptQueue(listener.fd)
  const { finalAckDrops, discarded } = countsOf(listener)
  assert.equal(length, 2)
  if (retried > 0) return // a machine so slow that packets were sent again: more was dropped than was sent above
  assert.equal(finalAckDrops, 6)
  assert.equal(discarded, 8 + 2 * 6)
  assert.equal(drops - discarded, made.clients.length - late, 'the rest are SYNs')
})

function retransmitsOf(fd: number): number {
  const info = Buffer.alloc(256)
  libc.getsockopt(fd, libc.IPPROTO_TCP, libc.TCP_INFO, info, 'Asking a client for its retransmissions')
  return info.readUInt32LE(100) // tcpi_total_retrans
}

test('who comes by a SYN cookie joins and is accepted like others', needs('joins', 'accepts'), () => {
  using listener = new Listener({ backlog: 3 })
  using made = held()
  deferAccept(listener.fd, 60)
  // Four requests fill the SYN queue, and are deferred; whoever comes then gets a cookie, which is not.
  made.connect(listener, 6)
  const { joined } = countsOf(listener)
  assert.equal(joined, acceptQueue(listener.fd).length)
  assert.equal(joined, 2)
  accept(listener)
  assert.equal(countsOf(listener).accepted, 1)
})

test('what closes its listener is neither accepted, nor a reason to remember it', needs('joins', 'accepts'), () => {
  using made = held()
  const listener = new Listener()
  made.connect(listener, 2)
  const cookie = socketCookie(listener.fd)
  const before = countsOf(listener)
  listener[Symbol.dispose]()
  const after = (): ListenerCounts | undefined => {
    let found: ListenerCounts | undefined
    watching!.read((row) => {
      if (row.cookieLow === before.cookieLow && row.cookieHigh === before.cookieHigh) found = { ...row }
    })
    return found
  }
  assert.equal(after()?.accepted, 0)
  watching!.forget(Number(cookie >> 32n), Number(cookie & 0xffffffffn))
  assert.equal(after(), undefined)
})

test('thousands of connections are all counted', needs('joins', 'accepts'), () => {
  using listener = new Listener({ backlog: 50 })
  for (let round = 0; round < 40; round++) {
    using made = held()
    made.connect(listener, 50)
    for (let accepted = 0; accepted < 50; accepted++) accept(listener)
  }
  const { joined, accepted, peak } = countsOf(listener)
  assert.deepEqual([joined, accepted, peak], [2000, 2000, 50])
})

test(
  'programs that interrupt one another for other things have missed nothing of a listener',
  needs('joins', 'accepts'),
  () => {
    assert.ok(watching)
    // What it has looked up is freed in interrupts.
    const walks = spawn('timeout', ['60', 'sh', '-c', 'while :; do find /usr -xdev -type f >/dev/null; done'], {
      stdio: 'ignore',
      detached: true,
    })
    try {
      using listener = new Listener()
      const before = watching.missed()
      for (let round = 0; round < 40; round++) {
        for (let client = 0; client < 25; client++) {
          using _client = listener.connect()
          accept(listener)
        }
        pauseMs(50)
      }
      const { joined, accepted } = countsOf(listener)
      assert.deepEqual({ joined, missed: watching.missed() - before }, { joined: 1000, missed: 0 })
      // Where a process may be preempted within a program (seen on 7.3), another one's accept is left out now and then.
      assert.ok(accepted >= 990 && accepted <= 1000, `${accepted} of 1000`)
    } finally {
      process.kill(-walks.pid!, 'SIGKILL')
    }
  },
)

test('a kernel without one of these has the others, and says what it lacks', needs(...eventKinds), () => {
  using events = new ListenerEvents({ without: new Map([['joins', 'no such tracepoint']]) })
  assert.deepEqual([...events.missing.keys()].sort(), ['accepts', 'joins'])
  using listener = new Listener()
  using made = held()
  deferAccept(listener.fd, 60)
  made.connect(listener, 1)
  const [row] = counts(events, listener)
  assert.deepEqual([row?.joined, row?.discarded], [0, 1])
})

test('where none of them can be had, each says its own reason', () => {
  // Of a kernel that describes no types.
  const header = Buffer.alloc(25)
  header.writeUInt16LE(0xeb9f, 0)
  header.writeUInt32LE(24, 4)
  header.writeUInt32LE(1, 20)
  const without = new Map([['drops', 'no such reason'] as const])
  assert.throws(
    () => new ListenerEvents({ btf: new Btf(header), without }),
    (error) => {
      assert.ok(error instanceof NothingWatched)
      assert.match(error.missing.get('joins') ?? '', /This kernel has no tracepoint sk_data_ready$/)
      assert.match(error.missing.get('accepts') ?? '', /This kernel has no tracepoint kmem_cache_free$/)
      assert.equal(error.missing.get('drops'), 'no such reason')
      return true
    },
  )
})

test('programs that are closed count no more, and leave nothing open', needs(), () => {
  const events = new ListenerEvents()
  events.close()
  events.close()
  assert.throws(() => events.read(() => {}), { code: 'EBADF' })
})
