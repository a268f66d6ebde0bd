import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ownUrl } from './own-imports.ts'

const root = path.resolve(import.meta.dirname, '..')
const rooms = 'cli common experiments findings kernel lab live load planner report services'.split(' ')
/** What tests run reaches into test/, which is Node's to find. */
const modules = rooms.flatMap((room) =>
  fs
    .globSync(`${room}/**/*.ts`, { cwd: root })
    .filter((file) => !/\.d\.ts$|\/(?:web|fixtures)\/|\.test\.ts$/.test(file))
    .map((file) => path.join(root, file)),
)

test('what is answered for imports between modules of ours is what Node finds, and nothing of ours is left to it', () => {
  let answered = 0
  for (const file of modules) {
    const source = fs.readFileSync(file, 'utf8')
    for (const [, specifier = ''] of source.matchAll(/^(?:import|export)\b[^'"\n]*? from '([#.][^'\n]+\.ts)'$/gm)) {
      const found = createRequire(file).resolve(specifier)
      assert.equal(ownUrl(specifier, pathToFileURL(file).href), pathToFileURL(found).href, `${specifier} in ${file}`)
      answered++
    }
  }
  assert.ok(answered > 1000, `${answered} imports`)
})

test('the imports of packages, of tests and of experiments of a user are left to Node', () => {
  const from = (file: string): string => pathToFileURL(path.join(root, file)).href
  const ours = from('cli/main.ts')
  assert.ok(fs.existsSync(fileURLToPath(ownUrl('#common/errors.ts', ours) ?? 'file:///nowhere')))
  for (const [specifier, parent] of [
    ['#common/errors.ts', from('node_modules/some-package/index.js')],
    ['#internal/errors.ts', ours],
    ['./errors.ts', from('mine/experiment.ts')],
    ['../../elsewhere/errors.ts', from('cli/main.ts')],
    ['node:fs', ours],
    ['koffi', ours],
    ['./data.json', ours],
    ['#common/errors.ts', 'file:///elsewhere/main.ts'],
    ['#common/errors.ts', undefined],
  ] as const)
    assert.equal(ownUrl(specifier, parent), undefined, `${specifier} from ${parent}`)
})
