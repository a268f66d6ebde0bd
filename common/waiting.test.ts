import assert from 'node:assert/strict'
import test from 'node:test'
import { eventually, Patience, WaitedInVain, type WaitingClock } from './waiting.ts'

/** A machine of which a test says how late its timers are and how many threads want each core. */
function machine({ lateMs = 0, crowd = 1 } = {}) {
  let nowMs = 0
  let waiting: { atMs: number; wake: () => void }[] = []
  const clock: WaitingClock = {
    nowMs: () => nowMs,
    crowd: () => crowd,
    sleep: (ms, signal) =>
      new Promise((wake) => {
        waiting.push({ atMs: nowMs + ms + lateMs, wake })
        signal.addEventListener('abort', () => wake(), { once: true })
      }),
  }
  /** Lets the clock run until `over` has settled. */
  const run = async <Value>(over: Promise<Value>): Promise<Value> => {
    let settled = false
    const outcome = over.finally(() => {
      settled = true
    })
    outcome.catch(() => {}) // it is given to whoever asked
    while (!settled) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = Math.min(...waiting.map(({ atMs }) => atMs))
      if (Number.isFinite(next)) nowMs = Math.max(nowMs, next)
      const due = waiting.filter(({ atMs }) => atMs <= nowMs)
      waiting = waiting.filter(({ atMs }) => atMs > nowMs)
      for (const { wake } of due) wake()
    }
    return outcome
  }
  return { clock, run }
}

const untilOver = ({ signal }: Patience): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

test('the first reading that is wanted is given, whether the check says so or stops complaining', async () => {
  const { clock, run } = machine()
  let count = 0
  const read = (): number => ++count
  assert.equal(await run(eventually('three', read, (seen) => seen === 3, { clock })), 3)
  assert.equal(await run(eventually('five', read, (seen) => assert.equal(seen, 5), { clock })), 5)
})

test('what does not come is said with what was waited for, how long, what was seen last and what to do', async () => {
  const { clock, run } = machine()
  const waiting = eventually(
    'backend 2 answers',
    () => ({ state: 'down' }),
    ({ state }) => state === 'up',
    { clock, withinMs: 3000, remedy: 'Look at its log' },
  )
  await assert.rejects(run(waiting), (error) => {
    assert.ok(error instanceof WaitedInVain)
    assert.equal(error.message, "Timed out waiting until backend 2 answers, after 3 s; last seen: { state: 'down' }")
    assert.equal(error.remedy, 'Look at its log')
    return true
  })
})

test('an error of reading is the last thing seen, and ends the waiting only where that was asked for', async () => {
  const { clock, run } = machine()
  const refused = (): never => {
    throw new Error('connection refused')
  }
  const never = (): boolean => false
  await assert.rejects(
    run(eventually('it answers', refused, never, { clock })),
    /Timed out waiting until it answers, after 30 s: connection refused$/,
  )
  await assert.rejects(
    run(eventually('it answers', refused, never, { clock, endsIt: () => true })),
    /^Error: connection refused$/,
  )
})

test('a reading that never comes back does not hold the waiting up', async () => {
  const { clock, run } = machine()
  const silent = (): Promise<number> => new Promise(() => {})
  await assert.rejects(
    run(eventually('it speaks', silent, () => true, { clock })),
    /Timed out waiting until it speaks, after 30 s; nothing was seen$/,
  )
})

test('the end of patience in the midst of a reading is no error of that reading', async () => {
  const { clock, run } = machine()
  const silent = (): Promise<number> => new Promise(() => {})
  await assert.rejects(run(eventually('it speaks', silent, () => true, { clock, endsIt: () => true })), WaitedInVain)
})

test('a signal ends the waiting with its own reason, also while a reading hangs', async () => {
  const { clock, run } = machine()
  const stop = new AbortController()
  const silent = (): Promise<number> => new Promise(() => {})
  const waiting = eventually('it speaks', silent, () => true, { clock, signal: stop.signal, withinMs: Infinity })
  stop.abort(new Error('the lab has ended'))
  await assert.rejects(run(waiting), /^Error: the lab has ended$/)
})

for (const [what, busy, atLeastMs, words] of [
  ['timers that are late', { lateMs: 3000 }, 600_000, / on a machine that runs timers up to 3 s late$/],
  ['threads that share a core', { crowd: 8 }, 79_000, / on a machine that has 8 busy threads per core$/],
] as const)
  test(`patience grows with ${what}, and says so`, async () => {
    const { clock, run } = machine(busy)
    using patience = new Patience(10_000, clock)
    await run(untilOver(patience))
    assert.ok(clock.nowMs() >= atLeastMs, `it lasted ${clock.nowMs()} ms`)
    assert.match(patience.inWords, words)
    assert.ok(patience.machineIsBusy)
  })

test('a busy machine is the remedy that is named when something does not come', async () => {
  const { clock, run } = machine({ crowd: 4 })
  const waiting = eventually('it answers', () => 0, undefined, {
    clock,
    withinMs: 1000,
    remedy: 'Look at its log',
  })
  await assert.rejects(run(waiting), { remedy: 'This machine is busy: try again when it has less to do' })
})

test('however crowded the machine is, patience has an end', async () => {
  const { clock, run } = machine({ crowd: 100_000 })
  using patience = new Patience(1000, clock)
  await run(untilOver(patience))
  assert.equal(Math.round(clock.nowMs() / 1000), 20)
})

test('on the machine as it is, a limit is reached', async () => {
  await assert.rejects(
    eventually('something comes', () => 0, undefined, { withinMs: 30 }),
    /Timed out waiting until something comes, after .*; last seen: 0$/,
  )
})
