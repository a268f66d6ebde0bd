import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '#common/errors.ts'
import type { Device, Route } from '#kernel/routing.ts'
import { type FloodPlan, hasIpv6DefaultRoute, objectionTo, refuseOutsideLab, type Surroundings } from './lab-guard.ts'

const device = (index: number, name: string, changes: Partial<Device> = {}): Device => ({
  ...{ index, name, kind: 'veth', up: true, loopback: false, noArp: false },
  ...{ peer: undefined, master: undefined, programmed: false },
  ...changes,
})
const lo = device(1, 'lo', { kind: undefined, loopback: true })
const route = (destination: number, prefix: number, changes: Partial<Route> = {}): Route => ({
  ...{ fate: 'unicast', table: 254, destination, prefix, device: 2, indirect: false },
  ...changes,
})

/** A lab's client, with the server behind a pair of devices. */
const labRoute = route(0xc612_0000, 24)
const lab: Surroundings = {
  toTarget: labRoute,
  toSources: [],
  routes: [labRoute],
  rules: [],
  devices: [lo, device(2, 'veth0')],
  ipv6DefaultRoute: false,
  forwarding: [],
}

/** A pod that has server and clients, with its own way out, and both ends of a pair for the answers. */
const answers = route(0xc613_0000, 16, { device: 3 })
const wayOut = route(0, 0, { device: 2, indirect: true })
const ends = { noArp: true, kind: 'veth' } as const
const pod: Surroundings = {
  ...lab,
  toTarget: route(0xc612_0002, 32, { fate: 'local', table: 255, device: 1 }),
  toSources: [answers, answers],
  routes: [wayOut, answers],
  devices: [
    lo,
    device(2, 'eth0'),
    device(3, 'server0', { ...ends, peer: 4 }),
    device(4, 'client0', { ...ends, peer: 3 }),
  ],
  ipv6DefaultRoute: true,
  forwarding: ['eth0', 'server0', 'client0'],
}

const plan: FloodPlan = { target: { host: '198.18.0.2', port: 8080 }, durationMs: 1000 }

const at = (host: string): FloodPlan => ({ ...plan, target: { host, port: 8080 } })
const via = (toTarget: Route | undefined, ...routes: Route[]): Surroundings => ({ ...lab, toTarget, routes })
const withDevice = (index: number, changes: Partial<Device>): Surroundings => ({
  ...pod,
  devices: pod.devices.map((each) => (each.index === index ? { ...each, ...changes } : each)),
})

test("a lab's client may flood the lab's server", () => {
  assert.equal(objectionTo(plan, lab), undefined)
})

test('so may one whose network is the whole of 198.18.0.0/15', () => {
  const wide = route(0xc612_0000, 15)
  assert.equal(objectionTo(plan, via(wide, wide)), undefined)
})

test('so may one in the namespace of the server, whatever ways out that has, where every answer stays in it', () => {
  assert.equal(objectionTo(plan, pod), undefined)
})

for (const host of ['127.0.0.1', '198.17.255.255', '198.20.0.0', '10.0.0.1', '192.0.2.1'])
  test(`the target ${host} is refused: it is no lab's`, () => {
    for (const surroundings of [lab, pod])
      assert.match(objectionTo(at(host), surroundings) ?? '', /outside the lab's network 198\.18\.0\.0\/15/)
  })

test('names and IPv6 addresses are refused', () => {
  assert.match(objectionTo(at('localhost'), lab) ?? '', /not an IPv4 address/)
  assert.match(objectionTo(at('::1'), lab) ?? '', /not an IPv4 address/)
})

test('a source address of half-open clients is not a valid target', () => {
  assert.match(objectionTo(at('198.19.3.4'), lab) ?? '', /source addresses of half-open clients/)
})

test('a default route is refused where the target is beyond, also one cut in halves, also of IPv6', () => {
  assert.match(objectionTo(plan, via(labRoute, labRoute, wayOut)) ?? '', /IPv4 default route \(through veth0\)/)
  const half = route(0x8000_0000, 1, { indirect: true })
  assert.match(objectionTo(plan, via(labRoute, labRoute, half)) ?? '', /IPv4 default route/)
  assert.match(objectionTo(plan, { ...lab, ipv6DefaultRoute: true }) ?? '', /IPv6 default route/)
})

test('a target behind a gateway, on loopback or without a route is refused', () => {
  for (const changes of [{ indirect: true }, { device: 1 }, { device: undefined }])
    assert.match(objectionTo(plan, via({ ...labRoute, ...changes })) ?? '', /not directly connected/)
  assert.match(objectionTo(plan, via(undefined)) ?? '', /no route to the target/)
  assert.match(objectionTo(plan, via({ ...labRoute, fate: 'blackhole' })) ?? '', /no route to the target/)
})

test('a namespace that forwards is refused: it would answer for those who are not there', () => {
  assert.match(objectionTo(plan, { ...lab, forwarding: ['veth0'] }) ?? '', /forwards packets/)
  assert.equal(objectionTo(plan, { ...lab, forwarding: ['other'] }), undefined)
})

test('a rule that chooses other tables is refused wherever the target is', () => {
  for (const surroundings of [lab, pod])
    assert.match(objectionTo(plan, { ...surroundings, rules: [{ priority: 100 }] }) ?? '', /ip rule, priority 100/)
})

test('a target that loopback does not have is refused', () => {
  const onEth0 = { ...pod, toTarget: { ...pod.toTarget!, device: 2 } }
  assert.match(objectionTo(plan, onEth0) ?? '', /not of its loopback device, which no packet leaves \(it is of eth0\)/)
})

test('an answer that could leave is refused, be it to a few of the sources alone', () => {
  const refuses = (surroundings: Surroundings, why: RegExp): void =>
    assert.match(objectionTo(plan, surroundings) ?? '', why)
  refuses({ ...pod, toSources: [answers, wayOut] }, /the route to 0\.0\.0\.0\/0 leads to a gateway/)
  refuses({ ...pod, toSources: [answers, undefined] }, /no route to them/)
  const oneMore = (changes: Partial<Route>): Surroundings => ({
    ...pod,
    routes: [...pod.routes, route(0xc613_0700, 24, changes)],
  })
  refuses(oneMore({ device: 2 }), /the route to 198\.19\.7\.0\/24 is through eth0, which is no veth pair/)
  refuses(oneMore({ indirect: true, device: 3 }), /leads to a gateway or several ways/)
  refuses(oneMore({ fate: 'local', device: 1 }), /is of this host itself/)
  // What is dropped does not leave, and no rule names that table.
  assert.equal(objectionTo(plan, oneMore({ fate: 'blackhole', device: undefined })), undefined)
  assert.equal(objectionTo(plan, oneMore({ table: 77, device: 2 })), undefined)
})

test('a pair that does not end here, or passes on what it gets, is refused', () => {
  assert.match(objectionTo(plan, withDevice(3, { peer: undefined })) ?? '', /no veth pair with both ends here/)
  assert.match(objectionTo(plan, withDevice(3, { kind: 'macvlan' })) ?? '', /no veth pair with both ends here/)
  assert.match(objectionTo(plan, withDevice(4, { peer: 2 })) ?? '', /no veth pair with both ends here/)
  assert.match(objectionTo(plan, withDevice(4, { master: 2 })) ?? '', /client0 is a port of eth0/)
  assert.match(objectionTo(plan, withDevice(3, { master: 2 })) ?? '', /server0 is a port of eth0/)
  assert.match(objectionTo(plan, withDevice(4, { programmed: true })) ?? '', /client0 sends or receives \(tc or XDP\)/)
  assert.match(objectionTo(plan, withDevice(3, { noArp: false })) ?? '', /ip link set server0 arp off/)
})

test('rate, duration, count and sources are bounded', () => {
  for (const [field, value] of [
    ['durationMs', 60_001],
    ['durationMs', 0],
    ['durationMs', Number.NaN],
    ['ratePerSecond', 10_000_001],
    ['ratePerSecond', -1],
    ['maxSyns', 50_000_001],
    ['sources', 65_537],
  ] as const)
    for (const surroundings of [lab, pod])
      assert.match(objectionTo({ ...plan, [field]: value }, surroundings) ?? '', new RegExp(field), `${field} ${value}`)
})

test('the null route of a fresh namespace is no IPv6 default route, and a real one is', () => {
  const zeros = '0'.repeat(32)
  const nullRoute = `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo\n`
  const real = `${zeros} 00 ${zeros} 00 fd${'0'.repeat(29)}1 00000400 00000002 00000000 00000003     eth0\n`
  assert.equal(hasIpv6DefaultRoute(nullRoute), false)
  assert.equal(hasIpv6DefaultRoute(nullRoute + real), true)
  assert.equal(hasIpv6DefaultRoute(''), false)
})

test('the error says what is missing and where to go, and an allowed load is told its device', () => {
  assert.throws(
    () => refuseOutsideLab(at('127.0.0.1')),
    (error) =>
      error instanceof UsageError && /127\.0\.0\.1/.test(error.message) && /spillway up/.test(error.remedy ?? ''),
  )
  assert.equal(refuseOutsideLab(plan, lab), 'veth0')
  assert.equal(refuseOutsideLab(plan, pod), 'lo')
})
