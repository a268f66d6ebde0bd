/** Requests as nobody should send them. None is an order that something obeys. */

/** What a client writes, piece by piece, and how it goes on. */
export interface OddRequest {
  name: string
  pieces: Buffer[]
  /** `answer`: waits for one, which must come. `hang up`: closes its side, and hears what comes. `reset`: is gone. */
  next: 'answer' | 'hang up' | 'reset'
}

const oneOf = <Item>(random: () => number, items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!

/** One of many kinds; `paths` are those that are there. */
export const oddRequest = (random: () => number, paths: readonly string[]): OddRequest =>
  oneOf(random, [oddAddress, oddMethod, oddHeaders, oddBody, broken, pipelined, otherProtocol])(random, paths)

const request = (method: string, address: string, headers: readonly string[] = [], body = ''): string =>
  [`${method} ${address} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', body].join('\r\n')

const written = (name: string, text: string, next: OddRequest['next'] = 'answer'): OddRequest => ({
  name: `${name} ${JSON.stringify(text.slice(0, 120))}`,
  pieces: [Buffer.from(text, 'latin1')],
  next,
})

function oddAddress(random: () => number, paths: readonly string[]): OddRequest {
  const path = oneOf(random, paths)
  const address = oneOf(random, [
    '//',
    '///',
    '/%',
    '/%00',
    '/%ff',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/../../etc/passwd',
    '/.',
    '*',
    '?',
    '/?',
    '/#',
    `${path}?`,
    `${path}?${'?'.repeat(500)}`,
    `${path}?${'a=1&'.repeat(1000)}`,
    `${path}?%`,
    `${path}?now=%ff%fe`,
    `${path}?__proto__=1`,
    `${path}?interval=1e999&interval=2`,
    `${path}?now[]=1`,
    `${path}#x`,
    `/${path}`,
    `${path}/`,
    `${path}%20`,
    `${path};x=1`,
    `${path}\\`,
    `${path}/%2f..`,
    `http://127.0.0.1${path}`,
    'http://evil.example/',
    'http://',
    'http:///',
    'https://[::1',
    'ftp://x/y',
    'javascript:alert(1)',
    'x',
    `/${'a'.repeat(3000)}`,
    `/${'a'.repeat(100_000)}`,
    `/${'%41'.repeat(2000)}`,
    `/loads/${'7'.repeat(500)}`,
    '/\u00fc\u00e4',
    '/\u00e2\u0082\u00ac',
    '/constructor',
    '/__proto__',
    '/hasOwnProperty',
    '/<script>',
    '/"',
    "/'",
  ])
  return written('address', request(oneOf(random, ['GET', 'GET', 'HEAD', 'POST']), address))
}

function oddMethod(random: () => number, paths: readonly string[]): OddRequest {
  const method = oneOf(random, [
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
    'M-SEARCH',
    'LOCK',
    'PURGE',
    'SOURCE',
    'ACL',
    'HEAD',
    'BREW',
    'get',
  ])
  const connect = random() < 0.1
  const address = oneOf(random, [...paths, '/nowhere', '*'])
  if (connect) return written('connect', request('CONNECT', oneOf(random, ['127.0.0.1:80', 'x', address])))
  return written('method', request(method, address, oneOf(random, [[], ['Content-Length: 3']]), 'abc'))
}

function oddHeaders(random: () => number, paths: readonly string[]): OddRequest {
  const path = oneOf(random, paths)
  const headers = oneOf(random, [
    ['Host: again'],
    ['host:'],
    [`X: ${'x'.repeat(60_000)}`],
    Array.from({ length: 3000 }, (_, i) => `X-${i}: 1`),
    ['Content-Length: abc'],
    ['Content-Length: -1'],
    ['Content-Length: 1, 2'],
    ['Content-Length: 99999999999999999999'],
    ['Content-Length: 0', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: gzip'],
    ['Transfer-Encoding: chunked, x'],
    ['Expect: 100-continue'],
    ['Expect: miracles'],
    ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'],
    ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ['Accept-Version: 9.x'],
    ['no colon'],
    [': no name'],
    ['X: a\0b'],
    [' X: folded'],
    ['X : space'],
    ['X: a\rb'],
    ['Accept: */*;q=x'],
    ['Cookie: ;'],
    ['Range: bytes=5-2'],
    ['If-None-Match: *'],
    ['Accept-Encoding: br;q=x'],
    ['Content-Type: ;;;'],
    ['Origin: null'],
    ['Connection: close, keep-alive'],
    ['Keep-Alive: timeout=-1'],
    ['Content-Encoding: zstd'],
    ['TE: trailers'],
  ])
  const begin = oneOf(random, [
    request('GET', path, headers),
    [`GET ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n'),
  ])
  // Whoever promises a body and sends none is not answered before it hangs up.
  return written('headers', begin, /Length|Transfer/.test(headers.join()) ? 'hang up' : 'answer')
}

function oddBody(random: () => number, paths: readonly string[]): OddRequest {
  const method = oneOf(random, ['POST', 'PUT', 'PATCH'])
  const body = oneOf(random, [
    '',
    'null',
    '1',
    '"text"',
    '[]',
    '[{}]',
    '{',
    '{"a":',
    '\ufeff{}'.slice(0, 1),
    '{"__proto__":{"x":1}}',
    'a=b&c=d',
    '{"do":"destroy"}',
    '{"kind":[]}',
    '{"kind":"hold"}',
    '{"stalled":"yes"}',
    '{"backlog":1e400}',
    '{"by":null}',
    '['.repeat(10_000),
    `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
    `"${'x'.repeat(100_000)}"`,
    '\x1f\x8b\x08\0\0',
    '\xff\xfe\0{',
    '{"a":"\xc3"}',
    `{"a":${'9'.repeat(5000)}}`,
    '{"constructor":{"prototype":1}}',
    ' '.repeat(2_000_000),
  ])
  const type = oneOf(random, [
    'application/json',
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'text/html',
    'nothing',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/json, text/plain',
    '*/*',
  ])
  const address = oneOf(random, [...paths, '/nowhere'])
  if (random() < 0.3) {
    const chunks = oneOf(random, [
      'zz\r\nx\r\n',
      '5\r\nabc',
      'ffffffffffffffff\r\n',
      '-1\r\n',
      `1;${'x'.repeat(20_000)}\r\na\r\n`,
    ])
    const headers = [`Content-Type: ${type}`, 'Transfer-Encoding: chunked']
    return written('chunks', request(method, address, headers, chunks), 'hang up')
  }
  const length = random() < 0.2 ? Math.floor(random() * 5000) : body.length
  const headers = [
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
    ...oneOf(random, [[], ['Expect: 100-continue']]),
  ]
  const whole = request(method, address, headers, body)
  return written('body', whole, length > body.length ? 'hang up' : 'answer')
}

/** The client leaves in the middle, or is slow. */
function broken(random: () => number, paths: readonly string[]): OddRequest {
  const path = oneOf(random, paths)
  const whole = request('POST', path, ['Content-Type: application/json', 'Content-Length: 20'], '{"do":"destroy"    }')
  const next = oneOf(random, ['hang up', 'reset'] as const)
  if (random() < 0.3) return { ...written('stream', request('GET', path), next) }
  if (random() < 0.3) {
    const pieces = whole.match(/[\s\S]{1,20}/g) ?? []
    return { name: `slow ${path}`, pieces: pieces.map((piece) => Buffer.from(piece)), next: 'answer' }
  }
  return written('half', whole.slice(0, Math.floor(random() * whole.length)), next)
}

function pipelined(random: () => number, paths: readonly string[]): OddRequest {
  const some = Array.from({ length: oneOf(random, [2, 5, 40]) }, () => request('GET', oneOf(random, paths)))
  const end = oneOf(random, [
    '',
    '',
    'rubbish\r\n\r\n',
    'GET / HT',
    '\0\0\0',
    request('FOO', '/'),
    request('GET', '//'),
  ])
  return written('pipelined', some.join('') + end, oneOf(random, ['answer', 'hang up', 'reset'] as const))
}

function otherProtocol(random: () => number, paths: readonly string[]): OddRequest {
  const path = oneOf(random, paths)
  const hello = '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03'
  const text = oneOf(random, [
    `GET ${path} HTTP/1.0\r\n\r\n`,
    `GET ${path}\r\n\r\n`,
    `GET ${path} HTTP/0.9\r\n\r\n`,
    `GET ${path} HTTP/2.0\r\n\r\n`,
    `GET ${path} HTTP/9.9\r\nHost: x\r\n\r\n`,
    `GET  ${path} HTTP/1.1\r\n\r\n`,
    `GET ${path} HTTP/1.1\nHost: x\n\n`,
    hello + '\x5a'.repeat(189),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'SSH-2.0-OpenSSH_9.9\r\n',
    'PING\r\n',
    '*1\r\n$4\r\nPING\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    '\r\n\r\n\r\nx y z\r\n\r\n',
    '\0'.repeat(100),
    'EHLO x\r\n',
    `RTSP ${path} RTSP/1.0\r\n\r\n`,
    Array.from({ length: 300 }, () => String.fromCharCode(Math.floor(random() * 256))).join(''),
  ])
  return written('protocol', text, 'hang up')
}
