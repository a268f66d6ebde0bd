/**
 * What --exact costs, in CPU time: a look at listeners of which something has happened at each, beside the dump of them by
 * netlink; and a connection that comes and is accepted, with and without the programs that watch it. Runs inside a network namespace
 * of its own; prints its rows as JSON. Usage: node exact.ts quick|full
 */
import { median } from '#common/quantile.ts'
import { Btf } from '#kernel/bpf/btf.ts'
import { ListenerEvents } from '#kernel/bpf/events.ts'
import { ExactListeners, whyNoBpf } from '#kernel/bpf/listeners.ts'
import { Listener } from '#kernel/fixtures/sockets.ts'
import { acceptIfAny, close, threadCpuMs } from '#kernel/libc.ts'
import { NetworkNamespace } from '#kernel/netns.ts'
import { ANY_FAMILY, PreparedDump, SockDiag, states, wants } from '#kernel/sock-diag.ts'
import { notMeasured, type Row } from './rows.ts'

const [speed] = process.argv.slice(2)
const [rounds, looks, connections] = speed === 'quick' ? [15, 100, 1000] : [60, 300, 4000]

/** Microseconds of CPU time that each of some works takes, in turn, round by round: whatever else the machine does slows all. */
function costs(times: number, ...works: (() => void)[]): number[] {
  const taken = works.map((): number[] => [])
  for (let round = 0; round <= rounds; round++)
    for (const [index, work] of works.entries()) {
      const beganMs = threadCpuMs()
      for (let time = 0; time < times; time++) work()
      // The first compiles.
      if (round > 0) taken[index]!.push(((threadCpuMs() - beganMs) * 1000) / times)
    }
  return taken.map(median)
}

/** Up to so many listeners a look is to cost no more than the dump of them. */
const COMMON = 50

function lookAt(count: number): Row[] {
  using stack = new DisposableStack()
  const events = stack.use(new ListenerEvents())
  const held = stack.use(new ExactListeners())
  const diag = stack.use(new SockDiag())
  const here = stack.use(new NetworkNamespace())
  const dump = new PreparedDump({ family: ANY_FAMILY, states: states.listen, wants: wants.skmeminfo })
  for (let made = 0; made < count; made++) stack.use(stack.use(new Listener()).connect())
  let seen = 0
  const see = (): void => {
    seen++
  }
  const works = {
    'netlink dump': () => diag.dump(dump, see),
    'look at what has happened, by BPF': () => events.read(see),
    'look at SYN queues and waits, by BPF': () => here.run(() => held.read(see, count)),
    'the same by an installed program, which nobody tells how many there are': () => here.run(() => held.read(see)),
  }
  for (const [what, work] of Object.entries(works)) {
    seen = 0
    work()
    // What happens in other namespaces is seen too.
    if (seen < count) throw new Error(`${what}: ${seen} of ${count} listeners were read`)
  }
  const [netlink = 0, ...taken] = costs(looks, ...Object.values(works))
  return Object.keys(works)
    .slice(1)
    .map((what, index) => ({
      what: `${what} : netlink dump, ${count} listeners`,
      value: taken[index]! / netlink,
      unit: '×',
      ...(index < 2 && count <= COMMON && { target: { most: 1 } }),
      note: `${taken[index]!.toFixed(0)} µs of CPU time; the dump with drops takes ${netlink.toFixed(0)} µs`,
    }))
}

/** A connection that comes, is accepted and closed, all by this thread. */
function accepts(): Row {
  using listener = new Listener({ backlog: 16 })
  const serve = (): void => {
    using _client = listener.connect()
    const accepted = acceptIfAny(listener.fd, 'Accepting')
    if (accepted !== undefined) close(accepted)
  }
  const batch = (): number => {
    const beganMs = threadCpuMs()
    for (let served = 0; served < connections; served++) serve()
    return ((threadCpuMs() - beganMs) * 1000) / connections
  }
  const btf = Btf.ofKernel()
  const [plain, watched]: [number[], number[]] = [[], []]
  batch()
  for (let round = 0; round < rounds; round++) {
    plain.push(batch())
    using _events = new ListenerEvents({ btf })
    watched.push(batch())
  }
  const [plainUs, watchedUs] = [median(plain), median(watched)]
  return {
    what: 'a connection that is accepted and closed: watched by BPF : not watched',
    value: watchedUs / plainUs,
    unit: '×',
    note: `${watchedUs.toFixed(1)} and ${plainUs.toFixed(1)} µs of CPU time, of both ends`,
  }
}

const refused = whyNoBpf()
const rows =
  refused === undefined ? [...[4, 50, 200].flatMap(lookAt), accepts()] : [notMeasured('exact readings by BPF', refused)]
console.log(JSON.stringify(rows))
