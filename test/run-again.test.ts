/** What a report says of how to run it again: the command that was typed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'

const spillway = new URL('../bin/spillway', import.meta.url).pathname

/** Cannot be run here: a verdict and a report it has all the same. */
const source = `import { atLeast, experiment, that } from 'spillway/vocabulary'
export default experiment({
  name: 'mine',
  teaches: 'Nothing.',
  sources: ['this test'],
  needs: { cores: 100000 },
  lab: {},
  phases: { look: () => {} },
  expect: ({ listener }) => ({
    kernel: [that('it listens', listener(1).limit.last, atLeast(1))],
    userspace: [that('nobody connects', 0, atLeast(0))],
  }),
})
`

test("a report of a file of one's own names the file as it was typed, quoted where a shell needs it", (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-again-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  for (const file of ['other-name.ts', 'my first.ts']) fs.writeFileSync(path.join(folder, file), source)
  for (const [typed, again] of [
    ['./other-name.ts', 'spillway run ./other-name.ts'],
    ['other-name', 'spillway run other-name'],
    ['./my first.ts', "spillway run './my first.ts'"],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(spillway, ['run', typed, '--json', '--out', 'out'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    assert.equal(JSON.parse(stdout).again, again)
    const page = fs.readFileSync(path.join(folder, 'out/mine/report.html'), 'utf8')
    const told = /<pre class="again"><code>([^<]*)</.exec(page)?.[1]
    assert.equal(told?.replaceAll('&#39;', "'"), again)
  }
})
