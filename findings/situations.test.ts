/**
 * Situations, and all that is said of each, in order: what is not in the list must not be said. A row also says what its
 * words are, and what they must not be, however tempting.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { labOf, shardOf } from '#live/testing/state.ts'
import { calm } from './calm.ts'
import { catalogue } from './catalogue.ts'
import type { Evidence } from './evidence.ts'
import { explain, findingsOf } from './explain.ts'

const { clients, sysctls, ages } = labOf()
const port = labOf().portView!
const moved = (rates: Record<string, number>): Pick<Evidence, 'moved'> => ({
  moved: Object.entries(rates).map(([name, perSecond]) => ({ name, perSecond })),
})
const spilling = { ListenOverflows: 600, ListenDrops: 600 }
/** A queue of 128 that is full and turns clients away while its backend goes on. */
const full = { length: 129, dropsPerSecond: 300 }
const stalled = { stalled: true, acceptsPerSecond: 0, acceptWait: undefined }
const still = [{ pid: 1, stalled: false, acceptsPerSecond: 0, open: 0, lagMs: 0 }]
const synQueue = (length: number, retried = 0) => ({ portView: { ...port, synQueue: { length, limit: 384, retried } } })
const waiting = (connections: number, finished: number, reset?: number) => ({
  portView: { ...port, waiting: { connections, finished, reset } },
})
const flood = { clients: { ...clients, halfOpenPerSecond: 100 } }
const shared = (...rates: number[]) => ({
  shards: [
    shardOf(1, {
      processes: rates.map((acceptsPerSecond, pid) => ({ pid, acceptsPerSecond, stalled: false, open: 0, lagMs: 0 })),
    }),
  ],
})

interface Situation {
  when: string
  seen: Partial<Evidence>
  /** The codes of all that is found, in order. */
  finds: string[]
  says?: RegExp
  never?: RegExp
}

const situations: Situation[] = [
  { when: 'three shards accept all that comes', seen: {}, finds: [] },
  // Stalls, and what else a full queue may mean.
  {
    when: 'one of three is stalled and full',
    seen: { shards: [shardOf(1), shardOf(2, { ...full, ...stalled }), shardOf(3)], ...moved(spilling) },
    finds: ['one-shard-stalled'],
    says: /^Shard 2 is full while its neighbours idle: one client in three waits a second/,
    never: /half-open|never answer|cookies|work per accept/,
  },
  {
    when: 'one is full although the other is half full',
    seen: { shards: [shardOf(1, { length: 90 }), shardOf(2, { ...full, ...stalled })] },
    finds: ['one-shard-stalled'],
    says: /while its neighbour still has room/,
    never: /idle/,
  },
  {
    when: 'one is stalled and full, and another is full because more comes than it accepts',
    seen: { shards: [shardOf(1, full), shardOf(2, { ...full, ...stalled }), shardOf(3)], ...moved(spilling) },
    finds: ['one-shard-stalled', 'accept-queue-overflows'],
    says: /^Shard 2 accepts no connections and is full/,
    never: /idle/,
  },
  {
    when: 'one has just been stalled and has room',
    seen: { shards: [shardOf(1), shardOf(2, { ...stalled, length: 29 })] },
    finds: ['one-shard-stalled'],
    says: /there is room for 100 more/,
  },
  {
    when: 'all are stalled and full',
    seen: { shards: [shardOf(1, { ...full, ...stalled }), shardOf(2, { ...full, ...stalled })] },
    finds: ['all-shards-stalled'],
    never: /faster than the backends accept/,
  },
  {
    when: 'all are full and nobody accepts, though nobody has stalled them',
    seen: { shards: [shardOf(1, { ...full, acceptWait: undefined, processes: still })] },
    finds: ['all-shards-stalled'],
    never: /faster than the backends accept/,
  },
  {
    when: 'all are full and accept',
    seen: { shards: [shardOf(1, full), shardOf(2, full)], ...moved(spilling) },
    finds: ['accept-queue-overflows'],
    says: /faster than the backends accept/,
    never: /accept no connections/,
  },
  {
    when: 'one is full and accepts slowly',
    seen: { shards: [shardOf(1), shardOf(2, { ...full, faults: ['slow accept 20 ms'], acceptDelayMs: 20 })] },
    finds: ['accept-queue-overflows'],
    says: /^Shard 2 is full.*Less work per accept there/,
  },
  // The picture that had "clients never answer" under it: no client is known that does not.
  {
    when: 'two queues spill, the third is closed, and retried SYNs have filled the SYN queue: cookies are sent',
    seen: {
      shards: [
        shardOf(1, { ...full, acceptWait: undefined, processes: still }),
        shardOf(2, { state: 'closed', length: 0, limit: 0, fill: 0 }),
        shardOf(3, { ...full, acceptWait: undefined, processes: still }),
      ],
      clients: { ...clients, startedPerSecond: 0 },
      cookiesPerSecond: 48,
      ...synQueue(232, 200),
      ...moved({ ...spilling, TCPReqQFullDoCookies: 48 }),
    },
    finds: [
      'all-shards-stalled',
      'final-acks-ignored',
      'syn-cookies-hide-overflow',
      'listener-closed',
      'half-open-requests',
    ],
    says: /^All two accept queues are full because the backends accept no connections/,
    never: /never answer/,
  },
  // Half-open requests: of clients that never answer, or not.
  {
    when: 'a flood of half-open clients has filled the SYN queue',
    seen: { ...flood, cookiesPerSecond: 90, ...synQueue(387), ...moved({ TCPReqQFullDoCookies: 90 }) },
    finds: ['syn-cookies-hide-overflow', 'half-open-requests'],
    says: /requests whose clients never answer.*Legitimate clients still get in\. No counter named Listen/,
  },
  {
    when: 'nobody knows the clients, but most SYN-ACKs had to be sent again',
    seen: { cookiesPerSecond: 90, ...synQueue(387, 300), ...moved({ TCPReqQFullDoCookies: 90 }) },
    finds: ['syn-cookies-hide-overflow', 'half-open-requests'],
    says: /clients never answer/,
  },
  {
    when: 'nobody knows the clients, and the requests are young',
    seen: { cookiesPerSecond: 90, ...synQueue(387, 3), ...moved({ TCPReqQFullDoCookies: 90 }) },
    finds: ['syn-cookies-hide-overflow', 'half-open-requests'],
    says: /^The SYN queue is full, and the kernel sends cookies/,
    never: /never answer/,
  },
  {
    when: 'a flood, and a stalled shard that spills: the stall is what was thrown last',
    seen: {
      ...flood,
      shards: [shardOf(1), shardOf(2, { ...full, ...stalled })],
      cookiesPerSecond: 20,
      ...synQueue(200),
      ...moved({ ...spilling, TCPReqQFullDoCookies: 20 }),
    },
    finds: ['one-shard-stalled', 'syn-cookies-hide-overflow', 'half-open-requests'],
    says: /^Shard 2 is full.*clients never answer.*where an accept queue has room/,
  },
  {
    when: 'cookies are sent to everybody',
    seen: {
      sysctls: { ...sysctls, syncookies: 2 },
      cookiesPerSecond: 300,
      ...moved({ TCPReqQFullDoCookies: 300, SyncookiesSent: 300 }),
    },
    finds: ['syn-cookies-always'],
    never: /full/,
  },
  {
    when: 'the SYN queue is full without cookies',
    seen: {
      ...flood,
      sysctls: { ...sysctls, syncookies: 0 },
      ...synQueue(387),
      ...moved({ TCPReqQFullDrop: 80, ListenDrops: 80 }),
    },
    finds: ['syn-queue-overflows', 'half-open-requests'],
    never: /last quarter/,
  },
  {
    when: 'SYNs are dropped without cookies although nothing is full',
    seen: { ...flood, sysctls: { ...sysctls, syncookies: 0 }, ...synQueue(96), ...moved({ ListenDrops: 40 }) },
    finds: ['syn-backlog-reserved', 'half-open-requests'],
  },
  {
    when: 'requests of a flood that is over are left, and a shard has just been stalled',
    seen: { shards: [shardOf(1), shardOf(2, { ...stalled, length: 12 })], ...synQueue(200, 190) },
    finds: ['one-shard-stalled', 'half-open-requests'],
    says: /^Shard 2 accepts no connections/,
  },
  {
    when: 'requests of a flood that is over are left, and a listener has just been closed',
    seen: { shards: [shardOf(1), shardOf(2, { state: 'closed' })], ...synQueue(200, 190) },
    finds: ['listener-closed', 'half-open-requests'],
    says: /^Shard 2 has closed its listener/,
  },
  {
    when: 'requests of a flood that is over are left, and all is steered to one shard',
    seen: { steering: { by: 'member', member: 1 }, ...synQueue(200, 190) },
    finds: ['steered-to-one-shard', 'half-open-requests'],
    says: /sends every new connection to shard 2/,
  },
  { when: 'a few requests are half-open, as always', seen: synQueue(9), finds: [] },
  {
    when: 'handshakes are made by hand',
    seen: { loads: [{ kind: 'handshake', state: 'running', outcomes: { noPortLeft: 0 } }], ...synQueue(1) },
    finds: ['handshakes-by-hand'],
  },
  {
    when: 'TCP_DEFER_ACCEPT holds back silent clients',
    seen: { ...synQueue(30), ...moved({ TCPDeferAcceptDrop: 20 }) },
    finds: ['deferred-accept'],
    never: /overflows/,
  },
  // Backlogs and limits.
  {
    when: 'somaxconn caps a backlog',
    seen: { shards: [shardOf(1, { backlog: 70_000, limit: 4096 })] },
    finds: ['backlog-clamped'],
    says: /a backlog of 70,000 and got 4,096: net\.core\.somaxconn of this namespace silently caps it/,
  },
  {
    when: 'somaxconn has been raised since',
    seen: { shards: [shardOf(1, { backlog: 70_000, limit: 128 })], sysctls: { ...sysctls, somaxconn: 80_000 } },
    finds: ['backlog-clamped'],
    says: /somaxconn was 128 when listen\(\) was called, and is 80,000 now\. Call listen\(\) again/,
    never: /Raise it/,
  },
  {
    when: 'somaxconn has been lowered under backlogs that were granted',
    seen: { sysctls: { ...sysctls, somaxconn: 16 } },
    finds: [],
  },
  {
    when: 'a backlog is exactly what was asked, and full',
    seen: { shards: [shardOf(1, { ...full, backlog: 128, limit: 128 }), shardOf(2)] },
    finds: ['accept-queue-overflows'],
    never: /somaxconn/,
  },
  {
    when: 'a capped backlog overflows: the cap is why',
    seen: { shards: [shardOf(1, { ...full, backlog: 4096 })], ...moved(spilling) },
    finds: ['backlog-clamped', 'accept-queue-overflows'],
    says: /^Shard 1 asked for a backlog of 4,096 and got 128, and 129 of 129 wait/,
  },
  {
    when: 'a capped backlog is full because its backend is stalled: no backlog would help',
    seen: { shards: [shardOf(1, { ...full, ...stalled, backlog: 4096 })] },
    finds: ['all-shards-stalled', 'backlog-clamped'],
    says: /^The accept queue is full because the backend accepts no connections/,
  },
  {
    when: 'a lowered backlog has left more than fits',
    seen: { shards: [shardOf(1, { length: 49, limit: 0, backlog: 0, dropsPerSecond: 3 }), shardOf(2)] },
    finds: ['more-than-the-limit', 'accept-queue-overflows'],
    says: /^Shard 1 holds 49 connections although only 1 fit/,
  },
  {
    when: 'the peak is from before the backlog was lowered',
    seen: { shards: [shardOf(1, { limit: 0, backlog: 0, peak: 49 })] },
    finds: [],
  },
  {
    when: 'a queue was full a while ago',
    seen: { shards: [shardOf(1, { peak: 129 }), shardOf(2, { peak: 30 })] },
    finds: ['queue-was-full'],
    says: /^Shard 1 was full within the last 30 s: its peak is 129 of 129/,
  },
  {
    when: 'bursts overflow for moments',
    seen: { shards: [shardOf(1, { length: 3, dropsPerSecond: 30 })], ...moved(spilling) },
    finds: ['accept-queue-overflows-briefly'],
    says: /Bursts are larger than the backlog/,
  },
  {
    when: 'a stall has just ended: its drops are no burst',
    seen: {
      shards: [shardOf(1, { length: 60, dropsPerSecond: 30, acceptWait: { meanMs: 2000, p99Ms: 4100 } })],
      ...moved(spilling),
    },
    finds: ['long-accept-wait'],
    says: /have waited 4\.1 s/,
    never: /[Bb]urst/,
  },
  {
    when: 'another port of the namespace overflows',
    seen: moved(spilling),
    finds: [],
  },
  // Final ACKs.
  {
    when: 'final ACKs meet a full queue',
    seen: { shards: [shardOf(1, full), shardOf(2)], ...synQueue(20), ...moved(spilling) },
    finds: ['accept-queue-overflows', 'final-acks-ignored'],
    says: /^Shard 1 is full.*20 requests are half-open beside it/,
  },
  {
    when: 'final ACKs are answered with a reset',
    seen: {
      shards: [shardOf(1, full), shardOf(2)],
      sysctls: { ...sysctls, abortOnOverflow: 1 },
      ...synQueue(20),
      ...moved({ ...spilling, EmbryonicRsts: 40 }),
    },
    finds: ['accept-queue-overflows', 'final-acks-reset'],
    never: /ignored/,
  },
  {
    when: 'clients reset their requests, and nothing overflows',
    seen: { sysctls: { ...sysctls, abortOnOverflow: 1 }, ...moved({ EmbryonicRsts: 40 }) },
    finds: [],
  },
  // The dead.
  {
    when: 'most of a stalled queue have hung up',
    seen: {
      shards: [shardOf(1), shardOf(2, { ...full, ...stalled, hungUp: { least: 93, most: 93 } })],
      ...waiting(129, 93),
    },
    finds: ['one-shard-stalled', 'dead-in-the-accept-queue'],
    says: /In shard 2 129 of 129 wait, 93 of them have hung up and keep their places: when released, the backend accepts 93 corpses before anybody/,
  },
  {
    when: 'it is only known how many have hung up at the least',
    seen: {
      shards: [shardOf(1, { length: 3 }), shardOf(2, { ...full, ...stalled, hungUp: { least: 90, most: 93 } })],
      ...waiting(132, 93),
    },
    finds: ['one-shard-stalled', 'dead-in-the-accept-queue'],
    says: /at least 90 of them have hung up/,
  },
  {
    when: 'in which queue they are is not known',
    seen: {
      shards: [
        shardOf(1, { ...stalled, length: 60, hungUp: { least: 0, most: 60 } }),
        shardOf(2, { ...stalled, length: 60, hungUp: { least: 0, most: 60 } }),
      ],
      ...waiting(120, 60),
    },
    finds: ['one-shard-stalled', 'dead-in-the-accept-queue'],
    says: /120 connections wait, 60 of them have hung up/,
    never: /In shard/,
  },
  {
    when: 'the clients of a queue have sent an RST',
    seen: {
      shards: [shardOf(1, { ...full, ...stalled, hungUp: { least: 129, most: 129 } })],
      ...waiting(0, 0, 129),
    },
    finds: ['all-shards-stalled', 'dead-in-the-accept-queue'],
    says: /129 of 129 wait, 129 of them have hung up/,
  },
  {
    when: 'the clients of a full queue all still wait',
    seen: { shards: [shardOf(1, { ...full, ...stalled })], ...waiting(129, 0) },
    finds: ['all-shards-stalled'],
    never: /hung up|corpse/,
  },
  {
    when: 'a few clients close as soon as they have sent',
    seen: { shards: [shardOf(1, { length: 6, hungUp: { least: 0, most: 3 } })], ...waiting(6, 3) },
    finds: [],
  },
  // Past accept().
  {
    when: 'connections are accepted and nobody serves them, while the queue is empty',
    seen: { portView: { ...port, unserved: { connections: 20, oldestMs: 8000 } } },
    finds: ['accepted-and-never-read'],
    says: /^20 connections are accepted and not served.*for up to 8 s, while the accept queues hold 0 of 387/,
  },
  {
    when: 'connections are not served behind a stall: the stall is why',
    seen: {
      shards: [shardOf(1), shardOf(2, { ...full, ...stalled })],
      portView: { ...port, unserved: { connections: 20, oldestMs: 8000 } },
    },
    finds: ['one-shard-stalled'],
    never: /not served/,
  },
  {
    when: 'requests that have just come are not read yet',
    seen: { portView: { ...port, unserved: { connections: 40, oldestMs: 30 } } },
    finds: [],
  },
  {
    when: 'clients do not read',
    seen: { portView: { ...port, zeroWindows: 2, sendBytes: 5_000_000 } },
    finds: ['clients-do-not-read'],
  },
  {
    when: 'backends do not read',
    seen: { portView: { ...port, receiveBytes: 700_000 } },
    finds: ['backends-do-not-read'],
  },
  // Listeners, processes, steering.
  {
    when: 'a process is down',
    seen: { shards: [shardOf(1), shardOf(2, { state: 'down' })] },
    finds: ['process-down'],
  },
  {
    when: 'nobody listens',
    seen: { shards: [shardOf(1, { state: 'closed' }), shardOf(2, { state: 'down' })], portView: undefined },
    finds: ['nobody-listens', 'process-down', 'listener-closed'],
    says: /^No backend is listening/,
  },
  {
    when: 'connections migrate from a shard that closes',
    seen: { shards: [shardOf(1), shardOf(2, { state: 'closed' })], ...moved({ TCPMigrateReqSuccess: 40 }) },
    finds: ['connections-migrate', 'listener-closed'],
  },
  {
    when: 'another process listens on the port too',
    seen: { shards: [shardOf(1), shardOf(2, { processes: [] })] },
    finds: ['stranger-on-the-port'],
  },
  {
    when: 'of nobody is known who accepts, as on a host',
    seen: { shards: [shardOf(1, { processes: [] }), shardOf(2, { processes: [] })] },
    finds: [],
  },
  { when: 'one process of three takes all', seen: shared(2, 98, 0), finds: ['one-process-takes-all'] },
  { when: 'three processes share', seen: shared(40, 30, 30), finds: [] },
  {
    when: 'a client has no source port left',
    seen: {
      loads: [{ kind: 'connections', state: 'running', outcomes: { noPortLeft: 12 } }],
      clients: { ...clients, noPortLeftPerSecond: 3 },
    },
    finds: ['no-source-port-left'],
  },
  {
    when: 'a client had no source port left a while ago, and a shard has been stalled since',
    seen: {
      loads: [{ kind: 'connections', state: 'running', outcomes: { noPortLeft: 12 } }],
      shards: [shardOf(1), shardOf(2, { ...full, ...stalled })],
    },
    finds: ['one-shard-stalled'],
  },
  {
    when: 'clients still retry what was dropped before',
    seen: { clients: { ...clients, synRetransmitsPerSecond: 30 } },
    finds: ['clients-still-retry'],
  },
  {
    when: 'clients retry because a queue is full now',
    seen: { clients: { ...clients, synRetransmitsPerSecond: 30 }, shards: [shardOf(1, { ...full, ...stalled })] },
    finds: ['all-shards-stalled'],
    never: /none is dropped now/,
  },
  // Readings that are too old to conclude from.
  {
    when: 'the exporter gives old queues: nothing of them is said',
    seen: { shards: [shardOf(1), shardOf(2, { ...full, ...stalled })], ages: { ...ages, listeners: 4200 } },
    finds: ['readings-too-old'],
    says: /^The accept queues were last read 4\.2 s ago: whether one is full now is not known/,
  },
  {
    when: 'the queues were never read',
    seen: { shards: [shardOf(1, { state: 'unread' })], ages: { ...ages, listeners: undefined } },
    finds: ['readings-too-old'],
    says: /have not been read lately/,
    never: /closed|down|calm/,
  },
  {
    when: 'the connections are old: the dead in them may be gone',
    seen: {
      shards: [shardOf(1), shardOf(2, { ...full, ...stalled, hungUp: { least: 93, most: 93 } })],
      ages: { ...ages, connections: 9000 },
      ...waiting(129, 93),
    },
    finds: ['one-shard-stalled', 'readings-too-old'],
    never: /hung up/,
  },
  {
    when: 'the backends do not answer: whether they stall is not known',
    seen: { shards: [shardOf(1), shardOf(2, { ...stalled, length: 5 })], ages: { ...ages, backends: 6000 } },
    finds: ['readings-too-old'],
    says: /^The backends have last answered 6 s ago/,
  },
  {
    when: 'a queue is full, and the backends do not answer: why is not known',
    seen: {
      shards: [shardOf(1, { peak: 129 }), shardOf(2, { ...full, ...stalled, peak: 129 })],
      ages: { ...ages, backends: 3500 },
    },
    finds: ['accept-queue-overflows', 'readings-too-old'],
    says: /^Shard 2 is full while its neighbour idles: one client in two.*Why is not known/,
    never: /accept again|work per accept|within the last 30 s/,
  },
  {
    when: 'the counters are old',
    seen: { cookiesPerSecond: 9, ...moved({ TCPReqQFullDoCookies: 9 }), ages: { ...ages, counters: 5000 } },
    finds: ['readings-too-old'],
    never: /cookies/,
  },
]

const evidenceOf = (seen: Partial<Evidence>): Evidence => ({ ...labOf(), ...seen })

for (const { when, seen, finds, says, never } of situations)
  test(`${when}: ${finds.length === 0 ? 'nothing is said' : finds.join(', ')}`, () => {
    const evidence = evidenceOf(seen)
    assert.deepEqual(
      findingsOf(evidence).map(({ code }) => code),
      finds,
    )
    const words = explain(evidence)
    if (says !== undefined) assert.match(words ?? '', says)
    if (never !== undefined) assert.doesNotMatch(words ?? '', never)
    assert.equal(words === undefined, finds.length === 0)
    if (finds.length > 0) assert.equal(calm(evidence), undefined, 'what has a finding is not calm')
  })

test('every finding of the catalogue has a situation in which it is found', () => {
  const found = new Set(situations.flatMap(({ finds }) => finds))
  assert.deepEqual(
    catalogue.map(({ code }) => code).filter((code) => !found.has(code)),
    [],
  )
})

test('all is calm only where it is certain', () => {
  const calmOf = (seen: Partial<Evidence>): string | undefined => calm(evidenceOf(seen))
  assert.equal(calmOf({}), 'All is calm: every connection is accepted.')
  assert.match(calmOf({ clients: { ...clients, startedPerSecond: 0 } }) ?? '', /^All is calm: nobody connects/)
  const uncertain: [string, Partial<Evidence>][] = [
    ['nobody listens', { shards: [], portView: undefined }],
    ['the half-open requests were not read', { portView: { ...port, synQueue: undefined } }],
    ['a reading is old', { ages: { ...ages, connections: 1500 } }],
    ['a reading was never made', { ages: { ...ages, counters: undefined } }],
    ['the backends do not answer', { ages: { ...ages, backends: 2500 } }],
    ['a queue is half full', { shards: [shardOf(1, { length: 70 })] }],
    ['a fault is on', { shards: [shardOf(1, { faults: ['never read'] })] }],
    ['a queue was not read', { shards: [shardOf(1), shardOf(2, { state: 'unread' })] }],
    ['somebody connects and waits, and nobody accepts', { shards: [shardOf(1, { length: 2, processes: still })] }],
    ['SYNs are dropped, whatever for', moved({ ListenDrops: 2 })],
    [
      'nobody connects, and somebody waits',
      { clients: { ...clients, startedPerSecond: 0 }, shards: [shardOf(1, { length: 1 })] },
    ],
  ]
  for (const [when, seen] of uncertain) assert.equal(calmOf(seen), undefined, when)
})
