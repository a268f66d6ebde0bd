/** The bundle for a room without a network: unpacked in an empty folder, in a network namespace that reaches nothing. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { Verdict } from '#lab/experiment/verdict.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-room-'))
const home = path.join(folder, 'home')
let archive = ''

before(
  async () => {
    const made = path.join(folder, 'made')
    fs.mkdirSync(made)
    fs.mkdirSync(home)
    await run(process.execPath, [path.join(root, 'scripts/bundle.ts'), made])
    const [name = ''] = fs.readdirSync(made)
    archive = path.join(made, name)
    await run('tar', ['-xzf', archive, '-C', folder])
  },
  { timeout: 300_000 },
)
after(() => fs.rmSync(folder, { recursive: true, force: true }))

/** Without this checkout, without a network, with nothing of this user's. */
async function alone(script: string): Promise<string> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: home }
  const inside = ['--user', '--map-root-user', '--net', 'sh', '-ec', `ip link set lo up; ${script}`]
  const { stdout } = await run('unshare', inside, { cwd: home, env })
  return stdout
}

test('it is one archive for this architecture, with the licences and without what no program reads', async () => {
  assert.match(path.basename(archive), new RegExp(`^spillway-\\d+\\.\\d+\\.\\d+-linux-${process.arch}\\.tar\\.gz$`))
  const { stdout } = await run('tar', ['-tzf', archive], { maxBuffer: 1e8 })
  assert.match(stdout, /node_modules\/fastify\/LICENSE\n/)
  // Types are for editors: of what the package exports alone somebody may want them.
  assert.doesNotMatch(
    stdout,
    /(?<!\/spillway-vocabulary|\/expect)\.d\.ts\n|\/include\/node\/|node_modules\/(typescript|playwright-core)\//,
  )
})

test('it installs, the doctor finds the machine ready, and an experiment and a solution run', async () => {
  assert.match(await alone('../spillway-workshop/install'), /^Installed: .*\/\.local\/bin\/spillway\n[\s\S]*^ready: /m)
  const said = await alone(
    '.local/bin/spillway run small-backlog ../spillway-workshop/solutions/01-backlog-zero.ts --json --out runs',
  )
  const verdicts: Verdict[] = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    verdicts.map(({ experiment }) => experiment),
    ['small-backlog', 'solution-backlog-zero'],
  )
  for (const { status, reason } of verdicts) assert.match(status, /^(passed|not judged)$/, `${reason}`)
})
