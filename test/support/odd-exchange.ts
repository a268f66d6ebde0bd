/** Sends odd requests over raw sockets, and says what is wrong with the answers. */
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ListenTarget } from '#common/parse.ts'
import { seededRandom } from '#load/random.ts'
import { type OddRequest, oddRequest } from './odd-requests.ts'

const ANSWER_WITHIN_MS = 30_000
const AT_ONCE = 20
const MOST_HEARD = 200_000

/**
 * Sends so many odd requests, the same for the same seed; `paths` are those that are there. Gives a line for each whose
 * answer was not as it should be.
 */
export async function sendOddRequests(
  target: ListenTarget,
  paths: readonly string[],
  count: number,
  seed: number,
): Promise<string[]> {
  const random = seededRandom(seed)
  const requests = Array.from({ length: count }, () => oddRequest(random, paths)).values()
  const complaints: string[] = []
  const sender = async (): Promise<void> => {
    for (const request of requests) {
      const complaint = complaintAbout(request, await exchange(target, request))
      if (complaint !== undefined) complaints.push(`${request.name}: ${complaint}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
  return complaints
}

/** Sends these bytes and gives what is heard until the first answer is whole, or the other side closes. */
export async function sendRaw(target: ListenTarget, text: string): Promise<string> {
  return (await exchange(target, { name: text, pieces: [Buffer.from(text, 'latin1')], next: 'answer' })) ?? ''
}

interface Answer {
  status: number
  /** By their name in lower case. */
  headers: Map<string, string>
  body: string
  /** Of one that streams the beginning is enough. */
  whole: boolean
}

/** The first answer in what was heard; undefined if there is none. That to a HEAD has no body. */
export function firstAnswer(text: string, toHead = false): Answer | undefined {
  const final = text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')
  const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(final)
  if (head === null) return undefined
  const headers = new Map(
    (head[2] ?? '').split('\r\n').map((line): [string, string] => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
  const length = toHead ? 0 : Number(headers.get('content-length') ?? Number.POSITIVE_INFINITY)
  const body = final.slice(head[0].length, head[0].length + length)
  return { status: Number(head[1]), headers, body, whole: body.length === length || !headers.has('content-length') }
}

const isHead = ({ pieces }: OddRequest): boolean => pieces[0]?.toString('latin1', 0, 5) === 'HEAD '

function complaintAbout(request: OddRequest, text: string | undefined): string | undefined {
  const mustAnswer = request.next === 'answer'
  if (text === undefined) return 'neither a whole answer nor an end'
  const answer = firstAnswer(text, isHead(request))
  if (answer === undefined) return mustAnswer ? `no answer: ${text.slice(0, 200)}` : undefined
  const { status, headers, body } = answer
  if (status < 400) return undefined
  if (status === 500 || status === 502) return `${status}: ${body.slice(0, 200)}`
  if (status === 405 && !headers.has('allow')) return '405 without Allow'
  if (!headers.get('content-type')?.startsWith('application/json'))
    return `${status} is not JSON: ${body.slice(0, 200)}`
  return isHead(request) ? undefined : complaintAboutBody(body)
}

function complaintAboutBody(body: string): string | undefined {
  let error: unknown
  try {
    ;({ error } = JSON.parse(body))
  } catch {
    return `not JSON: ${body.slice(0, 300)}`
  }
  if (typeof error !== 'string' || !error.includes(' ')) return `without a sentence: ${body}`
  if (/\n\s+at |node:|HPE_|ERR_|FST_|ECONN|ENOENT|Unexpected token/.test(error)) return `foreign words: ${error}`
  return undefined
}

/** What was heard; undefined if neither a whole answer nor the end came. */
async function exchange(target: ListenTarget, request: OddRequest): Promise<string | undefined> {
  const { pieces, next } = request
  const socket = 'path' in target ? net.connect(target.path) : net.connect(target)
  let text = ''
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {}) // reset, or never connected: then nothing was answered
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const enough = next === 'answer' && firstAnswer(text, isHead(request))?.whole === true
    if (enough || text.length > MOST_HEARD) socket.destroy()
  })
  let late = false
  const impatience = setTimeout(() => {
    late = true
    socket.destroy()
  }, ANSWER_WITHIN_MS)
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(5)
    if (socket.destroyed) break
    socket.write(piece)
  }
  if (next === 'hang up') socket.end()
  if (next === 'reset') {
    if (socket.connecting) await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    await sleep(5)
    if ('path' in target) socket.destroy()
    else socket.resetAndDestroy()
  }
  await over
  clearTimeout(impatience)
  return late ? undefined : text
}
