/** The work of the sampler thread: one synchronous loop that sleeps on a word shared with the main thread. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { KernelError } from '#kernel/errors.ts'
import { askForShortTurns, sleepMs, threadCpuMs } from '#kernel/libc.ts'
import { command, control, type SamplerMessage, type SamplerOrders, type WaitingQuestion } from './message.ts'
import { Pacer } from './pacer.ts'
import { SnapshotPacker } from './packed-snapshot.ts'
import { Sampler } from './sampler.ts'

/** The time from one snapshot to the next when listeners have come or gone since. */
const CHANGED_MS = 1000
/** An order may wait for so long, the usual interval: a shorter sleep is not interrupted by it, and costs less. */
const LONG_MS = 10
/** The shortest turns that the kernel gives. */
const TURN_NS = 100_000

const post = (message: SamplerMessage): void => parentPort?.postMessage(message)
const log = (line: string): void => post({ kind: 'log', line })

/** Answers all that was asked. */
function answer(sampler: Sampler): void {
  if (parentPort === null) return
  for (;;) {
    const asked: { message: WaitingQuestion } | undefined = receiveMessageOnPort(parentPort)
    if (asked === undefined) return
    const { id, cookie } = asked.message
    post({ kind: 'waiting', id, answer: sampler.waiting(cookie) })
  }
}

async function run(orders: SamplerOrders): Promise<void> {
  const words = new Int32Array(orders.control)
  const wish = orders.exact
  const exact = wish === undefined ? undefined : new (await import('./exact.ts')).Exact(wish, log, monotonicMs())
  const sampler = new Sampler(orders, monotonicMs, threadCpuMs, log, exact)
  try {
    post({ kind: 'ready', namespaces: sampler.start() })
    sample(sampler, words, orders)
  } finally {
    sampler.close()
  }
}

function sample(sampler: Sampler, words: Int32Array, { pace }: SamplerOrders): void {
  // What is watched for a few milliseconds must be looked at in time.
  if (pace.listenersShare !== undefined) askForShortTurns(TURN_NS)
  const ticks = new Pacer(pace.sampleIntervalMs, monotonicMs())
  let toldMs = Number.NEGATIVE_INFINITY
  let told = Atomics.load(words, control.taken)
  let answers = 0
  const packer = new SnapshotPacker()
  let changes = sampler.changes
  const tell = (): void => {
    sampler.readCounters()
    // Samples go first: whoever asked for an immediate reading has them when the answer comes.
    const samples = sampler.takeSamples()
    if (samples.length > 0) post({ kind: 'samples', samples })
    const snapshot = sampler.snapshot({ cpuSeconds: threadCpuMs() / 1000, late: ticks.late, answers })
    toldMs = snapshot.monotonicMs
    told = snapshot.sequence
    changes = sampler.changes
    post({ kind: 'snapshot', snapshot: packer.pack(snapshot) })
  }
  for (;;) {
    Atomics.add(words, control.beat, 1)
    const waitMs = ticks.waitMs(monotonicMs())
    if (waitMs > LONG_MS) Atomics.wait(words, control.word, command.none, waitMs)
    else if (waitMs > 0) sleepMs(waitMs)
    const order = Atomics.exchange(words, control.word, command.none)
    if ((order & command.stop) !== 0) return
    sampler.recording = Atomics.load(words, control.recording) !== 0
    sampler.ownInode = Atomics.load(words, control.ownInode) >>> 0
    if ((order & (command.look | command.tell)) !== 0) {
      answers = Atomics.load(words, control.requests)
      if ((order & command.look) !== 0) sampler.readEverything()
      tell()
    }
    if ((order & command.waiting) !== 0) answer(sampler)
    const nowMs = monotonicMs()
    if (ticks.waitMs(nowMs) > 0) continue
    if (order === command.none && sampler.standsStill(nowMs)) {
      ticks.begin(nowMs)
      continue
    }
    const tickMs = sampler.tick(nowMs)
    ticks.begin(nowMs, tickMs)
    // The main thread has to learn soon of listeners that come and go: whose they are is found while they are there.
    const longestMs = sampler.changes === changes ? Number.POSITIVE_INFINITY : CHANGED_MS
    const askedMs = Math.min(longestMs, Atomics.load(words, control.snapshotMs))
    // Half a tick early is nearer to what was asked for than most of a tick late.
    if (nowMs - toldMs < Math.max(askedMs, pace.streamIntervalMs) - tickMs / 2) continue
    // One in flight: a main thread that does not get to run is not flooded with snapshots.
    if (Atomics.load(words, control.taken) === told) tell()
  }
}

try {
  await run(workerData)
} catch (error) {
  if (error instanceof UsageError) post({ kind: 'refused', problem: error.message, remedy: error.remedy })
  else if (error instanceof KernelError) post({ kind: 'refused', problem: error.message, remedy: undefined })
  else throw error
}
