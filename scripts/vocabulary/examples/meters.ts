/** An example of every meter: each is an expectation that holds for the phases of verbs.ts. */
import type { Expectation } from '#experiments/vocabulary/expectation.ts'
import type { Readings } from '#experiments/vocabulary/readings.ts'
import { about, atLeast, atMost, between, equals, that } from '#experiments/vocabulary.ts'

/** What the phases that are named below return. */
interface Results {
  stall: unknown
  burst: unknown
  until: unknown
  now: { waiting: number }
  pass: unknown
  release: unknown
  hold: unknown
  halfOpen: unknown
  readSlowly: unknown
  write: unknown
  done: unknown
}

export const meters = {
  'Readings.result': ({ result }) => that('five connections wait', result.now.waiting, equals(5)),
  'Readings.listener': ({ listener }) => that('five at once', listener(1).length.during('pass').max, equals(5)),
  'Readings.port': ({ port }) => that('clients are connected', port.established.max, atLeast(5)),
  'Readings.counters': ({ counters }) => that('an overflow is a drop', counters.ListenDrops.total, atLeast(15)),
  'Readings.clientCounters': ({ clientCounters }) =>
    that('clients send SYNs again', clientCounters.TCPSynRetrans.total, atLeast(15)),
  'Readings.clients': ({ clients }) => that('nobody is refused', clients.outcomes.refused, equals(0)),
  'Readings.backend': ({ backend }) => that('it accepts again', backend(1).accepts.during('done'), atLeast(1)),
  'Readings.durationMs': ({ durationMs }) =>
    that('the pause lasts 200 ms at least', durationMs('pass'), atLeast(200, 'ms')),
  'Readings.sysctl': ({ sysctl }) => that('cookies are on', sysctl('net.ipv4.tcp_syncookies'), equals(1)),

  'ListenerReadings.length': ({ listener }) => that('it stays full', listener(1).length.during('pass').min, equals(5)),
  'ListenerReadings.limit': ({ listener }) => that('its limit is the backlog', listener(1).limit.min, equals(4)),
  'ListenerReadings.drops': ({ listener }) => that('its SYNs are dropped', listener(1).drops.total, atLeast(15)),
  'ListenerReadings.peak': ({ listener }) => that('it holds five at least', listener(1).peak, atLeast(5)),
  'ListenerReadings.fullMs': ({ listener }) => that('it is full for a while', listener(1).fullMs, atLeast(100, 'ms')),

  'PortReadings.synQueue': ({ port }) => that('half-open requests are seen', port.synQueue.max, atLeast(10)),
  'PortReadings.waitingFinished': ({ port }) =>
    that('no client hangs up in the queue', port.waitingFinished.during('pass').max, equals(0)),
  'PortReadings.oldestWaitMs': ({ port }) => that('somebody waits', port.oldestWaitMs.max, atLeast(100, 'ms')),
  'PortReadings.established': ({ port }) => that('three are held', port.established.during('hold').max, atLeast(3)),
  'PortReadings.receiveBytes': ({ port }) => that('requests wait to be read', port.receiveBytes.max, atLeast(1, 'B')),
  'PortReadings.sendBytes': ({ port }) => that('answers wait to be read', port.sendBytes.max, atLeast(1, 'B')),
  'PortReadings.zeroWindows': ({ port }) =>
    that('clients that read nothing close windows', port.zeroWindows.max, atMost(2)),

  'BackendReadings.accepts': ({ backend }) => that('it accepts nothing', backend(1).accepts.during('pass'), equals(0)),
  'BackendReadings.responses': ({ backend }) => that('it answers', backend(1).responses.during('done'), atLeast(1)),
  'BackendReadings.acceptsByProcess': ({ backend }) =>
    that('it is one process', backend(1).acceptsByProcess.length, equals(1)),
  'BackendReadings.cpuMs': ({ backend }) =>
    that('a stall uses no CPU', backend(1).cpuMs.during('pass'), atMost(100, 'ms')),
  'BackendReadings.backlog': ({ backend }) =>
    that('it begins again with its backlog', backend(1).backlog, between(4, 64)),

  'ClientReadings.synsSent': ({ clients }) => that('one SYN each', clients.synsSent.during('burst'), atLeast(20)),
  'ClientReadings.halfOpenSyns': ({ clients }) => that('ten SYNs by hand', clients.halfOpenSyns.total, equals(10)),
  'ClientReadings.startedIn': ({ clients }) =>
    that('twenty begin at once', clients.startedIn('burst').count, equals(20)),

  'Connections.count': ({ clients }) => that('they are recorded', clients.count, atLeast(20)),
  'Connections.connected': ({ clients }) => that('all connect', clients.startedIn('burst').connected, equals(20)),
  'Connections.outcomes': ({ clients }) => that('all are served', clients.startedIn('burst').outcomes.ok, equals(20)),
  'Connections.connectMs': ({ clients }) =>
    that('who is dropped waits a second', clients.startedIn('burst').connectMs.max, atLeast(900, 'ms')),
  'Connections.acceptWaitMs': ({ clients }) =>
    that('somebody waits for accept()', clients.startedIn('burst').acceptWaitMs.max, atLeast(150, 'ms')),
  'Connections.acceptedAfterMs': ({ clients }) =>
    that('nobody is accepted within the pause', clients.startedIn('burst').acceptedAfterMs.min, atLeast(150, 'ms')),
  'Connections.firstByteMs': ({ clients }) =>
    that('the first answer follows the release', clients.startedIn('burst').firstByteMs.min, atLeast(150, 'ms')),
  'Connections.totalMs': ({ clients }) =>
    that('all of it takes longer', clients.startedIn('burst').totalMs.max, atLeast(900, 'ms')),
  'Connections.synRetransmits': ({ clients }) =>
    that('fifteen send again', clients.startedIn('burst').synRetransmits, atLeast(15)),
  'Connections.answeredBy': ({ clients }) =>
    that('by backend 1', clients.startedIn('burst').answeredBy(1).count, equals(20)),

  'Series.max': ({ listener }) => that('five at most', listener(1).length.during('pass').max, equals(5)),
  'Series.min': ({ listener }) => that('five at least', listener(1).length.during('pass').min, equals(5)),
  'Series.mean': ({ listener }) => that('five all the time', listener(1).length.during('pass').mean, equals(5)),
  'Series.last': ({ listener }) => that('empty in the end', listener(1).length.last, equals(0)),
  'Series.during': ({ listener }) => that('full in the pause', listener(1).length.during('pass').last, equals(5)),
  'Tally.total': ({ counters }) => that('SYNs overflow', counters.ListenOverflows.total, atLeast(15)),
  'Tally.during': ({ counters }) =>
    that('the burst overflows', counters.ListenOverflows.during('burst'), between(1, 15)),

  'Distribution.count': ({ clients }) =>
    that('each connects once', clients.startedIn('burst').connectMs.count, equals(20)),
  'Distribution.min': ({ clients }) =>
    that('who finds a place connects at once', clients.startedIn('burst').connectMs.min, atMost(500, 'ms')),
  'Distribution.max': ({ clients }) =>
    that('who does not waits for its second SYN', clients.startedIn('burst').connectMs.max, atLeast(900, 'ms')),
  'Distribution.mean': ({ clients }) =>
    that('the mean hides both', clients.startedIn('burst').connectMs.mean, atLeast(500, 'ms')),
  'Distribution.stdev': ({ clients }) =>
    that('they are far apart', clients.startedIn('burst').connectMs.stdev, atLeast(100, 'ms')),
  'Distribution.quantile': ({ clients }) =>
    that('half wait a second or more', clients.startedIn('burst').connectMs.quantile(0.5), atLeast(900, 'ms')),
  'Distribution.share': ({ clients }) =>
    that(
      'three of four are late',
      clients.startedIn('burst').connectMs.share({ above: 900 }),
      about(0.75, 0.05, 'share'),
    ),
  'Distribution.number': ({ clients }) =>
    that('five are in time', clients.startedIn('burst').connectMs.number({ below: 900 }), equals(5)),
} satisfies Record<string, (readings: Readings<Results>) => Expectation>
