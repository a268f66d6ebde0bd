/**
 * Dumps against a C program with the same system calls, and against spawning `ss`, with more and more connections open.
 * Runs inside a network namespace of its own; prints its rows as JSON. Usage: node dumps.ts C-PROGRAM quick|full ss|no-ss
 */
import { duration, plural } from '#common/quantities.ts'
import { ANY_FAMILY, PreparedDump, SockDiag, type SocketRecord, states, wants } from '#kernel/sock-diag.ts'
import { CPeer } from './c-peer.ts'
import { Connections } from './connections.ts'
import { type Comparison, compare, type Side } from './rounds.ts'
import { notMeasured, type Row } from './rows.ts'

const [program = '', speed, ss] = process.argv.slice(2)
const quick = speed === 'quick'
const rounds = quick ? 7 : 31
const roundMs = quick ? 25 : 60

// Everything is CPU time, of all threads and children: other work on the machine then disturbs the least.
const seen = { sockets: 0, ports: 0, receive: 0, send: 0, drops: 0, inodes: 0, waits: 0, windows: 0 }

function takeListener(socket: SocketRecord): void {
  seen.sockets++
  seen.ports += socket.port
  seen.receive += socket.receiveQueue
  seen.send += socket.sendQueue
  seen.inodes += socket.inode
  seen.drops += socket.drops ?? 0
}

function takeConnection(socket: SocketRecord): void {
  seen.sockets++
  seen.ports += socket.port
  seen.receive += socket.receiveQueue
  seen.send += socket.sendQueue
  seen.inodes += socket.inode
  seen.waits += socket.lastDataSentMs ?? 0
  seen.windows += socket.peerWindowBytes ?? 0
}

using diag = new SockDiag()
const ours = (mask: number, attributes: number, take: (socket: SocketRecord) => void): Side => {
  const request = new PreparedDump({ family: ANY_FAMILY, states: mask, wants: attributes })
  return async (times) => {
    const begin = process.cpuUsage()
    for (let i = 0; i < times; i++) diag.dump(request, take)
    const used = process.cpuUsage(begin)
    return (used.user + used.system) * 1000
  }
}

using peer = new CPeer(program)
const c =
  (mask: number, attributes: number): Side =>
  async (times) =>
    (await peer.dump(mask, attributes, times)).ns
const spawning =
  (command: string): Side =>
  (times) =>
    peer.spawn(command, times)

/** Both must see the same sockets, or they are not doing the same. */
async function assertSame(mask: number, attributes: number, take: (socket: SocketRecord) => void): Promise<void> {
  seen.sockets = 0
  await ours(mask, attributes, take)(1)
  const { sockets } = await peer.dump(mask, attributes, 1)
  if (sockets !== seen.sockets) throw new Error(`C saw ${sockets} sockets, and we ${seen.sockets}`)
}

const us = (value: number): string => duration(value / 1000)
const versus = ({ medianUs }: Comparison, other: number, name: string): string =>
  `${us(medianUs[0]!)}, ${name} ${us(medianUs[other]!)}`

/** What the same comparison gives for C: the part of the ratio that is the kernel's. */
const byC = ({ medianUs }: Comparison, other: number): string => `C ${(medianUs[1]! / medianUs[other]!).toFixed(3)} ×`

const rows: Row[] = []
await using connections = new Connections()
for (const count of [10, 1000, 21_000]) {
  await connections.grow(count)
  const title = `${plural(count, 'connection')}`
  const largest = count > 20_000
  const sides = (first: Side, second: Side, commands: string[]): Side[] => [
    first,
    second,
    ...(ss === 'ss' ? commands.map(spawning) : []),
  ]

  await assertSame(states.listen, wants.skmeminfo, takeListener)
  const listen = await compare(
    sides(ours(states.listen, wants.skmeminfo, takeListener), c(states.listen, wants.skmeminfo), ['ss -Hltn']),
    rounds,
    roundMs,
  )
  rows.push({
    what: `LISTEN dump : C, ${title}`,
    value: listen.ratio[0],
    unit: '×',
    target: { most: 1.3 },
    note: versus(listen, 1, 'C'),
  })
  const spawned = `spawning ss -Hltn : LISTEN dump, ${title}`
  rows.push(
    ss === 'ss'
      ? {
          what: spawned,
          value: 1 / listen.ratio[1]!,
          unit: '×',
          ...(largest ? { target: { least: 200 } } : {}),
          note: versus(listen, 2, 'ss'),
        }
      : notMeasured(spawned, 'ss is missing'),
  )

  for (const [name, attributes] of [
    ['bare full dump', 0],
    ['full dump with INFO', wants.info],
  ] as const) {
    await assertSame(states.connections, attributes, takeConnection)
    const commands = attributes === 0 ? ['ss -Htan'] : ['ss -Htan', 'ss -Htani']
    const full = await compare(
      sides(ours(states.connections, attributes, takeConnection), c(states.connections, attributes), commands),
      largest ? Math.ceil(rounds / 2) : rounds,
      roundMs,
    )
    rows.push({
      what: `${name} : C, ${title}`,
      value: full.ratio[0],
      unit: '×',
      target: { most: 1.3 },
      note: versus(full, 1, 'C'),
    })
    for (const [i, command] of commands.entries()) {
      const what = `${name} : ${command}, ${title}`
      // Of a dump with INFO most is the kernel's: no program that asks for it comes below this share of an ss that does not.
      const target = commands.length === 1 ? { target: { most: 0.4 } } : {}
      rows.push(
        ss === 'ss'
          ? {
              what,
              value: full.ratio[i + 1],
              unit: '×',
              ...target,
              note: `${versus(full, i + 2, 'ss')}; ${byC(full, i + 2)}`,
            }
          : notMeasured(what, 'ss is missing'),
      )
    }
  }
}
console.log(JSON.stringify(rows))
