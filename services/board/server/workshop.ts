/** The workshop over HTTP: a page for each chapter, with the board beside it. What stands in a chapter is given. */
import fs from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Type } from 'typebox'
import type { HttpServer } from '#common/http.ts'
import type { WorkshopConfig } from '../api.ts'
import type { Asset } from './assets.ts'

/** A chapter as the page shows it. */
export interface Chapter {
  /** `01-handshake` */
  name: string
  title: string
  html: string
  /** What a reader can do in it, by name. */
  steps: string[]
}

/** What comes of the check of an exercise, while it runs and at its end. */
export type CheckNews =
  | { phase: string }
  | { problem: string }
  | { found: { asks: string; wrong?: string }[]; status: string }

export interface WorkshopOffer {
  chapters: readonly Chapter[]
  /** A picture of a chapter, as SVG. */
  picture(name: string): string | undefined
  /** Runs a participant's file and says what is still wrong. Missing where files of this machine may not be run. */
  check?(exercise: string, file: string, signal: AbortSignal): AsyncIterable<CheckNews>
}

const CheckOrder = Type.Object(
  {
    exercise: Type.String({ minLength: 1, maxLength: 100 }),
    file: Type.String({ minLength: 1, maxLength: 1000 }),
  },
  { additionalProperties: false },
)

const ours =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'"
/** The board within our own page: nobody else may frame it. */
const framedHeaders = {
  'content-security-policy': `${ours}; frame-ancestors 'self'`,
  'x-frame-options': 'SAMEORIGIN',
}
const pageHeaders = { 'content-security-policy': `${ours}; frame-ancestors 'none'`, 'x-frame-options': 'DENY' }

const template = fileURLToPath(new URL('../web/workshop/index.html', import.meta.url))
const entry = fs.existsSync(new URL('../web/workshop/app.ts', import.meta.url)) ? 'app.ts' : 'app.js'

/** Serves /workshop, its chapters and pictures, and the check of exercises. */
export function serveWorkshop(
  app: HttpServer,
  offer: WorkshopOffer,
  config: Omit<WorkshopConfig, 'chapter' | 'chapters' | 'checks'>,
  asset: (path: string) => Asset | undefined,
): void {
  const chapters = offer.chapters.map(({ name, title, steps }) => ({ name, title, steps }))
  const page = ({ name, title, html }: Chapter): string => {
    const own: WorkshopConfig = { ...config, chapter: name, chapters, checks: offer.check !== undefined }
    const json = JSON.stringify(own).replaceAll('<', '\\u003c')
    return fs
      .readFileSync(template, 'utf8')
      .replace('app.ts', entry)
      .replaceAll('{"title":"here"}', () => title)
      .replace('{"config":"here"}', () => json)
      .replace('{"chapter":"here"}', () => html)
  }

  app.get('/workshop', (_request, reply) => {
    const [first] = offer.chapters
    if (first === undefined) return reply.code(404).send({ error: 'The workshop is not installed here' })
    return reply.headers(pageHeaders).type('text/html; charset=utf-8').send(page(first))
  })
  app.get('/workshop/board', (_request, reply) => {
    const board = asset('/')
    if (board === undefined) return reply.code(404).send({ error: 'There is no board' })
    return reply.headers(framedHeaders).type(board.type).send(board.identity)
  })
  app.get<{ Params: { name: string } }>('/workshop/pictures/:name', (request, reply) => {
    const picture = offer.picture(request.params.name)
    if (picture === undefined) return reply.code(404).send({ error: 'There is no such picture' })
    return reply.type('image/svg+xml').send(picture)
  })
  app.get<{ Params: { '*': string } }>('/workshop/*', (request, reply) => {
    const name = request.params['*']
    const chapter = offer.chapters.find((one) => one.name === name)
    if (chapter !== undefined) return reply.headers(pageHeaders).type('text/html; charset=utf-8').send(page(chapter))
    const file = asset(`/workshop/${name}`)
    if (file === undefined) return reply.code(404).send({ error: 'There is no such chapter' })
    return reply.header('etag', file.etag).type(file.type).send(file.identity)
  })
  const { check } = offer
  if (check === undefined) return
  app.post('/workshop/check', { schema: { body: CheckOrder } }, (request, reply) => {
    const left = new AbortController()
    reply.raw.once('close', () => left.abort())
    const { exercise, file } = request.body
    const news = async function* (): AsyncGenerator<string> {
      for await (const one of check(exercise, file, left.signal)) yield `${JSON.stringify(one)}\n`
    }
    return reply.type('application/x-ndjson').send(Readable.from(news()))
  })
}
