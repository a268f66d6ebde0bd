/**
 * The port thread: owns the listening socket, accepts, and serves HTTP. Faults can block it; whatever must keep running
 * meanwhile is in the control thread.
 */
import { flushCompileCache } from 'node:module'
import net from 'node:net'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { monotonicMs } from '#common/clock.ts'
import { reasonOf } from '#common/system-errors.ts'
import { descriptorOf } from '#kernel/descriptor.ts'
import { acceptWaitMs, relisten } from '#kernel/listener.ts'
import { type Connection, portApp } from './app.ts'
import { PortMemory } from './memory.ts'
import type { Listen, PortCommand, PortWorkerData, Reply } from './messages.ts'
import { Pace } from './pace.ts'

const HEARTBEAT_MS = 100

if (parentPort === null) throw new Error('This module can only run as a worker thread of the backend')
const control: MessagePort = parentPort
const { name, memory: buffer }: PortWorkerData = workerData
const memory = new PortMemory(buffer)
const pace = new Pace(memory)
const connections = new WeakMap<object, Connection>()
let listener: net.Server | undefined
let complaint = ''
/** For how long faults have blocked the loop since its last heartbeat. */
let askedMs = 0

const app = portApp(name, memory, pace, (socket) => connections.get(socket) ?? { acceptedMs: 0, waitMs: 0 })
await app.ready()

/** The descriptor of a server or socket that has just been opened, so nothing can have closed it yet. */
function justOpened(owner: net.Server | net.Socket): number {
  const fd = descriptorOf(owner)
  if (fd === undefined) throw new Error(`A ${owner.constructor.name} was closed at the moment it was opened`)
  return fd
}

function accept(socket: net.Socket): void {
  const acceptedMs = monotonicMs()
  const waitMs = acceptWaitMs(justOpened(socket))
  memory.countAccept(waitMs)
  connections.set(socket, { acceptedMs, waitMs })
  socket.on('error', () => {}) // clients may reset at any time; the owner of the socket sees its 'close'
  socket.once('close', () => memory.countClose())
  standStill(monotonicMs())
  if (pace.holdsConnections) pace.untilReadable().then(() => serve(socket))
  else serve(socket)
}

function serve(socket: net.Socket): void {
  if (socket.destroyed) return
  app.server.emit('connection', socket)
  socket.resume()
}

/**
 * Blocks while the loop is stalled, or for the accept delay since `acceptedMs`. Commands are still carried out: closing a
 * listener whose queue is full is an experiment as well.
 */
function standStill(acceptedMs = Number.NEGATIVE_INFINITY): void {
  const beganMs = monotonicMs()
  /** When the delay that it waits for ends. */
  let dueMs = Number.NaN
  for (;;) {
    const heard = memory.wakeups()
    for (let next = receiveMessageOnPort(control); next !== undefined; next = receiveMessageOnPort(control))
      obey(next.message)
    const stalled = memory.fault('stalled') === 1
    const ms = stalled ? Number.POSITIVE_INFINITY : acceptedMs + memory.fault('acceptDelayMs') - monotonicMs()
    if (ms <= 0) {
      askedMs += monotonicMs() - beganMs
      if (!Number.isNaN(dueMs)) memory.late(monotonicMs(), monotonicMs() - dueMs)
      return
    }
    dueMs = stalled ? Number.NaN : monotonicMs() + ms
    memory.awaitWakeup(heard, ms)
  }
}

function obey(command: PortCommand): void {
  const { id } = command
  switch (command.do) {
    case 'open':
      open(id, command.listen)
      return
    case 'close':
      listener?.close() // closes the descriptor at once; connections already accepted stay
      listener = undefined
      break
    case 'faults':
      pace.faultsChanged()
  }
  answer({ id })
}

/** Node takes a backlog of 0 for "none given": listen with 1 and lower it at once. */
function open(id: number, listen: Listen): void {
  const { backlog } = listen
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, accept)
  const refuse = (error: NodeJS.ErrnoException): void =>
    answer({ id, failure: { code: error.code ?? '', message: error.message } })
  server.once('error', refuse)
  const target = 'inheritedFd' in listen ? { fd: listen.inheritedFd } : listen
  server.listen({ ...target, backlog: Math.max(1, backlog) }, () => {
    const fd = justOpened(server)
    if (backlog === 0) relisten(fd, 0)
    server.off('error', refuse)
    server.on('error', complainOnce)
    listener = server
    const bound = server.address()
    if (bound === null || typeof bound === 'string')
      throw new Error(`Listening on TCP gave the unexpected address ${bound}`)
    answer({ id, opened: { fd, address: bound.address, port: bound.port } })
  })
}

/** Once accepting fails it keeps failing, e.g. when the process has reached its limit on open files. */
function complainOnce(error: Error): void {
  if (error.message !== complaint)
    console.error(`${name}: accepting a connection failed: ${reasonOf(error) ?? error.message}`)
  complaint = error.message
}

const answer = (reply: Reply): void => control.postMessage(reply)

function beat(dueMs: number): void {
  const now = monotonicMs()
  memory.beat(Math.max(0, now - dueMs), now + HEARTBEAT_MS)
  memory.late(now, now - dueMs - askedMs)
  askedMs = 0
  setTimeout(beat, HEARTBEAT_MS, now + HEARTBEAT_MS)
}

beat(monotonicMs())
setTimeout(flushCompileCache, HEARTBEAT_MS) // after the start; a thread that is terminated would write nothing
control.on('message', (command: PortCommand) => {
  obey(command)
  standStill()
})
