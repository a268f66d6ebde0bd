import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { before, test } from 'node:test'
import { KernelError } from './errors.ts'
import { type Device, networkText, type Route, type Rule, takeMessages } from './routing.ts'

interface Seen {
  devices: Device[]
  routes: Route[]
  rules: Rule[]
  found: Record<string, Route | null>
  ip: {
    devices: { ifindex: number; ifname: string; flags: string[]; master?: string; linkinfo?: { info_kind: string } }[]
    routes: { dst: string; type?: string; dev?: string; gateway?: string; table?: string; nexthops?: unknown[] }[]
  }
}

let seen: Seen
before(() => {
  const script = new URL('./fixtures/routes-in-a-namespace.ts', import.meta.url).pathname
  seen = JSON.parse(execFileSync('unshare', ['-rn', process.execPath, script], { encoding: 'utf8' }))
})

const deviceOf = (name: string): Device | undefined => seen.devices.find((device) => device.name === name)

test('devices are those that `ip link` shows, with their kind, their other end and whatever they are a port of', () => {
  assert.deepEqual(
    seen.devices.map(({ index, name, kind, up, noArp, loopback }) => ({ index, name, kind, up, noArp, loopback })),
    seen.ip.devices.map(({ ifindex, ifname, flags, linkinfo }) => ({
      index: ifindex,
      name: ifname,
      kind: linkinfo?.info_kind,
      up: flags.includes('UP'),
      noArp: flags.includes('NOARP'),
      loopback: flags.includes('LOOPBACK'),
    })),
  )
  const [one, other, bridge] = ['one', 'other', 'bridge0'].map(deviceOf)
  assert.deepEqual([one?.peer, other?.peer, other?.master], [other?.index, one?.index, bridge?.index])
})

test('routes are those that `ip route` shows, of every table', () => {
  const ours = seen.routes.map(({ fate, destination, prefix, device, indirect, table }) =>
    [
      fate,
      networkText({ destination, prefix }),
      seen.devices.find(({ index }) => index === device)?.name ?? 'none',
      indirect,
      table,
    ].join(' '),
  )
  // By number: 1 unicast, 2 local, 3 broadcast, 7 unreachable.
  const fates: Record<string, string> = { 1: 'unicast', 2: 'local', 3: 'broadcast', 7: 'unreachable' }
  const theirs = seen.ip.routes.map(({ dst, type = '1', dev, gateway, table = '254', nexthops }) =>
    [
      fates[type] ?? type,
      dst.includes('/') ? dst : `${dst}/32`,
      nexthops === undefined && type !== '7' ? dev : 'none',
      gateway !== undefined || nexthops !== undefined,
      table,
    ].join(' '),
  )
  assert.deepEqual(ours.toSorted(), theirs.toSorted())
})

test('a look-up gives the route that matches, and its fate', () => {
  const { found } = seen
  assert.equal(found['127.0.0.1']?.fate, 'local')
  assert.deepEqual([found['10.1.0.1']?.fate, found['10.1.0.1']?.device], ['local', deviceOf('one')?.index])
  assert.deepEqual([found['10.1.0.7']?.indirect, found['10.1.0.7']?.device], [false, deviceOf('one')?.index])
  assert.deepEqual([found['10.2.3.4']?.indirect, found['10.2.3.4']?.prefix], [true, 16])
  assert.equal(found['10.3.0.1']?.indirect, true)
  assert.deepEqual([found['10.4.0.1'], found['192.0.2.1']], [null, null])
})

test('a rule beside those of every namespace is told', () => {
  assert.deepEqual(seen.rules, [{ priority: 1000 }])
})

test("an answer that is cut off is the kernel room's own error", () => {
  const chunk = Buffer.alloc(20)
  chunk.writeUInt32LE(64, 0)
  assert.throws(() => takeMessages(chunk, 0, 24, []), KernelError)
})
