/** Logs of servers and frameworks whose formats nobody has described: each is read for what it tells, or asked about. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { parseRecording } from '../recording.ts'

const read = (lines: readonly string[]) => {
  const { atMs, source } = parseRecording('a.log', `${lines.join('\n')}\n`)
  return { times: [...atMs].map((ms) => Math.round(ms * 1000) / 1000), source }
}

for (const [what, lines, times, how] of [
  [
    'Gin',
    [
      '[GIN] 2026/11/27 - 10:00:01 | 200 |     123.4µs |       127.0.0.1 | GET      "/"',
      '[GIN] 2026/11/27 - 10:00:03 | 404 |     1.4ms |       127.0.0.1 | POST     "/orders"',
    ],
    [0, 2000],
    /^2 arrivals over 2 s, log of requests as text, by the time of each line,.* These are requests/,
  ],
  [
    'LTSV',
    [
      'time:27/Nov/2026:10:00:01 +0100\thost:192.0.2.1\treq:GET / HTTP/1.1\tstatus:200',
      'host:192.0.2.1\ttime:27/Nov/2026:09:00:02 +0000\treq:GET / HTTP/1.1\tstatus:200',
    ],
    [0, 1000],
    /log of requests as text/,
  ],
  [
    'Squid',
    [
      '1795707369.171      3 10.0.0.1 TCP_MISS/200 3410 GET http://example.com/ - HIER_DIRECT/192.0.2.1 text/html',
      '1795707369.271     94 10.0.0.2 TCP_TUNNEL/200 39 CONNECT example.com:443 - HIER_DIRECT/192.0.2.1 -',
    ],
    [0, 100],
    /log of requests as text/,
  ],
  [
    'Django',
    ['[27/Nov/2026 10:00:01] "GET / HTTP/1.1" 200 12', '[27/Nov/2026 10:00:04] "GET /a HTTP/1.1" 200 12'],
    [0, 3000],
    /log of requests as text/,
  ],
  [
    'Rails, which writes four lines of each request',
    ['01.100000', '01.350000'].flatMap((s) => [
      `I, [2026-11-27T10:00:${s} #47]  INFO -- : Started GET "/orders" for 127.0.0.1 at 2026-11-27 10:00:01 +0000`,
      `I, [2026-11-27T10:00:${s} #47]  INFO -- : Processing by OrdersController#index as HTML`,
      `D, [2026-11-27T10:00:${s} #47] DEBUG -- :   Order Load (0.1ms)  SELECT "orders".* FROM "orders"`,
      `I, [2026-11-27T10:00:${s} #47]  INFO -- : Completed 200 OK in 3ms`,
    ]),
    [0, 250],
    /left out: 6 lines that tell of no request/,
  ],
  [
    'a framework that says of each request when it comes and when it is done',
    ['01.100', '01.350'].flatMap((s) => [
      `2026-11-27T10:00:${s}Z   <-- GET /`,
      `2026-11-27T10:00:${s}Z   --> GET / 200 5ms`,
    ]),
    [0, 250],
    /left out: 2 lines that tell of no request, or of its end/,
  ],
  [
    'a router in the form of logfmt',
    ['100', '300'].map(
      (ms) => `2026-11-27T10:00:01.${ms}+00:00 app[router]: at=info method=GET path="/" service=8ms status=200`,
    ),
    [0, 200],
    /log of requests as text/,
  ],
  [
    'PostgreSQL with log_connections',
    ['100', '300'].flatMap((ms) => [
      `2026-11-27 10:00:01.${ms} UTC [812] LOG:  connection received: host=10.0.0.5 port=40000`,
      `2026-11-27 10:00:01.${ms} UTC [812] LOG:  connection authorized: user=app database=x`,
      `2026-11-27 10:00:01.${ms} UTC [812] ERROR:  relation "x" does not exist`,
      `	at line 3`,
    ]),
    [0, 200],
    /^2 arrivals over 200 ms, log of connections as text.*left out: 4 lines that tell of no new connection, 2 lines without a time$/,
  ],
  [
    'Mosquitto',
    [
      '1795707369: New connection from 127.0.0.1:40000 on port 1883.',
      '1795707369: New client connected from 127.0.0.1:40000 as auto-1 (p2, c1, k60).',
      '1795707371: New connection from 127.0.0.1:40001 on port 1883.',
    ],
    [0, 2000],
    /left out: 1 lines that tell of no new connection/,
  ],
  [
    'sshd through syslog, over the end of a year',
    [
      'Dec 31 23:59:59 host sshd[1]: Connection from 192.0.2.1 port 40000 on 192.0.2.2 port 22',
      'Jan  1 00:00:01 host sshd[2]: Connection from 192.0.2.1 port 40001 on 192.0.2.2 port 22',
    ],
    [0, 2000],
    /by the time of each line, which has no year/,
  ],
  [
    'an application whose lines are all of one kind',
    ['100', '130'].map((ms, i) => `2026-11-27 10:00:01,${ms} INFO order ${i} accepted from client-${i}`),
    [0, 30],
    /log as text, by the time of each line.* Each line is taken for a connection of its own/,
  ],
] as const)
  test(`a log of ${what} is read`, () => {
    const found = read(lines)
    assert.deepEqual(found.times, times)
    assert.match(found.source, how)
  })

test('lines may be as long as they like', () => {
  const lines = ['x', '1', '"', ' '].map(
    (filling, second) => `2026-11-27T10:00:0${second}Z handled ${filling.repeat(200_000)}`,
  )
  assert.deepEqual(read(lines).times, [0, 1000, 2000, 3000])
  const json = [1, 2].map((second) =>
    JSON.stringify({ ts: 1_795_707_369 + second, status: 200, body: 'x'.repeat(200_000) }),
  )
  assert.deepEqual(read(json).times, [0, 1000])
})

const refusal = (lines: readonly string[]): string => {
  try {
    read(lines)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return `${error.message} | ${error.remedy}`
  }
  assert.fail('it was read')
}

test('of lines of several kinds a person says which are arrivals', () => {
  const lines = [1, 2, 3].flatMap((s) => [
    `2026-11-27T10:00:0${s}.000000Z\t    8 Connect\troot@localhost on  using Socket`,
    `2026-11-27T10:00:0${s}.000000Z\t    8 Query\tSELECT 1`,
  ])
  assert.match(
    refusal(lines),
    /^a\.log is a log whose lines are of several kinds: 'Connect [\w ]+' \(3\), 'Query SELECT' \(3\) \| .*grep 'Connect' 'a\.log'/,
  )
})

test('a log of requests without times says what is missing', () => {
  const lines = [1, 2].map((port) => `INFO:     127.0.0.1:4000${port} - "GET / HTTP/1.1" 200 OK`)
  assert.match(refusal(lines), /not when each came \| .*--rate/)
})

test('a table is none, whatever its cells look like', () => {
  const how = (lines: readonly string[], said = {}) => parseRecording('a.csv', `${lines.join('\n')}\n`, said).source
  assert.match(how(['time,path', '2026-11-27T10:00:01Z,/a', '2026-11-27T10:00:02Z,/b']), /column `time` as dates/)
  assert.match(how(['time', '2026-11-27T10:00:01Z', '2026-11-27T10:00:02Z']), /column `time` as dates/)
  assert.match(refusal(['2026-11-27T10:00:01Z,GET,/a', '2026-11-27T10:00:02Z,GET,/b']), /no heading says/)
  for (const separator of [',', '\t', ';'])
    for (const heading of ['host', '#host'])
      assert.match(
        how([
          [heading, 'connections', 'minute'].join(separator),
          ...[0, 1, 2].map((minute) => ['web-1', 20 + minute, `2026-11-27 10:0${minute}:00`].join(separator)),
        ]),
        /^63 arrivals .*column `connections` as the number of arrivals in each 60 s/,
      )
  assert.match(
    refusal(['web-1\t120\t2026-11-27 10:00:00', 'web-1\t121\t2026-11-27 10:01:00']),
    /no heading says/,
    'numbers beside the times',
  )
  const spans = [
    'client\topened\tclosed',
    ...[1, 3].map((s) => `web\t2026-11-27 10:00:0${s}\t2026-11-27 10:00:0${s * 2}`),
  ]
  assert.match(refusal(spans), /`opened` and `closed` both hold times/)
  assert.match(how(spans, { column: 'opened' }), /over 2 s, column `opened`/)
})

test('what clients ask for says nothing of when, or whether, they came', () => {
  const squid = (second: number, target: string) =>
    `179570736${second}.171      3 10.0.0.1 TCP_MISS/200 3410 GET http://example.com/${target} - HIER_DIRECT/192.0.2.1 text/html`
  assert.deepEqual(read([squid(1, ''), squid(2, '?since=2026-03-01T00:00:00'), squid(4, '')]).times, [0, 1000, 3000])
  const gin = (second: number, path: string) =>
    `[GIN] 2026/11/27 - 10:00:0${second} | 200 |     1.4ms |       127.0.0.1 | GET      "${path}"`
  assert.deepEqual(read([gin(1, '/api/start'), gin(2, '/orders/complete'), gin(4, '/end')]).times, [0, 1000, 3000])
})

test('what a few lines tell is not what a log is of', () => {
  const line = (i: number) =>
    `2026-11-27 10:00:${String(i % 60).padStart(2, '0')}.${String(i).padStart(3, '0')} UTC [812] LOG:  connection received: host=10.0.0.5`
  const lines = Array.from({ length: 500 }, (_, i) => line(i % 60))
  const other = `2026-11-27 10:00:30.000 UTC [812] LOG:  statement: SELECT 'GET /x'`
  assert.match(read([...lines, other, other]).source, /^500 arrivals .*log of connections as text/)
})

test('where a line says no time, that of the container’s runtime counts', () => {
  const said = (port: number) => `INFO:     10.0.0.1:${port} - "GET / HTTP/1.1" 200 OK`
  const cri = [1, 3].map((s) => `2026-11-27T10:00:0${s}.100000000Z stdout F ${said(s)}`)
  assert.deepEqual(read(cri).times, [0, 2000])
  const docker = [1, 3].map((s) =>
    JSON.stringify({ log: `${said(s)}\n`, stream: 'stdout', time: `2026-11-27T10:00:0${s}.1Z` }),
  )
  assert.deepEqual(read(docker).times, [0, 2000])
})

test('a banner is no heading', () => {
  const lines = [1, 2].map((s) => `2026-11-27 10:00:0${s} INFO order ${s} accepted`)
  assert.deepEqual(read(['Server started at port 8080, pid 7', ...lines]).times, [0, 1000])
})
