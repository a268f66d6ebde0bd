import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { UsageError } from '#common/errors.ts'
import { Patience } from '#common/waiting.ts'
import type { WaitingAnswer } from '../waiting.ts'
import type { RawSamples } from './message.ts'
import {
  command,
  control,
  type Discovery,
  type NamespaceIdentity,
  type RawSnapshot,
  type SamplerMessage,
  type SamplerOrders,
  type WaitingQuestion,
} from './message.ts'
import { NamespaceFinder } from './namespace-finder.ts'
import { SnapshotUnpacker } from './packed-snapshot.ts'

const RESTART_MS = 1000
/**
 * How often there is a snapshot while nobody watches and no listener comes or goes: owners change too, and whoever asks gets
 * the last one if the machine is too busy for a new one.
 */
export const IDLE_SNAPSHOT_MS = 2000
const STOP_MS = 1000
/** A thread that has started no round for this long hangs: the longest dumps take a few seconds, even on a busy machine. */
const HANGS_AFTER_MS = 15_000
/** If this thread checks later than this, that says more about the machine than about the sampler. */
const LATE_LOOK_MS = 1000

export interface SamplerThreadOptions
  extends Pick<SamplerOrders, 'pace' | 'selection' | 'namespaces' | 'proc' | 'exact'> {
  log(line: string): void
  onSnapshot(snapshot: RawSnapshot): void
  /** Every sample, while `recording` is on. */
  onSamples?(samples: RawSamples[]): void
  /** What runs in the thread. */
  entry?: URL
  /** How long it may go without starting a round before it is replaced. */
  hangsAfterMs?: number
}

interface Waiter {
  request: number
  answer(): void
}

/** The sampler thread as the main thread sees it. A thread that dies, or hangs, is replaced after a second. */
export class SamplerThread {
  readonly #options: SamplerThreadOptions
  readonly #words = new Int32Array(new SharedArrayBuffer(control.length * Int32Array.BYTES_PER_ELEMENT))
  #worker: Worker | undefined
  #watch: NodeJS.Timeout | undefined
  #exited: Promise<void> = Promise.resolve()
  #restart: NodeJS.Timeout | undefined
  #waiters: Waiter[] = []
  readonly #askers = new Map<number, (answer: WaitingAnswer | undefined) => void>()
  #asked = 0
  #nextSequence = 1
  #stopping = false
  #restarts = 0
  #discoveries: MessagePort | undefined
  readonly #finder: NamespaceFinder | undefined

  private constructor(options: SamplerThreadOptions) {
    this.#options = options
    if (options.namespaces.some(({ kind }) => kind === 'all'))
      this.#finder = new NamespaceFinder(options.proc, (discovery) => this.#discoveries?.postMessage(discovery))
    this.snapshotIntervalMs = Math.max(IDLE_SNAPSHOT_MS, options.pace.streamIntervalMs)
  }

  /** Starts the thread. Throws a UsageError if a namespace cannot be read. */
  static async start(
    options: SamplerThreadOptions,
  ): Promise<{ thread: SamplerThread; namespaces: NamespaceIdentity[] }> {
    const thread = new SamplerThread(options)
    try {
      await thread.#finder?.start()
      return { thread, namespaces: await thread.#launch(false) }
    } catch (error) {
      await thread.stop()
      throw error
    }
  }

  /** Processes whose network namespace may not be looked at, if namespaces are looked for; undefined if not, or not known. */
  get hiddenProcesses(): number | undefined {
    return this.#finder?.hidden
  }

  /** What was found when namespaces were last looked for; undefined if they are not, or were not yet. */
  get discovery(): Discovery | undefined {
    return this.#finder?.latest
  }

  /** How often the thread had to be replaced. */
  get restarts(): number {
    return this.#restarts
  }

  /** Reads everything at once, and resolves when the snapshot with the result has been handed over. Throws a UsageError if none is. */
  async look(withinMs = 5000): Promise<void> {
    using patience = new Patience(withinMs)
    const { promise, reject } = Promise.withResolvers<void>()
    patience.signal.addEventListener('abort', () => reject(unanswered(patience)))
    await Promise.race([this.#ask(command.look), promise])
  }

  /**
   * Who waits at the listener of this cookie, read now, or why that is not known; undefined if there is no such listener. Throws a
   * UsageError if the sampler does not answer.
   */
  async waiting(cookie: string, withinMs = 5000): Promise<WaitingAnswer | undefined> {
    using patience = new Patience(withinMs)
    const { promise, resolve, reject } = Promise.withResolvers<WaitingAnswer | undefined>()
    const id = ++this.#asked
    this.#askers.set(id, resolve)
    patience.signal.addEventListener('abort', () => reject(unanswered(patience)))
    try {
      this.#worker?.postMessage({ id, cookie } satisfies WaitingQuestion)
      this.#command(command.waiting)
      return await promise
    } finally {
      this.#askers.delete(id)
    }
  }

  /** Resolves when a snapshot of what the sampler knows by now has been handed over. Asks nothing of the kernel. */
  tell(): Promise<void> {
    return this.#ask(command.tell)
  }

  #ask(order: number): Promise<void> {
    const request = Atomics.add(this.#words, control.requests, 1) + 1
    this.#command(order)
    return new Promise((answer) => this.#waiters.push({ request, answer }))
  }

  /** How often a snapshot is handed over without being asked for. Stays as it is when the thread is replaced. */
  set snapshotIntervalMs(intervalMs: number) {
    Atomics.store(this.#words, control.snapshotMs, intervalMs)
  }

  /** Has every sample handed over, or only snapshots (the default). Stays as it is when the thread is replaced. */
  set recording(on: boolean) {
    Atomics.store(this.#words, control.recording, on ? 1 : 0)
  }

  /** The inode of the socket at which this process listens. Stays as it is when the thread is replaced. */
  set ownInode(inode: number) {
    Atomics.store(this.#words, control.ownInode, inode)
  }

  /** Ends the thread; at most a second later by force. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#finder?.stop()
    this.#discoveries?.close()
    clearTimeout(this.#restart)
    clearInterval(this.#watch)
    this.#command(command.stop)
    const force = setTimeout(() => void this.#worker?.terminate(), STOP_MS)
    // One that is stuck in the kernel ends with the process.
    await Promise.race([this.#exited, sleep(2 * STOP_MS, undefined, { ref: false })])
    clearTimeout(force)
  }

  #command(order: number): void {
    Atomics.or(this.#words, control.word, order)
    Atomics.notify(this.#words, control.word)
  }

  #launch(again: boolean): Promise<NamespaceIdentity[]> {
    const { pace, selection, exact, namespaces, proc, entry = new URL('./worker.ts', import.meta.url) } = this.#options
    const { port1, port2 } = new MessageChannel()
    this.#discoveries?.close()
    this.#discoveries = port1
    if (this.#finder?.latest !== undefined) port1.postMessage(this.#finder.latest)
    const orders: SamplerOrders = {
      pace,
      ...(selection !== undefined && { selection }),
      ...(exact !== undefined && { exact }),
      namespaces,
      proc,
      again,
      control: this.#words.buffer,
      firstSequence: this.#nextSequence,
      discoveries: port2,
    }
    Atomics.store(this.#words, control.word, command.none)
    Atomics.store(this.#words, control.taken, this.#nextSequence - 1)
    const worker = new Worker(entry, { name: 'sampler', workerData: orders, transferList: [port2] })
    this.#worker = worker
    const unpacker = new SnapshotUnpacker()
    const { promise, resolve, reject } = Promise.withResolvers<NamespaceIdentity[]>()
    let ready = false
    let reason: Error = new Error('The sampler thread ended')
    worker.on('message', (message: SamplerMessage) => {
      if (worker !== this.#worker) return // it was given up
      switch (message.kind) {
        case 'ready':
          ready = true
          this.#watchOver(worker)
          resolve(message.namespaces)
          break
        case 'refused':
          reason = new UsageError(message.problem, message.remedy)
          break
        case 'log':
          this.#options.log(message.line)
          break
        case 'samples':
          this.#options.onSamples?.(message.samples)
          break
        case 'waiting':
          this.#askers.get(message.id)?.(message.answer)
          break
        case 'snapshot':
          this.#receive(unpacker.unpack(message.snapshot))
          break
      }
    })
    worker.on('error', (error) => {
      reason = error instanceof Error ? error : new Error(String(error))
    })
    this.#exited = new Promise((exited) => {
      worker.on('exit', () => {
        exited()
        if (!ready) reject(reason)
        if ((ready || again) && worker === this.#worker) this.#replaceSoon(reason.message)
      })
    })
    return promise
  }

  /**
   * Replaces a thread that hangs, e.g. in a system call that does not return. Only time in which this thread itself got
   * to run counts: on a machine with no CPU to spare the sampler waits as well, and does not hang.
   */
  #watchOver(worker: Worker): void {
    const { hangsAfterMs = HANGS_AFTER_MS } = this.#options
    const everyMs = Math.min(LATE_LOOK_MS, hangsAfterMs / 5)
    let beat = Atomics.load(this.#words, control.beat)
    let stillForMs = 0
    let lookedMs = performance.now()
    clearInterval(this.#watch)
    this.#watch = setInterval(() => {
      const nowMs = performance.now()
      const sinceMs = nowMs - lookedMs
      lookedMs = nowMs
      const now = Atomics.load(this.#words, control.beat)
      stillForMs = now === beat ? stillForMs + Math.min(sinceMs, 2 * everyMs) : 0
      beat = now
      if (stillForMs < hangsAfterMs) return
      clearInterval(this.#watch)
      this.#worker = undefined
      // A thread that is stuck in the kernel may outlive this; nothing it writes is still read.
      void worker.terminate()
      this.#replaceSoon(`it has not started a round for ${Math.round(stillForMs / 1000)} s`)
    }, everyMs)
    this.#watch.unref()
  }

  #replaceSoon(reason: string): void {
    if (this.#stopping) return
    clearInterval(this.#watch)
    this.#options.log(`The sampler stopped: ${reason}. It restarts in a second`)
    this.#restart = setTimeout(() => {
      this.#restarts++
      this.#launch(true).catch(() => {}) // its exit says why and brings the next one
    }, RESTART_MS)
  }

  #receive(snapshot: RawSnapshot): void {
    this.#nextSequence = snapshot.sequence + 1
    this.#options.onSnapshot(snapshot)
    Atomics.store(this.#words, control.taken, snapshot.sequence)
    const answered = this.#waiters.filter(({ request }) => request <= snapshot.answers)
    this.#waiters = this.#waiters.filter(({ request }) => request > snapshot.answers)
    for (const { answer } of answered) answer()
  }
}

const unanswered = ({ inWords }: Patience): UsageError =>
  new UsageError(`The sampler has not answered for ${inWords}`, 'Try again')
