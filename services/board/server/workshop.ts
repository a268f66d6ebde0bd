/** The workshop's chapters, as text: what the page's words link to. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** In a checkout three folders up; compiled for a package one further. */
const folders = ['../../../docs/workshop', '../../../../docs/workshop'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
)

/** Their names without `.md`: `01-sockets`, … Empty where they are not installed. */
export function chapterNames(): string[] {
  const folder = folders.find((candidate) => fs.existsSync(candidate))
  if (folder === undefined) return []
  return fs
    .readdirSync(folder)
    .filter((name) => /^\d\d-[a-z-]+\.md$/.test(name))
    .map((name) => name.slice(0, -3))
    .sort()
}

export function chapter(name: string): string | undefined {
  if (!chapterNames().includes(name)) return undefined
  const folder = folders.find((candidate) => fs.existsSync(candidate))
  return folder === undefined ? undefined : fs.readFileSync(path.join(folder, `${name}.md`), 'utf8')
}
