/** The page's files: TypeScript as JavaScript, everything compressed once, each with the hash of its content. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { browserSource } from '#common/browser-source.ts'
import { takesEncoding } from '#common/edge/encoding.ts'

export interface Asset {
  type: string
  etag: string
  identity: Buffer
  gzip: Buffer
  br: Buffer
}

const web = fileURLToPath(new URL('../web/', import.meta.url))
const require = createRequire(import.meta.url)

const types: Record<string, string> = {
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** Colours and type, which the reports have too. */
const tokens = fileURLToPath(new URL('../../../common/tokens.css', import.meta.url))

/** What every page begins with. */
const base = 'page/base.css'
/** The board's style sheets, as one: what comes later may refine what came before. */
const sheets = [
  base,
  'page/page.css',
  'picture/picture.css',
  'charts/charts.css',
  'panel/panel.css',
  'present/present.css',
  'experiment/experiment.css',
  'replay/replay.css',
  'host/host.css',
]

/** Every file by its path, the page itself as `/`. `folder` below web/ has its index.html and its app; the board's own are in web/. */
export function loadAssets(config: object, folder = ''): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>()
  for (const name of fs.readdirSync(web, { recursive: true, encoding: 'utf8' })) {
    const type = types[path.extname(name)]
    if (type === undefined || name.includes('.test.')) continue
    const file = path.join(web, name)
    if (type !== types['.js']) assets.set(`/${name}`, asset(type, fs.readFileSync(file, 'utf8')))
    else addModule(assets, `/${name}`, file)
  }
  const library = chartLibrary()
  assets.set('/uplot.js', asset(types['.js']!, library.script))
  assets.set('/board.css', styles(library.style, [tokens, ...sheets]))
  // A page of its own: of the board it has the base alone, so that no name of the board's styles reaches it.
  assets.set('/workshop/workshop.css', styles('', [tokens, base, 'workshop/workshop.css']))
  assets.set('/workshop/look.css', styles('', ['workshop/look.css']))
  assets.set('/', asset('text/html; charset=utf-8', page(config, folder)))
  return assets
}

/** Style sheets as one, by their paths below web/. */
function styles(before: string, names: readonly string[]): Asset {
  const texts = names.map((name) => fs.readFileSync(path.resolve(web, name), 'utf8'))
  return asset('text/css; charset=utf-8', [before, ...texts].join('\n'))
}

/** A module, and those of other rooms that it imports: each under its room's name, as `/common/quantities.ts`. */
function addModule(assets: Map<string, Asset>, name: string, file: string): void {
  if (assets.has(name)) return
  const source = browserSource(file).replace(/\bfrom '(#[a-z]+\/[^'\n]+)\.ts'/g, (_, specifier: string) => {
    const shared = fileURLToPath(import.meta.resolve(`${specifier}.ts`))
    const sharedName = `/${specifier.slice(1)}${path.extname(shared)}`
    addModule(assets, sharedName, shared)
    return `from '${sharedName}'`
  })
  assets.set(name, asset(types['.js']!, source))
}

/** Compiled for a package the page's modules are .js, as is what they import. */
function page(config: object, folder: string): string {
  const html = fs.readFileSync(path.join(web, folder, 'index.html'), 'utf8')
  const entry = fs.existsSync(path.join(web, 'app.ts')) ? 'app.ts' : 'app.js'
  const json = JSON.stringify(config).replaceAll('<', '\\u003c')
  return html.replace('/app.ts', `/${entry}`).replace('{"config":"here"}', () => json)
}

/** uPlot as it is installed: its small build is a script, which two words more make a module. */
function chartLibrary(): { script: string; style: string } {
  const folder = path.join(path.dirname(require.resolve('uplot/package.json')), 'dist')
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
  return { script: `${read('uPlot.iife.min.js')}\nexport default uPlot\n`, style: read('uPlot.min.css') }
}

function asset(type: string, text: string): Asset {
  const identity = Buffer.from(text)
  return {
    type,
    etag: `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`,
    identity,
    gzip: gzipSync(identity, { level: 9 }),
    br: brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }),
  }
}

/** The best encoding that a request accepts. */
export function encodingFor(accepted: string | undefined): 'br' | 'gzip' | 'identity' {
  return takesEncoding(accepted, 'br') ? 'br' : takesEncoding(accepted, 'gzip') ? 'gzip' : 'identity'
}
