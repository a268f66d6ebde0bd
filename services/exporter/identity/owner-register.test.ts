import assert from 'node:assert/strict'
import test from 'node:test'
import type { Waiters } from '#kernel/acceptors.ts'
import { nowhere } from '#kernel/cgroup-path.ts'
import { noHolders, type Owner, type SocketHolders } from '#kernel/owners.ts'
import { OwnerRegister } from './owner-register.ts'

const owner = (pid: number): Owner => ({ pid, command: 'web', commandLine: `web ${pid}`, workload: nowhere })

/** A register over a made-up world, on a clock that the test moves. */
function register({ costMs = 0, steps = 0, share = 0.02 } = {}) {
  const world = {
    nowMs: 0,
    walks: 0,
    quickLooks: 0,
    hidden: 0,
    owners: new Map<number, Owner[]>(),
    waiters: new Map<number, Waiters>(),
    failure: undefined as Error | undefined,
    lines: [] as string[],
    rests: [] as (() => void)[],
    /** Has a walk that rests go on to its end. */
    finish() {
      for (let rest = world.rests.shift(); rest !== undefined; rest = world.rests.shift()) rest()
    },
  }
  const clock = (): number => world.nowMs
  const owners = new OwnerRegister('/proc', {
    *find(inodes, { among = () => true, into: shown }): Generator<void, SocketHolders> {
      const into = shown ?? noHolders()
      const wanted = <Value>(map: Map<number, Value>) => [...map].filter(([inode]) => inodes.has(inode))
      if (shown === undefined) {
        world.quickLooks++
        for (const [inode, owners] of wanted(world.owners))
          if (owners.some(({ pid }) => among(pid))) into.owners.set(inode, owners)
        return into
      }
      world.walks++
      for (let step = 0; step < steps; step++) {
        world.nowMs += 10
        yield
      }
      world.nowMs += costMs
      if (world.failure !== undefined) throw world.failure
      for (const [inode, owners] of wanted(world.owners)) {
        const seen = owners.filter(({ pid }) => among(pid))
        if (seen.length > 0) into.owners.set(inode, seen)
      }
      for (const [inode, waiters] of wanted(world.waiters)) into.waiters.set(inode, waiters)
      for (const owners of world.owners.values()) for (const { pid } of owners) into.pids.add(pid)
      const holding = new Set([...into.owners.values()].flatMap((owners) => owners.map(({ pid }) => pid)))
      for (const pid of into.pids) if (among(pid) && !holding.has(pid)) into.bystanders.add(pid)
      for (let pid = 0; pid < world.hidden; pid++) into.hidden.set(1000 + pid, 1)
      return into
    },
    clock,
    share,
    cpuClock: clock,
    later: (work) => void world.rests.push(work),
    log: (line) => void world.lines.push(line),
  })
  const at = (nowMs: number, ...inodes: number[]): number => {
    world.nowMs = nowMs
    owners.update(new Set(inodes))
    return world.walks
  }
  return { world, owners, at }
}

const noMoreFiles = (): Error =>
  Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE', syscall: 'scandir', path: '/proc' })

test('processes are walked when an unknown socket appears, once more a second later, and then every ten seconds', () => {
  const { world, owners, at } = register()
  world.owners.set(5, [owner(1)])
  assert.deepEqual(
    [at(0, 5), at(100, 5), at(999, 5), at(1000, 5), at(1100, 5), at(10_999, 5), at(11_000, 5)],
    [1, 1, 1, 2, 2, 2, 3],
  )
  assert.equal(owners.of(5)[0]?.pid, 1)
})

test('an owner that joins later is seen', () => {
  const { world, owners, at } = register()
  world.owners.set(5, [owner(1)])
  at(0, 5)
  world.owners.set(5, [owner(1), owner(2)])
  at(1000, 5)
  assert.deepEqual(
    owners.of(5).map(({ pid }) => pid),
    [1, 2],
  )
})

test('a process that held no socket is looked into again once a minute, one that is new or holds one every ten seconds', () => {
  const { world, owners, at } = register()
  const [master, old, child] = [owner(1), owner(3), owner(9)]
  const pidsOf = (inode: number): number[] => owners.of(inode).map(({ pid }) => pid)
  world.owners.set(5, [master]).set(50, [old]) // nobody asks for 50
  at(0, 5)
  at(1000, 5)
  world.owners.set(5, [master, old, child])
  at(11_000, 5)
  assert.deepEqual(pidsOf(5), [1, 9], 'the child is new; another process was passed the descriptor')
  at(21_000, 5)
  assert.deepEqual(pidsOf(5), [1, 9])
  for (let nowMs = 31_000; nowMs <= 61_000; nowMs += 10_000) at(nowMs, 5)
  assert.deepEqual(pidsOf(5), [1, 3, 9])
  world.owners.set(5, [old])
  at(71_000, 5)
  assert.deepEqual(pidsOf(5), [3], 'who holds it no more is seen at the next look')
})

test('an unknown socket is looked for in all processes', () => {
  const { world, owners, at } = register()
  world.owners.set(5, [owner(1)]).set(6, [owner(3)])
  at(0, 5)
  at(1000, 5)
  at(3000, 5, 6)
  assert.equal(owners.of(6)[0]?.pid, 3)
})

test('a walk that takes long is made more rarely; an unknown socket waits less for it', () => {
  const { at } = register({ costMs: 200 })
  assert.deepEqual([at(0, 1), at(1199, 1, 2), at(1201, 1, 2)], [1, 1, 2], 'unknown: five times its cost')
  assert.deepEqual([at(2500, 1, 2), at(11_400, 1, 2), at(11_402, 1, 2)], [2, 2, 3], 'known: fifty times')
})

test('with a smaller share known sockets are looked up still more rarely, and unknown ones as soon', () => {
  const { at } = register({ costMs: 200, share: 0.005 })
  assert.deepEqual([at(0, 1), at(1199, 1, 2), at(1201, 1, 2)], [1, 1, 2])
  assert.deepEqual([at(2500, 1, 2), at(41_400, 1, 2), at(41_402, 1, 2)], [2, 2, 3])
})

test('where a walk takes long, a new socket is found at once if its process is new, or holds others', () => {
  const { world, owners, at } = register({ costMs: 2000 })
  world.owners.set(5, [owner(1)])
  assert.equal(at(0, 5), 1)
  world.owners.set(6, [owner(1)])
  world.owners.set(7, [owner(2)])
  assert.equal(at(2100, 5, 6, 7), 1)
  assert.deepEqual(
    [6, 7].map((inode) => [owners.of(inode)[0]?.pid, owners.isKnown(inode)]),
    [
      [1, true],
      [2, true],
    ],
  )
  assert.equal(owners.waitersAt(7), undefined, 'others may wait there')
  assert.equal(at(110_000, 5, 6, 7), 2, 'the next walk is the usual one')
  assert.equal(owners.of(7)[0]?.pid, 2)
})

test('where a walk takes long, a new socket of an old process is found by the next walk', () => {
  const { world, owners, at } = register({ costMs: 2000 })
  world.owners.set(5, [owner(1)])
  world.owners.set(50, [owner(3)])
  at(0, 5)
  world.owners.set(6, [owner(3)])
  assert.equal(at(2100, 5, 6), 1)
  assert.deepEqual([world.quickLooks, owners.of(6)], [1, []])
  assert.equal(at(2300, 5, 6), 1)
  assert.equal(world.quickLooks, 1, 'it is not looked for there again')
  assert.equal(at(12_100, 5, 6), 2)
  assert.equal(owners.of(6)[0]?.pid, 3)
})

test('what a walk has found so far is shown before it is over', () => {
  const rests: (() => void)[] = []
  let nowMs = 0
  const owners = new OwnerRegister('/proc', {
    *find(_inodes, { into = noHolders() }) {
      into.owners.set(5, [owner(1)])
      into.waiters.set(5, { pids: [], complete: true })
      nowMs += 20
      yield
      into.waiters.set(5, { pids: [1], complete: true })
      return into
    },
    clock: () => nowMs,
    later: (work) => void rests.push(work),
  })
  owners.update(new Set([5]))
  assert.deepEqual([owners.of(5)[0]?.pid, owners.waitersAt(5)], [1, undefined])
  rests.shift()?.()
  assert.deepEqual([owners.of(5)[0]?.pid, owners.waitersAt(5)], [1, [1]])
})

test('without listeners nobody is asked', () => {
  const { at } = register()
  assert.equal(at(0), 0)
})

test('while a long walk is under way nothing is known, and whoever asks is told when it is over', async () => {
  const { world, owners, at } = register({ steps: 5 })
  world.owners.set(5, [owner(1)])
  at(0, 5)
  assert.deepEqual([owners.of(5), owners.isKnown(5)], [[], false])
  const settled = owners.settled()
  world.finish()
  await settled
  assert.deepEqual([owners.of(5)[0]?.pid, owners.isKnown(5)], [1, true])
})

test('nobody waits for a walk without end', () => {
  const { world, owners, at } = register({ steps: 5 })
  at(0, 5)
  world.nowMs = 4000
  assert.equal(owners.isKnown(5), true)
  assert.equal(owners.isKnown(6), false, 'it was never seen')
  assert.equal(owners.isKnown(0), true, 'a socket of the kernel has no owner')
})

test('a socket that appears while known ones are looked up again is not kept waiting', () => {
  const { world, owners, at } = register({ steps: 5 })
  at(0, 5)
  world.finish()
  assert.equal(at(60_000, 5), 2)
  assert.equal(at(60_100, 5, 6), 3, 'the walk that does not know of it is given up')
  world.finish()
  assert.equal(owners.isKnown(6), true)
})

test('a walk that fails is counted and said once, and what was known stays for as long as it is fresh', () => {
  const { world, owners, at } = register()
  world.owners.set(5, [owner(1)])
  at(0, 5)
  at(1000, 5)
  world.failure = noMoreFiles()
  for (let nowMs = 11_000; nowMs < 20_000; nowMs += 1000) at(nowMs, 5)
  assert.equal(world.lines.length, 1)
  assert.match(
    world.lines[0]!,
    /^The owners of sockets cannot be found at present.*cannot open any more files\. Raise its limit: ulimit -n$/,
  )
  assert.ok((owners.health.errors.get('EMFILE') ?? 0) >= 3)
  assert.equal(owners.of(5)[0]?.pid, 1)
  at(40_000, 5)
  assert.deepEqual([owners.of(5), owners.health.ageSeconds], [[], undefined], 'old owners do not pass for present ones')

  world.failure = undefined
  at(60_000, 5)
  assert.equal(owners.of(5)[0]?.pid, 1)
  assert.equal(world.lines.at(-1), 'The owners of sockets are found again')
  world.failure = noMoreFiles()
  at(80_000, 5)
  assert.equal(world.lines.length, 3, 'what happens again is said again')
})

test('while nothing can be found nobody waits for it', () => {
  const { world, owners, at } = register()
  world.failure = noMoreFiles()
  at(0, 5)
  assert.equal(owners.isKnown(5), true)
})

test('a failure is tried again soon, then more rarely', () => {
  const { world, at } = register()
  world.failure = noMoreFiles()
  const walksUntil = (nowMs: number): number => {
    let walks = 0
    for (let ms = world.nowMs; ms <= nowMs; ms += 100) walks = at(ms, 5)
    return walks
  }
  assert.equal(walksUntil(999), 1)
  assert.equal(walksUntil(10_000), 4, 'after 1, 2 and 4 s')
})

test('an empty list of those who wait counts only if all could be looked at', () => {
  const { world, owners, at } = register()
  for (const inode of [1, 2, 3, 4]) world.owners.set(inode, [owner(7)])
  world.waiters.set(1, { pids: [7], complete: false })
  world.waiters.set(2, { pids: [], complete: true })
  world.waiters.set(3, { pids: [], complete: false })
  at(0, 1, 2, 3, 4)
  assert.deepEqual(
    [1, 2, 3, 4].map((inode) => owners.waitersAt(inode)),
    [[7], [], undefined, undefined],
  )
})

test('listeners whose processes cannot be seen are said once, with what to do', () => {
  const { world, at } = register()
  world.hidden = 40
  for (const nowMs of [0, 1000, 11_000, 21_000]) at(nowMs, 5, 6)
  assert.deepEqual(world.lines, [
    'The processes of 2 listeners cannot be seen: 40 processes may not be looked into. Run the exporter as root, or give it CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH',
  ])
  const other = register()
  for (const nowMs of [0, 1000, 11_000]) other.at(nowMs, 5)
  assert.match(
    other.world.lines.join(),
    /^The processes of one listener cannot be seen: \/proc does not show them\. .*hidepid/,
  )
})
