/** Links and citations, and whether what they name is there: files of the repository, and headings of its pages. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { slugOf } from '#report/facts.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** Every file that is in the repository or will be, by its path from the root. */
export const repositoryFiles = (): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && fs.existsSync(path.join(root, file)))

export const textOf = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8')

/** The text of a page without what is only shown as an example. */
const prose = (markdown: string): string =>
  markdown
    .replaceAll(/^(```|~~~)[\s\S]*?^\1.*$/gm, '')
    .replaceAll(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, (code) => code.replaceAll(/\]\(|</g, '  '))

/** The anchors of a page as GitHub makes them, a number behind those that come again, and the ids that it sets itself. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>()
  const text = markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1.*$/gm, '')
  const headings = [...text.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, ''))
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
  return [...headings, ...[...prose(markdown).matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id)]
}

/** What a page links to, web addresses left out. */
export const linksOf = (markdown: string): string[] =>
  [
    ...prose(markdown).matchAll(/\]\(\s*<?([^\s<>()]+)>?(?:\s+"[^"]*")?\s*\)/g),
    ...prose(markdown).matchAll(/^\[[^\]]+\]:\s+<?([^\s<>]+)/gm),
    ...prose(markdown).matchAll(/(?:href|src)="([^"]+)"/g),
  ]
    .map(([, target = '']) => target)
    .filter((target) => !/^(?:[a-z]+:|\/\/)/.test(target))

/** The pages of the repository that a text names as `docs/….md` or `docs/….md#heading`. */
export const citationsIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w./-])docs\/[\w/-]+(?:\.[\w-]+)*\.md(?:#[\w-]+)?/g)].map(([citation]) => citation)

/** The files and folders of the repository that a page names as code: `kernel/libc.ts`, `findings/`. */
export function pathsIn(markdown: string, folders: ReadonlySet<string>): string[] {
  const named = [...markdown.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, name = '']) => name)
  return named.filter((name) => folders.has(name.split('/')[0]!))
}

/** Why a link in a file leads nowhere; undefined if it leads somewhere. `from` is '' for the root. */
export function broken(target: string, from: string): string | undefined {
  const [file = '', anchor] = target.split('#')
  const named = file === '' ? from : path.posix.join(path.posix.dirname(from), decodeURIComponent(file))
  const place = path.join(root, named)
  if (named.startsWith('..') || !fs.existsSync(place)) return `${target}: there is no ${named}`
  if (anchor === undefined || anchor === '') return undefined
  if (!named.endsWith('.md')) return `${target}: only a page has headings`
  return anchorsOf(textOf(named)).includes(anchor) ? undefined : `${target}: ${named} has no heading #${anchor}`
}
