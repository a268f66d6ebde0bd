import { between, comparison, deck, equals, fact, that } from './vocabulary.ts'

const BACKLOG = 128

/** Of the siblings: too small for all connections that may migrate. */
const SMALL_BACKLOG = 4

/** Clients that wait in the queue of shard 1 when it closes, and in that of shard 2. */
const DOOMED = 40
const OTHERS = 4
const NEWCOMERS = 60

const siblings = [2, 3]

const migrate = 'net.ipv4.tcp_migrate_req'

const backends = [{ backlog: BACKLOG }, { backlog: SMALL_BACKLOG }, { backlog: SMALL_BACKLOG }]

export default comparison({
  name: 'rolling-restart',
  teaches:
    'A shard that closes its listener takes its queue with it: every connection that the kernel has completed and the shard has not accepted is reset. With tcp_migrate_req = 1 these connections move to the queues of the siblings, whatever the limits there.',
  sources: [
    deck('several sockets on one port'),
    fact('closing-a-member'),
    fact('migrating-a-queue'),
    'inet_csk_listen_stop()',
    'reuseport_migrate_sock()',
    'kernel selftest migrate_reuseport',
  ],
  needs: { server: ['backends'], sysctls: [migrate] },
  cases: {
    reset: { backends, sysctls: { [migrate]: 0 } },
    migrate: { backends, sysctls: { [migrate]: 1 } },
  },
  phases: {
    stall: async ({ backend }) => {
      for (const shard of [1, 2, 3]) await backend(shard).stall()
    },
    fill: async ({ clients, steer }) => {
      await steer({ by: 'member', member: 0 })
      await clients.burst({ connections: DOOMED })
      await steer({ by: 'member', member: 1 })
      await clients.burst({ connections: OTHERS })
      await steer({ by: 'hash' })
    },
    close: async ({ backend, now }) => {
      await backend(1).close()
      const { listener } = await now()
      return siblings.map((shard) => listener(shard).length)
    },
    release: async ({ backend }) => {
      for (const shard of [1, 2, 3]) await backend(shard).release()
    },
    restart: async ({ backend }) => {
      await backend(1).kill()
      await backend(1).restart()
    },
    newcomers: ({ clients }) => clients.connections({ ratePerSecond: NEWCOMERS, forMs: 1000 }),
  },
  expect: ({ reset, migrate }) => {
    const [lost, moved] = [reset.clients.startedIn('fill'), migrate.clients.startedIn('fill')]
    return {
      kernel: [
        that(
          'tcp_migrate_req 0: every connection in the queue is reset',
          reset.counters.EstabResets.during('close'),
          equals(DOOMED),
        ),
        that(
          'tcp_migrate_req 0: an RST is sent to each client',
          reset.counters.OutRsts.during('close'),
          equals(DOOMED),
        ),
        that('tcp_migrate_req 0: the siblings get none of them', sum(reset.result.close), equals(OTHERS), {
          bears: 'any lateness',
        }),
        that(
          'tcp_migrate_req 1: all of them migrate',
          migrate.counters.TCPMigrateReqSuccess.during('close'),
          equals(DOOMED),
        ),
        that(
          'tcp_migrate_req 1: they wait in the queues of the siblings',
          sum(migrate.result.close),
          equals(DOOMED + OTHERS),
        ),
        that(
          'tcp_migrate_req 1: each sibling takes more than its limit allows',
          Math.min(...migrate.result.close),
          between(SMALL_BACKLOG + 2, DOOMED),
        ),
        that(
          'tcp_migrate_req 1: exceeding the limit does not count as an overflow',
          migrate.counters.ListenOverflows.during('close'),
          equals(0),
          { bears: 'any lateness' },
        ),
        that(
          'the restarted backend is shard 1 again',
          Math.min(
            reset.listener(1).limit.during('newcomers').last,
            migrate.listener(1).limit.during('newcomers').last,
          ),
          equals(BACKLOG),
          { bears: 'any lateness' },
        ),
      ],
      userspace: [
        that('tcp_migrate_req 0: clients in the queues of the siblings lose nothing', lost.outcomes.ok, equals(OTHERS)),
        that('tcp_migrate_req 1: no client notices the restart', moved.outcomes.ok, equals(DOOMED + OTHERS)),
        that(
          'tcp_migrate_req 1: the siblings answer every client',
          moved.answeredBy(2).count + moved.answeredBy(3).count,
          equals(DOOMED + OTHERS),
        ),
        that(
          'the restarted shard gets its third of the new clients',
          reset.backend(1).accepts.during('newcomers') / NEWCOMERS,
          between(0.1, 0.6, 'share'),
        ),
      ],
      both: [
        that(
          'tcp_migrate_req 0: the clients see as many resets as the kernel sent',
          lost.outcomes.reset,
          equals(reset.counters.OutRsts.during('close')),
        ),
        that(
          'tcp_migrate_req 1: every client whose connection migrated is served',
          moved.outcomes.ok - OTHERS,
          equals(migrate.counters.TCPMigrateReqSuccess.total),
        ),
      ],
    }
  },
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
