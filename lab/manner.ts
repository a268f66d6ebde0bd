/** How the clients of a lab speak to somebody's server, and by what they know that they were served: found out by asking it. */
import { duration } from '#common/quantities.ts'
import { type ConnectionsLoad, type LoadReport, NOT_HTTP } from '#load/agent/api.ts'
import type { Lab } from './lab.ts'

/** What the connections of a load do otherwise than clients of HTTP whose connections the server closes. */
export type Speaks = Pick<ConnectionsLoad, 'send' | 'greeted' | 'closer'>

export interface Manner {
  speaks: Speaks
  /** What comes back to a client that is served. `nothing`: it only connects, and the kernel tells who was accepted. */
  answer: 'http' | 'bytes' | 'nothing'
  /** What may be sent again and again, as Base64; undefined where nothing is known that it answers. */
  request: string | undefined
  /** How a client knows that it was served, as a clause; undefined for HTTP. */
  says: string | undefined
}

/** A request that keeps its connection open, so that the next may follow. */
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: lab\r\n\r\n').toString('base64')
/** TEST-NET-1 (RFC 5737): no lab has a route to it. */
const NOBODY = '192.0.2.1'
const PROXIED = Buffer.from(`GET http://${NOBODY}/ HTTP/1.1\r\nHost: ${NOBODY}\r\nConnection: close\r\n\r\n`).toString(
  'base64',
)
/** Who looks up a client's name first, and has nobody to ask, takes its time. */
const ANSWERS_WITHIN_MS = 5000
const ON_A_BUSY_MACHINE_MS = 30_000
const LATE_MS = 50
const ACCEPTED = 'clients only connect, and are served when it has accepted them'
const SAY = 'say what they send with --request FILE'

/** What was said with --request, or else what the server answers to one client after another, to each within 5 s. */
export async function mannerOf(lab: Lab): Promise<Manner> {
  const { request } = lab.plan
  if (request === '') return { speaks: {}, answer: 'nothing', request: undefined, says: ACCEPTED }
  if (request !== undefined) return { speaks: {}, answer: 'bytes', request, says: undefined }
  const first = await patiently(lab)
  if (await calledItself(lab)) {
    await lab.backend(1).restart() // it may still wait for itself
    return {
      speaks: { send: PROXIED },
      answer: 'bytes',
      request: PROXIED,
      says: `it is a proxy, which passes a request on to whom it names, itself too: clients ask for ${NOBODY}, where nobody is, and are served when it says so; ${SAY}`,
    }
  }
  if (served(first)) return { speaks: {}, answer: 'http', request: REQUEST, says: undefined }
  if (first.bytesRead === 0)
    return {
      speaks: { send: '' },
      answer: 'nothing',
      request: undefined,
      says: `${ACCEPTED}: ${withoutAnswer(first)}; ${SAY}`,
    }
  if (first.failures[NOT_HTTP] === undefined && served(await ask(lab, { closer: 'client' })))
    return {
      speaks: { closer: 'client' },
      answer: 'http',
      request: REQUEST,
      says: 'clients close as soon as they have its whole answer: it does not close a connection in order when it is asked to',
    }
  if (served(await ask(lab, { greeted: true })))
    return {
      speaks: { greeted: true },
      answer: 'bytes',
      request: undefined,
      says: 'clients send nothing, and are served when its greeting comes',
    }
  return {
    speaks: { send: REQUEST },
    answer: 'bytes',
    request: REQUEST,
    says: `clients are served when anything comes back: a request of HTTP it does not answer in HTTP; ${SAY}`,
  }
}

/** Whoever has no answer beside much else asks once more: the server may still be starting its workers. */
async function patiently(lab: Lab): Promise<LoadReport> {
  const report = await ask(lab, {})
  const isLate = (report.clientLagMs ?? 0) > LATE_MS
  return isLate && report.outcomes.timedOut > 0 ? await ask(lab, {}, ON_A_BUSY_MACHINE_MS) : report
}

/** Whether a connection of the server to its own port is there, or was a moment ago (TIME_WAIT). */
async function calledItself(lab: Lab): Promise<boolean> {
  const { socket, address, port } = lab.plan
  if (socket !== undefined) return false
  try {
    const own = `dst ${address.includes(':') ? `[${address}]` : address} and ( sport = :${port} or dport = :${port} )`
    return (await lab.run(['ss', '-Htn', 'state', 'connected', own])).stdout.trim() !== ''
  } catch {
    return false // nothing is run in a lab that something else has started
  }
}

async function ask(lab: Lab, speaks: Speaks, timeoutMs = ANSWERS_WITHIN_MS): Promise<LoadReport> {
  const arrivals = { shape: 'burst', connections: 1 } as const
  const load = await lab.clients.start({ kind: 'connections', arrivals, timeoutMs, ...speaks })
  return await load.done()
}

const served = ({ outcomes, started }: LoadReport): boolean => outcomes.ok === started

function withoutAnswer({ outcomes }: LoadReport): string {
  if (outcomes.timedOut > 0) return `a request of HTTP had no answer within ${duration(ANSWERS_WITHIN_MS)} or more`
  return `a request of HTTP had no answer, the connection was ${outcomes.reset > 0 ? 'reset' : 'closed'}`
}
