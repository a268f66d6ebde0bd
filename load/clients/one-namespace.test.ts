/** Half-open clients where server and clients share a network namespace that has a way out, as in a pod; the way out is watched. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { inNamespace } from '../testing/in-namespace.ts'

interface Refused {
  error: string
  /** Packets of a lab's addresses that came out all the same. */
  leaked: number
}

/** What load/testing/one-namespace.scenario.ts tells. */
interface Seen {
  controlled: number
  refused: Record<
    | 'noRoute'
    | 'defaultAlone'
    | 'amongSources'
    | 'rule'
    | 'arp'
    | 'local'
    | 'severalWays'
    | 'onDevice'
    | 'bridged'
    | 'elsewhere',
    Refused
  >
  kept: { written: number; halfOpen: number; leaked: number }
  full: { written: number; leaked: number }
  byHand: { outcome: string; leaked: number }
  torn: Refused
}

let seen: Seen
before(async () => {
  seen = await inNamespace<Seen>(new URL('../testing/one-namespace.scenario.ts', import.meta.url))
})

test('the watch sees what leaves the namespace', () => {
  assert.ok(seen.controlled > 0)
})

test('half-open requests are there, and neither a SYN nor an answer has left', () => {
  assert.deepEqual(seen.kept, { written: 40, halfOpen: 40, leaked: 0 })
  assert.deepEqual(seen.full, { written: 5000, leaked: 0 })
})

test('so is a handshake by hand', () => {
  assert.deepEqual(seen.byHand, { outcome: 'ok', leaked: 0 })
})

test('whatever could let an answer out is refused by its name, and nothing has left', () => {
  const { refused } = seen
  assert.match(refused.noRoute.error, /could leave it: the route to 0\.0\.0\.0\/0 leads to a gateway/)
  assert.match(refused.defaultAlone.error, /IPv4 default route \(through eth0\)/)
  assert.match(refused.amongSources.error, /the route to 198\.19\.7\.0\/24 leads to a gateway/)
  assert.match(refused.rule.error, /a routing rule \(ip rule, priority \d+\)/)
  assert.match(refused.arp.error, /ip link set server0 arp off/)
  assert.match(refused.local.error, /198\.19\.1\.0\/24 is of this host itself \(local, lo\)/)
  assert.match(refused.severalWays.error, /the route to 198\.19\.9\.0\/24 leads to a gateway or several ways/)
  assert.match(refused.onDevice.error, /not of its loopback device, .* \(it is of eth0\)/)
  assert.match(refused.bridged.error, /client0 is a port of bridge0/)
  assert.match(refused.elsewhere.error, /through server0, which is no veth pair with both ends here/)
  for (const [which, { error, leaked }] of Object.entries(refused)) {
    assert.match(error, /^UsageError: This load runs only inside a lab: /, which)
    assert.equal(leaked, 0, which)
  }
})

test('when what keeps the answers here goes, the load ends and says so, and nothing has left', () => {
  assert.match(seen.torn.error, /only inside a lab: .* could leave it: there is no route to them/)
  assert.equal(seen.torn.leaked, 0)
})
