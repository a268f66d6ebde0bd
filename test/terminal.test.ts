/** The terminal view and a shell's job control, on a real terminal. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import test, { type TestContext } from 'node:test'
import { eventually } from '#common/waiting.ts'
import { skipWithout } from './support/tools.ts'

const skip = skipWithout('script')
const view = `${process.execPath} ${new URL('../cli/up/testing/keys.ts', import.meta.url).pathname}`
const PROMPT = 'prompt> '
const ALTERNATE = '\x1b[?1049h'
const ORIGINAL = '\x1b[?1049l'

interface Shell {
  /** What has come since the last thing was typed. */
  output(): string
  type(keys: string): void
  shows(pattern: RegExp): Promise<string>
}

/** A shell with job control on a terminal of its own. */
async function shell(context: TestContext): Promise<Shell> {
  const child = spawn('script', ['-qefc', 'bash --norc --noprofile --noediting -i', '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  context.after(async () => {
    child.kill('SIGKILL') // the shell and its jobs are hung up by that
    await ended
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const started: Shell = {
    output: () => output,
    type(keys) {
      output = ''
      child.stdin.write(keys)
    },
    shows: (pattern) =>
      eventually(
        'the terminal shows it',
        () => output,
        (text) => assert.match(text, pattern),
      ),
  }
  started.type(`PS1='${PROMPT}'\n`)
  await started.shows(/prompt> $/s)
  return started
}

/** Waits until the shell says that the view has stopped. */
const stopped = async ({ shows, output }: Shell): Promise<void> => {
  await shows(/Stopped.*prompt> $/s)
  assert.ok(output().includes(`\x1b[?25h${ORIGINAL}`), 'cursor and screen are given back before the prompt comes')
  assert.ok(output().indexOf(ORIGINAL) < output().indexOf('Stopped'))
}

for (const [name, command] of [
  ['the view', view],
  ['a script around it, as npm is', `sh -c '${view}; exit'`],
] as const)
  test(`Ctrl-Z stops ${name} and gives the screen back; after fg its keys are heard again, as often as one likes`, {
    skip,
  }, async (context) => {
    const { type, shows, output } = await shell(context)
    type(`${command}\n`)
    await shows(/keys <>/)
    let keys = ''
    for (const key of ['a', 'b', 'c']) {
      type(key)
      keys += key
      await shows(new RegExp(`keys <${keys}>`))
      type('\x1a')
      await stopped({ type, shows, output })
      // The terminal is a shell's again: what is typed is echoed, and a line is a line.
      type('echo $((6 * 7))\n')
      await shows(/echo \$\(\(6 \* 7\)\).*42.*prompt> $/s)
      type('fg\n')
      await shows(new RegExp(`keys <${keys}>`))
      assert.ok(output().includes(ALTERNATE), 'the alternate screen is taken again')
    }
    type('q')
    await shows(/prompt> $/s)
    type('echo back\n')
    await shows(/echo back\r\nback/)
  })

for (const signal of ['TSTP', 'STOP'] as const)
  test(`after SIG${signal} from elsewhere and fg the view has keys, screen and size again`, {
    skip,
  }, async (context) => {
    const { type, shows, output } = await shell(context)
    type(`${view}\n`)
    const frame = await shows(/pid <\d+>/)
    process.kill(Number(/pid <(\d+)>/.exec(frame)?.[1]), `SIG${signal}`)
    await shows(/Stopped.*prompt> $/s)
    type('stty cols 77\n')
    await shows(/prompt> $/s)
    type('fg\n')
    await shows(/frames <[1-9]\d*> columns <77>/)
    assert.ok(output().includes(ALTERNATE))
    type('x')
    await shows(/keys <x>/)
    type('q')
    await shows(/prompt> $/s)
  })

test('where no shell could let it go on, Ctrl-Z leaves the view as it is', { skip }, async (context) => {
  const { type, shows } = await shell(context)
  type(`script -qefc '${view}' /dev/null\n`)
  await shows(/keys <>/)
  type('\x1a')
  await shows(/keys <>/)
  type('y')
  await shows(/keys <y>/)
  type('q')
  await shows(/prompt> $/s)
})
