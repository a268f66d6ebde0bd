import assert from 'node:assert/strict'
import os from 'node:os'
import test from 'node:test'
import { isOwnHost, otherOrigin, otherSite } from './guard.ts'
import { ownNames } from './own-names.ts'

test('addresses, localhost and names of ours are our own, whatever their case and port', () => {
  const names = new Set(['db1', 'db1.internal'])
  for (const host of [
    '127.0.0.1',
    '127.0.0.1:10511',
    '[::1]:10511',
    '[2001:db8::7]',
    '192.168.1.7',
    'localhost',
    'LocalHost:1',
    'localhost.',
    'a.b.localhost:80',
    'db1:10511',
    'DB1.Internal',
    'db1.internal.:10511',
  ])
    assert.equal(isOwnHost(host, names), true, host)
  for (const host of [
    '',
    ':80',
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'evil-localhost',
    'db1.evil.example',
    'db1 evil',
    '[::1',
    '::1',
    'evil.example#localhost',
    'user@localhost',
    'localhost:80:80',
    '1.2.3',
  ])
    assert.equal(isOwnHost(host, names), false, host)
})

test('a host knows its name, short and with its domains, and what stands beside it in /etc/hosts', () => {
  const files: Record<string, string> = {
    '/etc/hosts': '127.0.0.1 localhost\n10.0.0.5 DB1.prod.example db1 # ours\n10.0.0.6 web1 other\n',
    '/etc/resolv.conf': 'nameserver 10.0.0.1\nsearch internal. corp.example\noptions ndots:5\n',
  }
  assert.deepEqual(
    [...ownNames('Db1', (file) => files[file] ?? '')].toSorted(),
    ['db1', 'db1.corp.example', 'db1.internal', 'db1.prod.example'].toSorted(),
  )
  assert.deepEqual([...ownNames('db1.prod.example', () => '')], ['db1.prod.example', 'db1'])
  assert.ok(ownNames().has(os.hostname().toLowerCase()))
})

test('what a browser says of other sites is believed, and a link may open a page', () => {
  assert.equal(otherSite({}), undefined)
  assert.equal(otherSite({ 'sec-fetch-site': 'none' }), undefined)
  assert.equal(otherSite({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), undefined)
  assert.match(otherSite({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }) ?? '', /same-site/)
  assert.equal(otherOrigin({ host: 'db1:1', origin: 'https://db1:1' }), undefined)
  for (const origin of ['null', 'http://db1:2', 'http://evil.example'])
    assert.match(otherOrigin({ host: 'db1:1', origin }) ?? '', new RegExp(origin))
})
