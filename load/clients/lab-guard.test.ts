import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '#common/errors.ts'
import {
  type FloodPlan,
  hasIpv6DefaultRoute,
  objectionTo,
  parseRoutes,
  type Route,
  refuseOutsideLab,
  type Surroundings,
} from './lab-guard.ts'

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
const labRoute: Route = { device: 'veth0', destination: 0xc612_0000, mask: 0xffff_ff00, gateway: 0 }
const lab: Surroundings = {
  routes: [labRoute],
  ipv6DefaultRoute: false,
  forwarding: [],
  ownAddresses: ['127.0.0.1', '198.18.0.3'],
}
const plan: FloodPlan = { target: { host: '198.18.0.2', port: 8080 }, durationMs: 1000 }

const at = (host: string): FloodPlan => ({ ...plan, target: { host, port: 8080 } })
const with_ = (...routes: Route[]): Surroundings => ({ ...lab, routes })

test("a lab's client may flood the lab's server", () => {
  assert.equal(objectionTo(plan, lab), undefined)
})

test('so may one whose network is the whole of 198.18.0.0/15', () => {
  const wide = with_({ device: 'eth0', destination: 0xc612_0000, mask: 0xfffe_0000, gateway: 0 })
  assert.equal(objectionTo(plan, wide), undefined)
})

for (const host of ['127.0.0.1', '198.17.255.255', '198.20.0.0', '10.0.0.1', '192.0.2.1'])
  test(`the target ${host} is refused: it is no lab's`, () => {
    assert.match(objectionTo(at(host), lab) ?? '', /outside the lab's network 198\.18\.0\.0\/15/)
  })

test('names and IPv6 addresses are refused', () => {
  assert.match(objectionTo(at('localhost'), lab) ?? '', /not an IPv4 address/)
  assert.match(objectionTo(at('::1'), lab) ?? '', /not an IPv4 address/)
})

test('a source address of half-open clients is not a valid target', () => {
  assert.match(objectionTo(at('198.19.3.4'), lab) ?? '', /source addresses of half-open clients/)
})

test('an own address is refused, which loopback would deliver', () => {
  assert.match(objectionTo(at('198.18.0.3'), lab) ?? '', /address of this network namespace, not of a lab's server/)
})

test('a default route is refused, also one cut in halves, also of IPv6', () => {
  const gateway = 0xc612_0001
  const eth0 = { device: 'eth0', gateway }
  assert.match(
    objectionTo(plan, with_(labRoute, { ...eth0, destination: 0, mask: 0 })) ?? '',
    /IPv4 default route \(through eth0\)/,
  )
  assert.match(
    objectionTo(plan, with_(labRoute, { ...eth0, destination: 0x8000_0000, mask: 0x8000_0000 })) ?? '',
    /IPv4 default route/,
  )
  assert.match(objectionTo(plan, { ...lab, ipv6DefaultRoute: true }) ?? '', /IPv6 default route/)
})

test('a target behind a gateway, on loopback or without a route is refused', () => {
  const host: Route = { ...labRoute, destination: 0xc612_0002, mask: 0xffff_ffff }
  assert.match(objectionTo(plan, with_(labRoute, { ...host, gateway: 0xc612_0009 })) ?? '', /not directly connected/)
  assert.match(objectionTo(plan, with_({ ...labRoute, device: 'lo' })) ?? '', /not directly connected/)
  assert.match(objectionTo(plan, with_()) ?? '', /no route to the target/)
})

test('a namespace that forwards is refused: it would answer for those who are not there', () => {
  assert.match(objectionTo(plan, { ...lab, forwarding: ['veth0'] }) ?? '', /forwards packets/)
  assert.equal(objectionTo(plan, { ...lab, forwarding: ['other'] }), undefined)
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
    assert.match(objectionTo({ ...plan, [field]: value }, lab) ?? '', new RegExp(field), `${field} ${value}`)
})

test('routes are read as the kernel writes them, those that are down or reject left out', () => {
  const text = `${header}eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\nveth0\t000012C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n`
  assert.deepEqual(parseRoutes(text), [
    { device: 'eth0', destination: 0, gateway: 0xc000_0201, mask: 0 },
    { device: 'veth0', destination: 0xc612_0000, gateway: 0, mask: 0xffff_ff00 },
  ])
  assert.deepEqual(parseRoutes(''), [])
})

test('the null route of a fresh namespace is no IPv6 default route, and a real one is', () => {
  const zeros = '0'.repeat(32)
  const nullRoute = `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo\n`
  const real = `${zeros} 00 ${zeros} 00 fd${'0'.repeat(29)}1 00000400 00000002 00000000 00000003     eth0\n`
  assert.equal(hasIpv6DefaultRoute(nullRoute), false)
  assert.equal(hasIpv6DefaultRoute(nullRoute + real), true)
  assert.equal(hasIpv6DefaultRoute(''), false)
})

test('the error says what is missing and where to go', () => {
  assert.throws(
    () => refuseOutsideLab(at('127.0.0.1')),
    (error) =>
      error instanceof UsageError && /127\.0\.0\.1/.test(error.message) && /spillway up/.test(error.remedy ?? ''),
  )
})
