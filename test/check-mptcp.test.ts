/** Listeners of MPTCP, as `check` and `top` show them. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { CheckHost, findingsIn, linesOf, spillway } from './support/check-host.ts'
import { skipWithout } from './support/tools.ts'

/** One of each protocol; where this kernel opens no socket of MPTCP it ends with status 3. */
const LISTENS = `import socket, sys, time
def listen(port, protocol):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    listener.bind(('127.0.0.1', port))
    listener.listen(5)
    return listener
try: both = [listen(8262, 262), listen(8006, 6)]
except OSError: sys.exit(3)
if len(sys.argv) > 1: sys.exit(0)
time.sleep(1000)
`
const skip = skipWithout('python3')

test('a listener of MPTCP is named as such beside one of TCP', { skip }, async (t) => {
  await using host = await CheckHost.start()
  if ((await host.run('python3', ['-c', LISTENS, 'try'])).code === 3) return t.skip('this kernel has no MPTCP')
  host.start('python3', ['-c', LISTENS])
  await host.listens(8006)
  const said = await host.check('--json')
  const listeners = linesOf(said).filter(({ type }) => type === 'listener')
  assert.deepEqual(
    listeners.map(({ port, protocol, limit }) => [port, protocol, limit]).sort(),
    [
      [8006, 'tcp', 5],
      [8262, 'mptcp', 5],
    ],
    'MPTCP’s has one row, not one for each of its two sockets',
  )
  assert.deepEqual(findingsIn(said), [])
  assert.match((await host.check()).stdout, /^mptcp 127\.0\.0\.1:8262 /m)
  const top = await host.run(spillway, ['top', '--once'])
  assert.match(top.stdout, /mptcp 127\.0\.0\.1:8262/)
  assert.doesNotMatch(top.stdout, /mptcp 127\.0\.0\.1:8006/)
})
