import assert from 'node:assert/strict'
import test from 'node:test'
import { refusalOfOrder, refusalOfRequest, TOKEN_HEADER } from './guard.ts'

const host = '127.0.0.1:10510'
const token = 'a-token-of-this-start'
const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', [TOKEN_HEADER]: token } as const

test('a name that somebody points at loopback is refused, addresses and localhost are not', () => {
  for (const good of [host, '127.0.0.1', 'localhost:10510', 'localhost', '[::1]:10510', '192.168.1.7:10510'])
    assert.equal(refusalOfRequest({ host: good }), undefined, good)
  for (const bad of [
    'evil.example',
    'evil.example:10510',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
    'a b',
  ])
    assert.match(refusalOfRequest({ host: bad }) ?? '', /address or localhost/, bad)
  assert.match(refusalOfRequest({}) ?? '', /address or localhost/)
})

test('an allowed name is answered to, and ordered by over HTTPS as well; any other name is not', () => {
  const allowed = new Set(['lab.example'])
  for (const good of ['lab.example', 'LAB.example:443', 'lab.example.', '127.0.0.1'])
    assert.equal(refusalOfRequest({ host: good }, allowed), undefined, good)
  assert.match(refusalOfRequest({ host: 'evil.example' }, allowed) ?? '', /--allow-host/)
  const there = { ...own, host: 'lab.example' }
  for (const origin of ['http://lab.example', 'https://lab.example'])
    assert.equal(refusalOfOrder({ ...there, origin }, token, allowed), undefined, origin)
  for (const origin of ['https://evil.example', 'https://lab.example:8443'])
    assert.match(refusalOfOrder({ ...there, origin }, token, allowed) ?? '', /Origin/, origin)
  assert.match(refusalOfOrder({ ...own, origin: `https://${host}` }, token, allowed) ?? '', /Origin/)
})

test('another site may link to the page, and may not fetch anything', () => {
  assert.equal(refusalOfRequest({ host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), undefined)
  for (const site of ['cross-site', 'same-site'])
    assert.match(refusalOfRequest({ host, 'sec-fetch-site': site, 'sec-fetch-mode': 'cors' }) ?? '', /other sites/)
})

test('an order of the page itself is obeyed, and one of a script that knows the token', () => {
  assert.equal(refusalOfOrder(own, token), undefined)
  assert.equal(refusalOfOrder({ host, [TOKEN_HEADER]: token }, token), undefined)
})

test('an order from elsewhere is refused even with the token: by Origin, and by Sec-Fetch-Site', () => {
  for (const origin of ['http://evil.example', 'http://127.0.0.1:8080', 'https://127.0.0.1:10510', 'null'])
    assert.match(refusalOfOrder({ ...own, origin }, token) ?? '', /Origin/, origin)
  for (const site of ['cross-site', 'same-site', 'none'])
    assert.match(refusalOfOrder({ ...own, 'sec-fetch-site': site }, token) ?? '', /Sec-Fetch-Site/, site)
})

test('an order without the token, or with another one, is refused', () => {
  const { [TOKEN_HEADER]: _, ...without } = own
  assert.match(refusalOfOrder(without, token) ?? '', /token/)
  for (const wrong of ['', 'a-token-of-this-star', 'a-token-of-this-starT', 'another'])
    assert.match(refusalOfOrder({ ...own, [TOKEN_HEADER]: wrong }, token) ?? '', /token/)
})
