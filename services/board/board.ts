/** The live board: a page that shows a lab's queues as they are now, and switches that act on it. */
import { randomBytes } from 'node:crypto'
import { UsageError } from '#common/errors.ts'
import { EventStream } from '#common/event-stream.ts'
import { listenOn } from '#common/http.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import type { AskLine } from '#live/line.ts'
import { FACTS_PATH, type Switches, SwitchOrder } from '#live/orders.ts'
import type { SampleWindow } from '#live/sample-window.ts'
import type { BacklogAdvice, LiveState } from '#live/state.ts'
import { type Loss, type PageConfig, PlanQuery, type Replay, RunParams, type StreamEvent, WaitingQuery } from './api.ts'
import { loadAssets } from './server/assets.ts'
import { refusalOfOrder } from './server/guard.ts'
import { allowedNames, boardServer, sendJson, serveAssets } from './server/pages.ts'
import { ShownLabs } from './server/shown-labs.ts'
import { serveWorkshop, type WorkshopOffer } from './server/workshop.ts'

/** How often a page is told that no new states come. */
const REMIND_MS = 1000

export interface BoardOptions {
  /** Loopback, unless somebody asked for more. */
  listen: ListenTarget
  /** Names by which the page is reached, beside those that this host knows itself. */
  allowedHosts?: readonly string[]
  /** What to show, ten times a second or so, until it ends. */
  source: AsyncIterable<LiveState>
  actions: Switches
  /** The backlog that the last minute needs for a stall of this length, or of the longest wait that was seen. */
  plan(stallMs: number | undefined): BacklogAdvice
  /** What the kernel does, as one HTML page without foreign parts; experiments cite it. Undefined where it is not installed. */
  kernelFacts?(): string | undefined
  /** The workshop's chapters, which are shown beside the board. */
  workshop?: WorkshopOffer
  /** Every sample of the last half minute of a lab, by the `lab` of its states; undefined where none are kept. */
  samples?(lab: string | undefined): SampleWindow | undefined
  /** Who waits at a listener of the lab. */
  waiting?: AskLine
  /** Hears when the first page opens, and when the last one has closed. */
  onPages?(open: boolean): void
  /** The report of a run of an experiment, as one HTML page; undefined where there is none. */
  report?(run: number): string | undefined
  /** The command that starts a lab with a board like this one: the page says it when all has ended. Default `npm start`. */
  startAgain?: string
}

/** A board that runs until it is disposed of. */
export interface StartedBoard extends AsyncDisposable {
  /** `http://127.0.0.1:10510`, with the real port. */
  readonly url: string
  /** Settles when the source has ended; rejects with what it threw. The page then says so, with the words of a UsageError. */
  readonly sourceEnded: Promise<void>
}

/** A page that carries its own policy: its style is in it. */
const documentHeaders = {
  'content-security-policy': "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-frame-options': 'DENY',
}

/** Starts serving. Throws a UsageError if the address is taken. */
export async function startBoard(options: BoardOptions): Promise<StartedBoard> {
  const { listen, source, actions, plan, startAgain = 'npm start', kernelFacts, report, samples, onPages } = options
  const { workshop = { chapters: [], picture: () => undefined } } = options
  const { waiting = async () => ({ why: 'Who waits in which order is not told here' }) } = options
  const token = randomBytes(24).toString('base64url')
  const start = randomBytes(6).toString('base64url')
  const { experiments, unavailable } = actions
  const config: PageConfig = {
    start,
    token,
    experiments,
    unavailable,
    chapters: workshop.chapters.map(({ name }) => name),
    startAgain,
  }
  const assets = loadAssets(config)
  const labs = new ShownLabs()
  const stream = new EventStream<StreamEvent & { sequence: number }>('state', 100, undefined, onPages)
  let latest: StreamEvent & { sequence: number } = { sequence: 0, start }
  const tell = (news: Pick<StreamEvent, 'state' | 'loss'>): void => {
    latest = { sequence: news.state?.sequence ?? 0, start, ...news }
    stream.publish(latest)
  }
  const lose = (loss: Loss): void => tell({ ...(latest.state === undefined ? {} : { state: latest.state }), loss })
  // Nothing may come after a loss: it is repeated for pages that were too slow to take it.
  const reminder = setInterval(() => {
    if (latest.loss !== undefined) stream.publish(latest)
  }, REMIND_MS)
  reminder.unref()

  const allowed = allowedNames(options.allowedHosts)
  const app = boardServer(({ headers }) => refusalOfOrder(headers, token, allowed), allowed)

  app.get('/events', (_request, reply) => {
    reply.hijack()
    stream.add(reply.raw, 0, latest)
  })
  app.get('/history', (request, reply) => sendJson(request, reply, labs.kept))
  app.get('/replay', (request, reply) => {
    const { lab, states } = labs.recent
    const window = samples?.(lab)
    const replay: Replay = { states, ...(window === undefined ? {} : { samples: window }) }
    return sendJson(request, reply, replay)
  })
  app.get('/health', (_request, reply) => {
    const healthy = latest.state !== undefined && latest.loss === undefined
    reply.code(healthy ? 200 : 503).send({ healthy })
  })
  app.post('/switches', { schema: { body: SwitchOrder } }, async (request) => {
    if (latest.loss !== undefined) throw new UsageError(`${latest.loss.problem} ${latest.loss.remedy}`)
    return { done: await actions.perform(request.body) }
  })
  app.get('/waiting', { schema: { querystring: WaitingQuery } }, async (request) => waiting(request.query.cookie))
  app.get('/plan', { schema: { querystring: PlanQuery } }, async (request) => plan(request.query.stallMs))
  serveWorkshop(app, workshop, { start, token, startAgain }, (path) => assets.get(path))
  app.get(FACTS_PATH, (_request, reply) => {
    const page = kernelFacts?.()
    if (page === undefined) return reply.code(404).send({ error: 'The kernel facts are not installed here' })
    return reply.headers(documentHeaders).type('text/html; charset=utf-8').send(page)
  })
  app.get('/runs/:run/report', { schema: { params: RunParams } }, (request, reply) => {
    const page = report?.(request.params.run)
    if (page === undefined)
      return reply.code(404).send({ error: 'There is no such report: it may be of an earlier board' })
    return reply.headers(documentHeaders).type('text/html; charset=utf-8').send(page)
  })
  serveAssets(app, assets)

  const target = await listenOn(app, listen, '--board')

  const pump = async (): Promise<void> => {
    try {
      for await (const state of source) {
        if (labs.add(state)) tell({ state })
      }
    } catch (error) {
      lose(endInWords(error, startAgain))
      throw error
    }
    lose(endInWords(undefined, startAgain))
  }
  const sourceEnded = pump()
  sourceEnded.catch(() => {}) // a caller that awaits it gets the error

  return {
    url: 'path' in target ? formatListen(target) : `http://${formatListen(target)}`,
    sourceEnded,
    async [Symbol.asyncDispose]() {
      clearInterval(reminder)
      stream.close()
      await app.close()
    },
  }
}

/** What the page says at the end of the source; the text of an error that is not a UsageError is not shown. */
function endInWords(error: unknown, startAgain: string): Loss {
  const { message, remedy = '' } = error instanceof UsageError ? error : { message: 'The lab has ended' }
  const start = remedy.includes(startAgain) ? [] : [`Start one: ${startAgain}`]
  const remedies = [...(remedy === '' ? [] : [remedy]), ...start].map((text, index, all) =>
    index < all.length - 1 ? sentence(text) : text,
  )
  return { problem: sentence(message), remedy: remedies.join(' ') }
}

const sentence = (text: string): string => (/[.!?:…]$/.test(text) ? text : `${text}.`)
