import assert from 'node:assert/strict'
import fs from 'node:fs'
import test from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { encodingFor, loadAssets } from './assets.ts'

const config = {
  start: 's',
  token: 't</script>',
  experiments: [],
  unavailable: {},
  chapters: [],
  startAgain: 'npm start',
}

test('the whole page weighs less than 150 kB, however it is compressed', () => {
  const assets = [...loadAssets(config).values()]
  assert.ok(assets.length > 10)
  for (const encoding of ['gzip', 'br'] as const) {
    const bytes = assets.reduce((sum, asset) => sum + asset[encoding].length, 0)
    assert.ok(bytes < 150_000, `${bytes} bytes as ${encoding}`)
  }
})

test('every encoding holds the same file', () => {
  for (const [name, { identity, gzip, br }] of loadAssets(config)) {
    assert.ok(gunzipSync(gzip).equals(identity), name)
    assert.ok(brotliDecompressSync(br).equals(identity), name)
  }
})

test('whatever a module of the page imports is served, and holds no types any more', () => {
  const assets = loadAssets(config)
  let seen = 0
  for (const [name, { identity, type }] of assets) {
    if (!type.startsWith('text/javascript')) continue
    const source = identity.toString()
    assert.doesNotMatch(source, /^import type |^export interface /m, name)
    for (const [, specifier = ''] of source.matchAll(/^(?:import|export) .*? from '([^']+)'/gms)) {
      assert.match(specifier, /^[./]/, `a browser knows no ${specifier}`)
      assert.ok(assets.has(new URL(specifier, `http://board${name}`).pathname), `${name} imports ${specifier}`)
      seen++
    }
  }
  assert.ok(seen > 30)
})

test('what the page shares with other rooms is served as one module, whoever imports it', () => {
  const assets = loadAssets(config)
  const shared = [...assets.keys()].filter((name) => name.includes('quantities'))
  assert.deepEqual(shared, ['/common/quantities.ts'])
  assert.match(assets.get('/picture/shard-words.ts')?.identity.toString() ?? '', / from '\/common\/quantities\.ts'/)
})

test('what the page is told cannot end the element that holds it', () => {
  const page = loadAssets(config).get('/')?.identity.toString() ?? ''
  const json = /<script type="application\/json" id="config">(.*?)<\/script>/s.exec(page)?.[1]
  assert.deepEqual(JSON.parse(json ?? ''), config)
})

test('the best encoding that is accepted is chosen, and none that is refused', () => {
  assert.equal(encodingFor('gzip, deflate, br, zstd'), 'br')
  assert.equal(encodingFor('gzip;q=1.0, br;q=0'), 'gzip')
  assert.equal(encodingFor('deflate'), 'identity')
  assert.equal(encodingFor(undefined), 'identity')
})

test('the one style sheet holds those of all folders, but for the workshop, which is a page of its own', () => {
  const assets = loadAssets(config)
  const sheetOf = (name: string): string => assets.get(name)?.identity.toString() ?? ''
  const served = sheetOf('/board.css')
  const web = new URL('../web/', import.meta.url)
  const sheets = fs.readdirSync(web, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.css'))
  assert.ok(sheets.length >= 4)
  for (const name of sheets) {
    const there = name.startsWith('workshop/') ? sheetOf(`/${name}`) : served
    assert.ok(there.includes(fs.readFileSync(new URL(name, web), 'utf8')), name)
  }
  assert.match(served, /\.u-over/, 'and the one of uPlot')
})
