/** The workshop's chapters, from docs/workshop/: rendered for the page beside the board. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Chapter, WorkshopOffer } from '#services/board/server/workshop.ts'
import { chapterHtml } from './chapter/html.ts'

/** In a checkout two folders up; compiled for a package one further. */
const places = ['../../docs/workshop', '../../../docs/workshop'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
)

/** Undefined where the workshop is not installed. */
const workshopFolder = (): string | undefined => places.find((place) => fs.existsSync(place))

/** How long each experiment took, in seconds, where scripts/workshop-times.ts measured it. */
const TIMES = 'times.json'

/** The chapters and pictures, without a check of exercises. Empty where the workshop is not installed. */
export function workshopOffer(folder = workshopFolder()): Omit<WorkshopOffer, 'check'> {
  if (folder === undefined) return { chapters: [], picture: () => undefined }
  const pictures = path.join(folder, 'pictures')
  return {
    chapters: chaptersIn(folder),
    picture: (name) =>
      /^[\w-]+\.svg$/.test(name) && fs.existsSync(path.join(pictures, name))
        ? fs.readFileSync(path.join(pictures, name), 'utf8')
        : undefined,
  }
}

function chaptersIn(folder: string): Chapter[] {
  const seconds = secondsIn(folder)
  return fs
    .readdirSync(folder)
    .filter((name) => /^\d\d-[a-z-]+\.md$/.test(name))
    .sort()
    .map((file) => ({
      name: file.slice(0, -3),
      ...chapterHtml(fs.readFileSync(path.join(folder, file), 'utf8'), (name) => seconds[name]),
    }))
}

function secondsIn(folder: string): Record<string, number> {
  const file = path.join(folder, TIMES)
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).experiments : {}
}
