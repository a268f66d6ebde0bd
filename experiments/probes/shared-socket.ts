/**
 * `shared-socket.ts ORDER`: one listening socket and several processes that accept from it, each waiting in the way that
 * the order names. They begin to wait one after the other; then the backlog is raised to the one ordered, which an observer
 * of the socket can see. Ends when all connections are served, and prints the outcome. Order and outcome are JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Patience } from '#common/waiting.ts'
import { socketAddress } from '#kernel/address.ts'
import * as libc from '#kernel/libc.ts'
import { relisten } from '#kernel/listener.ts'
import { type AcceptorJob, LISTENER_FD, type Order, type Outcome, SERVED } from './shared-socket-messages.ts'

const acceptor = fileURLToPath(new URL('./acceptor.ts', import.meta.url))
const PATIENCE_MS = 15_000
/** What was waited for did not come: EX_TEMPFAIL of sysexits.h. */
const IN_VAIN = 75
const order: Order = JSON.parse(process.argv[2] ?? '')

/** Whether it blocks is a property of the socket, so it is the same for all processes that share it. */
function listeningSocket({ address, port, way }: Order): number {
  const blocking = way === 'blocking' ? 0 : libc.SOCK_NONBLOCK
  const fd = libc.socket(libc.AF_INET, libc.SOCK_STREAM | libc.SOCK_CLOEXEC | blocking, 0, 'Opening a listener')
  libc.setIntOption(fd, libc.SOL_SOCKET, libc.SO_REUSEADDR, 1, 'Setting SO_REUSEADDR')
  libc.bind(fd, socketAddress(address, port), 'Binding a listener')
  libc.listen(fd, 1, 'Listening')
  return fd
}

/** One acceptor, seen from its parent. */
class Acceptor {
  readonly #process: ChildProcess
  readonly #heard: string[] = []
  #sleptBefore = 0

  constructor(job: AcceptorJob, fd: number, heard: () => void) {
    this.#process = spawn(process.execPath, [acceptor, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit', fd] })
    this.#process.stdout?.setEncoding('latin1').on('data', (letters: string) => {
      this.#heard.push(...letters)
      heard()
    })
    this.#process.once('exit', (code) => {
      if (code !== null) process.exit(1) // it has said why; a process killed at the end has no status
    })
  }

  /** Lets it begin to wait; resolves when it does. */
  async begin(): Promise<void> {
    this.#process.stdin?.write('.')
    if (this.#process.stdout !== null) await once(this.#process.stdout, 'data')
  }

  /** Ends it; its descriptors are closed when this resolves. */
  async end(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  /** For when this process ends early. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  count(letter: string): number {
    return this.#heard.filter((heard) => heard === letter).length
  }

  /** Counts its sleeps from here on. */
  watchSleep(): void {
    this.#sleptBefore = this.#slept()
  }

  get sleeps(): number {
    return this.#slept() - this.#sleptBefore
  }

  #slept(): number {
    return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(this.#proc('status'))?.[1])
  }

  get inode(): number {
    return fs.statSync(`/proc/${this.#process.pid}/fd/${LISTENER_FD}`).ino
  }

  /** How its epoll instance watches the listening socket, from the registered events in hexadecimal. */
  get watch(): Outcome['watch'][number] {
    const watched = new RegExp(`^tfd:\\s+${LISTENER_FD} events:\\s+([0-9a-f]+)`, 'm')
    for (const fd of fs.readdirSync(`/proc/${this.#process.pid}/fdinfo`)) {
      if (!this.#isEpoll(fd)) continue
      const events = watched.exec(this.#proc(`fdinfo/${fd}`))?.[1]
      if (events !== undefined) return Number.parseInt(events, 16) & libc.EPOLLEXCLUSIVE ? 'exclusive' : 'plain'
    }
    return 'no epoll'
  }

  #isEpoll(fd: string): boolean {
    try {
      return fs.readlinkSync(`/proc/${this.#process.pid}/fd/${fd}`) === 'anon_inode:[eventpoll]'
    } catch {
      return false // closed meanwhile, so not epoll: an epoll instance lives as long as its process
    }
  }

  #proc(file: string): string {
    return fs.readFileSync(`/proc/${this.#process.pid}/${file}`, 'utf8')
  }
}

const fd = listeningSocket(order)
const all = Promise.withResolvers<void>()
const acceptors = Array.from({ length: order.processes }, (_, index) => {
  const { way, workMs } = order
  return new Acceptor({ name: `backend-${index + 1}`, way, workMs }, fd, () => {
    waitOn()
    if (sum(acceptors.map((one) => one.count(SERVED))) === order.connections) all.resolve()
  })
})
process.once('exit', () => {
  for (const one of acceptors) one.kill()
})
/** Counts only what a busy machine gives, and begins anew with each connection that is served. */
let patience: Patience | undefined
function waitOn(): void {
  patience?.[Symbol.dispose]()
  patience = new Patience(PATIENCE_MS)
  patience.signal.addEventListener('abort', giveUp)
}
function giveUp(): void {
  console.error(
    `Only ${sum(acceptors.map((one) => one.count(SERVED)))} of ${order.connections} connections were served`,
  )
  process.exit(IN_VAIN)
}
waitOn()
for (const one of acceptors) await one.begin()
const watch = acceptors.map((one) => one.watch)
const inodes = acceptors.map((one) => one.inode)
for (const one of acceptors) one.watchSleep()
relisten(fd, order.backlog)

await all.promise
// Processes that the last connection woke go back to sleep.
await sleep(50)
const outcome: Outcome = {
  served: acceptors.map((one) => one.count(SERVED)),
  sleeps: acceptors.map((one) => one.sleeps),
  watch,
  sockets: new Set(inodes).size,
}
await Promise.all(acceptors.map((one) => one.end()))
console.log(JSON.stringify(outcome))
process.exit()

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
