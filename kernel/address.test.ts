import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { test } from 'node:test'
import fc from '../test/support/properties.ts'
import { addressBytes, formatAddress, socketAddress } from './address.ts'
import { AF_INET, AF_INET6 } from './libc.ts'

const canonical = [
  '0.0.0.0',
  '127.0.0.1',
  '198.18.255.254',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  '2001:db8::',
  '2001:db8:0:1::2',
  '2001:db8::1:0:0:1',
  '2001:db8:1:1:1:1:0:1',
  '1:2:3:4:5:6:7:8',
  '::ffff:192.0.2.7',
  '::102:304',
]

const round = (address: string): string => {
  const bytes = addressBytes(address)
  return formatAddress(bytes.length === 4 ? AF_INET : AF_INET6, bytes)
}

test('an address in its canonical form survives the way to bytes and back', () => {
  for (const address of canonical) assert.equal(round(address), address)
})

test('other spellings come back in the canonical form', () => {
  for (const [spelling, wanted] of [
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:c000:207', '::ffff:192.0.2.7'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['fe80::1%eth0', 'fe80::1'],
  ] as const)
    assert.equal(round(spelling), wanted)
})

test('a mapped address has the IPv4 address in its last four bytes', () => {
  const bytes = addressBytes('::ffff:192.0.2.7')
  assert.equal(bytes.toString('hex'), '00000000000000000000ffffc0000207')
  assert.equal(formatAddress(AF_INET, bytes, 12), '192.0.2.7')
})

test('any sixteen bytes become an address that means the same bytes', () => {
  // Mostly zeros: their longest run is what the canonical form is about.
  const byte = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat({ max: 255 }))
  const property = fc.property(fc.array(byte, { minLength: 16, maxLength: 16 }), (sixteen) => {
    const bytes = Buffer.from(sixteen)
    const text = formatAddress(AF_INET6, bytes)
    assert.equal(isIP(text), 6, text)
    assert.deepEqual(addressBytes(text), bytes, text)
    // A second opinion on the same text.
    const list = new BlockList()
    list.addAddress(text, 'ipv6')
    assert.ok(list.check(bytes.toString('hex').replace(/(.{4})(?!$)/g, '$1:'), 'ipv6'), text)
  })
  fc.assert(property, { numRuns: 2000 })
})

test('what is no address is refused with its text', () => {
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.256', '::g', '1:2:3:4:5:6:7:8:9', '[::1]'])
    assert.throws(() => addressBytes(text), {
      name: 'KernelError',
      code: 'EINVAL',
      message: new RegExp(`'${RegExp.escape(text)}'`),
    })
})

test('a socket address has the family in host order and the port in network order', () => {
  assert.equal(socketAddress('1.2.3.4', 0x1234).toString('hex'), '02001234010203040000000000000000')
  assert.equal(socketAddress('::1', 80).toString('hex'), `0a00005000000000${'0'.repeat(31)}100000000`)
})
