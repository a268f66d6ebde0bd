/** The board of any host: the page that shows its queues as they are now. It only shows: there is nothing to order. */
import { randomBytes } from 'node:crypto'
import { UsageError } from '#common/errors.ts'
import { EventStream } from '#common/event-stream.ts'
import { listenOn } from '#common/http.ts'
import { formatListen, type ListenTarget } from '#common/parse.ts'
import { HostDisplay, type Look } from '#live/host/display.ts'
import type { MomentSource } from '#live/host/moments.ts'
import type { AskLine } from '#live/line.ts'
import {
  type HostEvent,
  HostEventsQuery,
  HostHistoryQuery,
  type HostPageConfig,
  HostPlanQuery,
  type Loss,
  WaitingQuery,
} from './api.ts'
import type { StartedBoard } from './board.ts'
import { loadAssets } from './server/assets.ts'
import { HostHistories } from './server/host-histories.ts'
import { allowedNames, boardServer, sendJson, serveAssets } from './server/pages.ts'

/** How often a page is told that no new states come. */
const REMIND_MS = 1000
/** Readers that look at different places: each such look is drawn on its own. */
const MOST_LOOKS = 100

export interface HostBoardOptions {
  /** Loopback, unless somebody asked for more. */
  listen: ListenTarget
  /** Names by which the page is reached, beside those that this host knows itself. */
  allowedHosts?: readonly string[]
  /** The option that says so: an address that is taken names it. */
  option: string
  source: MomentSource
  /** Who waits at a listener. */
  waiting: AskLine
  /** From one moment to the next. */
  everyMs: number
  /** The command that starts such a board again. */
  startAgain: string
}

type Numbered = HostEvent & { sequence: number }

/** Starts serving. Throws a UsageError if the address is taken. */
export async function startHostBoard(options: HostBoardOptions): Promise<StartedBoard> {
  const { listen, option, source, everyMs, startAgain } = options
  const config: HostPageConfig = { start: randomBytes(6).toString('base64url'), startAgain, everyMs }
  const assets = loadAssets(config, 'host')
  const display = new HostDisplay()
  const histories = new HostHistories()
  const looks = new Map<string, { look: Look; stream: EventStream<Numbered> }>()
  const over = new AbortController()
  let takenMs = performance.now()
  let gap: string | undefined
  let loss: Loss | undefined
  let last = { sequence: 0, timeMs: 0 }

  const eventFor = (look: Look): Numbered => {
    const state = display.state(look)
    return {
      sequence: last.sequence,
      start: config.start,
      ageMs: performance.now() - takenMs,
      ...(state === undefined ? {} : { state }),
      ...(gap === undefined ? {} : { gap }),
      ...(loss === undefined ? {} : { loss }),
    }
  }
  const publish = (): void => {
    for (const { look, stream } of looks.values()) stream.publish(eventFor(look))
  }
  const reminder = setInterval(() => {
    if (gap !== undefined || loss !== undefined) publish()
  }, REMIND_MS)
  reminder.unref()

  const app = boardServer(
    () => 'This board only shows: nothing can be ordered, set or stopped through it',
    allowedNames(options.allowedHosts),
  )

  app.get('/events', { schema: { querystring: HostEventsQuery } }, (request, reply) => {
    const look: Look = { key: request.query.queue, filter: request.query.filter ?? '' }
    const name = JSON.stringify(look)
    let readers = looks.get(name)
    if (readers === undefined) {
      if (looks.size >= MOST_LOOKS)
        throw new UsageError('More pages look at this board than it can draw for', 'Close some of them')
      const stream = new EventStream<Numbered>('state', everyMs, undefined, (anybody) => {
        if (anybody) return
        looks.delete(name)
        stream.close()
        display.keepOnly(new Set([...looks.values()].flatMap((other) => display.keyOf(other.look) ?? [])))
      })
      readers = { look, stream }
      looks.set(name, readers)
    }
    reply.hijack()
    readers.stream.add(reply.raw, 0, eventFor(look))
  })
  app.get('/history', { schema: { querystring: HostHistoryQuery } }, (request, reply) => {
    const key = display.keyOf({ key: request.query.queue, filter: '' })
    return sendJson(request, reply, histories.of(key ?? ''))
  })
  app.get('/plan', { schema: { querystring: HostPlanQuery } }, async (request) =>
    display.plan(request.query.queue, request.query.stallMs),
  )
  app.get('/waiting', { schema: { querystring: WaitingQuery } }, async (request) =>
    options.waiting(request.query.cookie),
  )
  app.get('/health', (_request, reply) => {
    const healthy = last.sequence > 0 && gap === undefined && loss === undefined
    reply.code(healthy ? 200 : 503).send({ healthy })
  })
  serveAssets(app, assets)

  const target = await listenOn(app, listen, option)

  const pump = async (): Promise<void> => {
    try {
      const onGap = (words: string): void => {
        if (gap === undefined) histories.gap(last.sequence, last.timeMs + 1)
        gap = words
        display.forget()
        publish()
      }
      for await (const moment of source(over.signal, onGap)) {
        gap = undefined
        takenMs = performance.now()
        last = moment.snapshot
        display.see(moment)
        histories.see(last, display.places)
        publish()
      }
      loss = { problem: 'The board has ended.', remedy: `Start it again: ${startAgain}` }
    } catch (error) {
      const { message, remedy } =
        error instanceof UsageError ? error : { message: 'The board has ended', remedy: undefined }
      loss = { problem: `${message}.`, remedy: remedy ?? `Start it again: ${startAgain}` }
      throw error
    } finally {
      publish()
    }
  }
  const sourceEnded = pump()
  sourceEnded.catch(() => {}) // a caller that awaits it gets the error

  return {
    url: 'path' in target ? formatListen(target) : `http://${formatListen(target)}`,
    sourceEnded,
    async [Symbol.asyncDispose]() {
      over.abort()
      clearInterval(reminder)
      for (const { stream } of looks.values()) stream.close()
      await app.close()
      await sourceEnded.catch(() => {})
    },
  }
}
