/** Files as people have them: lines that real servers, captures and tools wrote, each read as it was meant, or asked about. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import type { SaidOfRecording } from './recorded.ts'
import { parseRecording, refuseBinary } from './recording.ts'

const read = (text: string, said: SaidOfRecording = {}) => {
  const { atMs, source } = parseRecording('a.log', text, said)
  return { times: [...atMs].map((ms) => Math.round(ms * 1000) / 1000), source }
}

const refusal = (text: string, said: SaidOfRecording = {}): string => {
  try {
    parseRecording('a.log', text, said)
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return `${error.message} | ${error.remedy}`
  }
  assert.fail('it was read')
}

const combined = (second: string, rest = '') =>
  `127.0.0.1 - - [26/Nov/2026:15:36:${second} +0000] "GET / HTTP/1.1" 200 2 "-" "curl/8"${rest}`
const syn = (time: string, from: number, to: number, sequence: number) =>
  `${time} IP 127.0.0.1.${from} > 127.0.0.1.${to}: Flags [S], seq ${sequence}, win 65495, options [mss 65495,sackOK,TS val 1 ecr 0,nop,wscale 10], length 0`
const synAck = (time: string, from: number, to: number) =>
  `${time} IP 127.0.0.1.${to} > 127.0.0.1.${from}: Flags [S.], seq 4, ack 5, win 65483, length 0`
const snmp = (opens: number) => `Tcp: RtoAlgorithm RtoMin MaxConn PassiveOpens\nTcp: 1 200 -1 ${opens}`

for (const [what, lines, times, how] of [
  [
    'the log of HAProxy for TCP',
    [
      '127.0.0.1:40920 [26/Nov/2026:15:36:09.151] t ngt/s1 1/0/49 236 -- 5/5/4/4/0 0/0',
      '127.0.0.1:40912 [26/Nov/2026:15:36:09.147] t ngt/s1 1/0/52 236 -- 4/4/3/3/0 0/0',
    ],
    [0, 4],
    /HAProxy’s TCP log, by the time at which each was accepted, recorded in a.log$/,
  ],
  [
    'the log of HAProxy for HTTP behind syslog',
    [
      'Nov 26 15:36:35 lb haproxy[7]: ::1:50228 [26/Nov/2026:15:36:35.810] web~ ng/s1 0/0/0/1/1 200 199 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
      'Nov 26 15:36:35 lb haproxy[7]: ::1:50230 [26/Nov/2026:15:36:35.863] web~ ng/<NOSRV> 0/-1/-1/-1/1 503 199 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
    ],
    [0, 53],
    /HAProxy’s HTTP log.* These are requests/,
  ],
  [
    'the log of Envoy',
    [
      '[2026-11-26T15:36:09.310Z] "POST /api HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0" "locations" "tcp://10.0.2.1:80"',
      '[2026-11-26T15:36:09.210Z] "GET / HTTP/1.1" 200 - 0 5 3 2 "-" "curl" "x" "y" "-"',
    ],
    [0, 100],
    /Envoy’s access log of requests, by START_TIME/,
  ],
  [
    'an access log whose times have milliseconds',
    ['839', '900'].map((ms) => `::1 - - [26/Nov/2026:15:36:09.${ms} +0000] "GET / HTTP/1.1" 200 2`),
    [0, 61],
    /in the common format, .*nginx writes when a request ended, Apache when it began/,
  ],
  [
    'an access log of a zone east of Greenwich and one west of it',
    ['::1 - - [26/Nov/2026:15:36:09 +0200] "GET / HTTP/1.1" 200 2', '::1 - - [26/Nov/2026:08:36:10 -0500] "-" 408 -'],
    [0, 1000],
    /common format/,
  ],
  [
    'an access log with $request_time',
    [combined('09', ' rt=0.250 uct="-"'), combined('10', ' rt=1.500 uct="-"')],
    [0, 250],
    /its \$request_time before its line/,
  ],
  [
    'an access log with $request_time that has no name',
    [combined('09', ' "-" 0.250'), combined('10', ' "-" 1.500')],
    [0, 250],
    /its \$request_time before its line/,
  ],
  [
    'JSON of nginx',
    [
      '{"time_local":"26/Nov/2026:15:36:09 +0000","msec":"1795707369.171","request":"GET / HTTP/1.1","status":"200","request_time":"0.100"}',
      '{"time_local":"26/Nov/2026:15:36:09 +0000","msec":"1795707369.371","request":"GET / HTTP/1.1","status":"200","request_time":"0.000"}',
    ],
    [0, 300],
    /in JSON, each taken to have begun its duration before its `msec`/,
  ],
  [
    'JSON of Caddy',
    [
      '{"level":"info","ts":1795707369.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"::1","remote_port":"51234","method":"GET"},"duration":0.25,"status":200}',
      '{"level":"info","ts":1795707370.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"::1","remote_port":"51236","method":"GET"},"duration":0.5,"status":200}',
    ],
    [0, 750],
    /before its `ts`/,
  ],
  [
    'JSON of Traefik',
    [
      '{"ClientAddr":"10.0.0.1:5","Duration":2000000,"DownstreamStatus":200,"StartUTC":"2026-11-26T15:36:09.171234567Z","time":"2026-11-26T15:36:09Z"}',
      '{"ClientAddr":"10.0.0.1:6","Duration":2000000,"DownstreamStatus":200,"StartUTC":"2026-11-26T15:36:09.271234567Z","time":"2026-11-26T15:36:09Z"}',
    ],
    [0, 100],
    /by the beginning in `StartUTC`/,
  ],
  [
    'JSON of pino beside events that are no requests',
    [
      '{"level":30,"time":1795707369000,"msg":"Server listening at http://127.0.0.1:3000"}',
      '{"level":30,"time":1795707369100,"req":{"method":"GET"},"msg":"incoming request"}',
      '{"level":30,"time":1795707369150,"res":{"statusCode":200},"responseTime":50,"msg":"request completed"}',
      '{"level":30,"time":1795707369175,"res":{"statusCode":200},"responseTime":25,"msg":"request completed"}',
      '{"level":30,"time":1795707369275,"res":{"statusCode":200},"responseTime":25,"msg":"request completed"}',
    ],
    [0, 50, 150],
    /left out: 2 events without the status of a request/,
  ],
  [
    'JSON of bunyan and zap, with durations in their words',
    [
      '{"name":"web","time":"2026-11-26T15:36:09.200Z","status":200,"latency":"100ms"}',
      '{"ts":"2026-11-26T15:36:09.300Z","status":200,"duration_ms":50}',
    ],
    [0, 150],
    /log/,
  ],
  [
    'JSON with durations of a unit that nobody knows',
    [
      '{"ts":1795707369.5,"request":{"method":"GET"},"duration":250,"status":200}',
      '{"ts":1795707370.5,"request":{"method":"GET"},"duration":500,"status":200}',
    ],
    [0, 1000],
    /with its times \(`ts`\) as they are, which is when a request ended/,
  ],
  [
    'a JSON array',
    ['[{"timestamp":1795707369100,"status":200},', '{"timestamp":1795707369200,"status":200}]'],
    [0, 100],
    /`timestamp`/,
  ],
  [
    'tcpdump -tt, answers and SYNs sent again included',
    [
      syn('1795707369.100000', 5001, 80, 7),
      synAck('1795707369.100100', 5001, 80),
      syn('1795707369.200000', 5002, 80, 8),
      syn('1795707370.200000', 5002, 80, 8),
      syn('1795707379.100000', 5001, 80, 9),
    ],
    [0, 100, 10_000],
    /printed by tcpdump, with Unix times \(-tt\).* left out: 1 other packets?, 1 SYNs? sent or seen again/,
  ],
  [
    'tcpdump with times of day over midnight',
    [syn('23:59:59.900000', 5001, 80, 7), syn('00:00:00.100000', 5002, 80, 8)],
    [0, 200],
    /with times of day/,
  ],
  [
    'tcpdump -ttt',
    [syn(' 00:00:00.000000', 5001, 80, 7), synAck(' 00:00:00.000200', 5001, 80), syn(' 00:00:00.000100', 5002, 80, 8)],
    [0, 0.3],
    /since the line before \(-ttt\)/,
  ],
  [
    'tcpdump -ttttt',
    [syn(' 00:00:00.000000', 5001, 80, 7), syn(' 00:00:00.000200', 5002, 80, 8)],
    [0, 0.2],
    /since the first line \(-ttttt\)/,
  ],
  [
    'tcpdump -tttt',
    [syn('2026-11-26 23:59:59.900000', 5001, 80, 7), syn('2026-11-27 00:00:00.100000', 5002, 80, 8)],
    [0, 200],
    /with dates/,
  ],
  [
    'tcpdump -v and -e on any interface',
    [
      '1795707369.100000 lo    In  IP6 (flowlabel 0x1, hlim 64, next-header TCP (6) payload length: 40)',
      '    ::1.5001 > ::1.80: Flags [SEW], cksum 0x0030 (incorrect -> 0xb7f5), seq 7, win 65476, length 0',
      '1795707369.300000 00:00:00:00:00:00 > 00:00:00:00:00:00, ethertype IPv4 (0x0800), length 74: 127.0.0.1.5002 > 127.0.0.1.80: Flags [S], seq 8, win 65495, length 0',
    ],
    [0, 200],
    /tcpdump/,
  ],
  [
    'what tshark prints',
    [
      '    1   0.000000    127.0.0.1 → 127.0.0.1    TCP 74 40912 → 80 [SYN] Seq=0 Win=65495 Len=0',
      '    2   0.000022    127.0.0.1 → 127.0.0.1    TCP 74 80 → 40912 [SYN, ACK] Seq=0 Ack=1 Win=65483',
      '    3   0.250000    127.0.0.1 → 127.0.0.1    TCP 74 40914 → 80 [SYN] Seq=0 Win=65495 Len=0',
      '    4   1.250000    127.0.0.1 → 127.0.0.1    TCP 74 [TCP Retransmission] 40914 → 80 [SYN] Seq=0 Win=65495 Len=0',
    ],
    [0, 250],
    /tshark.*1 other packets?, 1 SYNs? sent or seen again/,
  ],
  [
    'what Wireshark exports',
    [
      '"No.","Time","Source","Destination","Protocol","Length","Info"',
      '"1","0.000000","10.0.0.1","10.0.0.2","TCP","74","40912  >  80 [SYN] Seq=0"',
      '"2","0.000022","10.0.0.2","10.0.0.1","TCP","74","80  >  40912 [SYN, ACK] Seq=0"',
      '"3","0.250000","10.0.0.1","10.0.0.2","TCP","74","[TCP Port numbers reused] 40912  >  80 [SYN] Seq=0"',
      '"4","1.250000","10.0.0.1","10.0.0.2","TCP","74","[TCP Retransmission] 40912  >  80 [SYN] Seq=0"',
      '"5","1.260000","10.0.0.1","10.0.0.2","HTTP","74","GET / HTTP/1.1 "',
    ],
    [0, 250],
    /exported by Wireshark, column `Time` as seconds/,
  ],
  [
    'fields of tshark',
    [
      'frame.time_epoch\tip.src\ttcp.srcport\tip.dst\ttcp.dstport\ttcp.flags',
      '1795707369.100000000\t10.0.0.1\t5001\t10.0.0.2\t80\t0x0002',
      '1795707369.100100000\t10.0.0.2\t80\t10.0.0.1\t5001\t0x0012',
      '1795707369.300000000\t10.0.0.1\t5002\t10.0.0.2\t80\t0x00c2',
    ],
    [0, 200],
    /`frame.time_epoch` as Unix time in seconds/,
  ],
  [
    'what Kubernetes keeps of a log',
    ['100', '300'].map(
      (ms) =>
        `2026-11-26T15:36:09.5Z stdout F [2026-11-26T15:36:09.${ms}Z] "GET / HTTP/1.1" 200 - 0 5 3 2 "-" "-" "x" "y" "-"`,
    ),
    [0, 200],
    /Envoy/,
  ],
  [
    'what Docker keeps of a log',
    ['100', '300'].map((ms) =>
      JSON.stringify({
        log: `::1 - - [26/Nov/2026:15:36:09.${ms} +0000] "GET / HTTP/1.1" 200 2\n`,
        stream: 'stdout',
        time: '2026-11-26T15:36:10Z',
      }),
    ),
    [0, 200],
    /common format/,
  ],
  [
    'a log with an ISO date and $request_time',
    ['09', '10'].map((s, i) => `::1 - [2026-11-26T15:36:${s}+00:00] "GET / HTTP/1.1" 200 2 rt=0.${i}00`),
    [0, 900],
    /HTTP requests in a format of its own, each request taken to have begun its \$request_time before/,
  ],
  ['times of day', ['Time', '15:36:09.147606', '15:36:09.247606'], [0, 100], /`Time` as dates/],
  [
    'the CSV of k6, a line for each metric of each request',
    [
      'metric_name,timestamp,metric_value',
      ...[0, 1, 3].flatMap((s) => [`http_reqs,${1_795_707_369 + s},1`, `http_req_duration,${1_795_707_369 + s},5`]),
    ],
    [0, 1000, 3000],
    /`timestamp` as Unix time in seconds/,
  ],
  ['Unix times without a heading', ['1795707369.100', '1795707369.350'], [0, 250], /Unix time in seconds/],
  [
    'Unix times under any heading',
    ['who,x', 'a,1795707369100', 'b,1795707369350'],
    [0, 250],
    /`x` as Unix time in millis/,
  ],
  [
    'Unix times too large for the unit of their heading',
    ['t_s', '1795707369100', '1795707369350'],
    [0, 250],
    /`t_s` as Unix time in milliseconds \(the heading says seconds/,
  ],
] as const)
  test(`${what} is read`, () => {
    const found = read(`${lines.join('\n')}\n`)
    assert.deepEqual(found.times, times)
    assert.match(found.source, how)
  })

test('arrivals of a clock that ticks in whole seconds stay in their seconds, spread over them, and that is said', () => {
  const seconds = Array.from({ length: 1000 }, (_, i) => 1_795_707_369 + Math.floor(i / 100))
  const { times, source } = read(`time\n${seconds.join('\n')}\n`)
  assert.match(source, /its clock ticks once in 1 s: each arrival is placed at random within its tick/)
  assert.equal(new Set(times).size, 1000)
  const offset = seconds[0]! * 1000
  const perSecond = Map.groupBy(times, (ms) => Math.floor((ms + 0.5) / 1000))
  assert.ok(perSecond.size <= 11 && offset > 0)
  assert.ok(Math.max(...[...perSecond.values()].map((all) => all.length)) < 140)
})

test('a column that a person names is one of rates where its heading says so', () => {
  const rows = [0, 10, 20].map((s) => `2026-11-26 15:36:${s || '00'},20`)
  const { times, source } = read(`time,passive/s\n${rows.join('\n')}\n`, { counts: 'passive/s' })
  assert.match(source, /column `passive\/s` as arrivals a second in each 10 s/)
  assert.equal(times.length, 600)
})

test('arrivals at few moments are not taken for those of a coarse clock', () => {
  const cron = Array.from({ length: 30 }, (_, i) => 60_000 * Math.floor(i / 10) + (i < 15 ? 0 : 7))
  assert.match(read(`t_ms\n${cron.join('\n')}\n`).source, /are taken to come at once/)
  assert.match(refusal(`t_ms\n7\n7\n7\n`), /all 3 arrivals have the same time/)
  const line = (ms: number) => `{"time":${1_795_707_369_171 + ms},"status":200}`
  assert.match(read([line(0), line(0), line(0), line(3)].join('\n')).source, /are taken to come at once/)
  const minutes = Array.from({ length: 300 }, (_, i) => `2026-11-26 10:0${Math.floor(i / 50)}`)
  assert.match(read(`time\n${minutes.join('\n')}\n`).source, /its clock ticks once in 60 s/)
})

for (const [what, text, count, how] of [
  ['counts in each second', 't,count\n0,12\n1,15\n2,9\n', 36, /column `count` as the number of arrivals in each 1 s/],
  [
    'counts without the empty minutes',
    'time,requests\n2026-01-01T00:00:00Z,100\n2026-01-01T00:01:00Z,150\n2026-01-01T00:03:00Z,9\n',
    259,
    /in each 60 s.*1 interval without a line counts as one without arrivals/,
  ],
  [
    'rates a second',
    'ts,rps\n1700000000,10.5\n1700000060,12\n',
    1350,
    /column `rps` as arrivals a second in each 60 s/,
  ],
  [
    'what sar prints, over noon and below a heading that comes again',
    'Linux 6.18.44 (vm) \t11/27/26 \t_x86_64_\t(2 CPU)\n\n11:59:58 AM  active/s passive/s    iseg/s    oseg/s\n12:00:08 PM      0.00      2.50      0.00      0.00\n\n12:00:08 PM  atmptf/s  estres/s retrans/s isegerr/s   orsts/s\n12:00:18 PM      9.00      9.00      0.00      0.00      0.00\n\n12:00:08 PM  active/s passive/s    iseg/s    oseg/s\n12:00:18 PM      0.00      1.00      0.00      0.00\nAverage:         0.00      1.75      0.00      0.00\n',
    35,
    /sar’s passive\/s in 2 intervals.*what was dropped is not in it/,
  ],
  [
    'what sadf makes of it',
    '# hostname;interval;timestamp;active/s;passive/s;iseg/s;oseg/s\nvm;600;2026-11-27 17:10:00 UTC;0.00;2.00;0.00;0.00\nvm;600;2026-11-27 17:20:00 UTC;0.00;1.00;0.00;0.00\n',
    1800,
    /sar’s passive\/s in 2 intervals/,
  ],
  [
    'what sadf -p makes of it',
    'vm\t10\t2026-11-27 17:18:52 UTC\t-\tactive/s\t7.00\nvm\t10\t2026-11-27 17:18:52 UTC\t-\tpassive/s\t2.00\nvm\t10\t2026-11-27 17:19:02 UTC\t-\tpassive/s\t1.00\n',
    30,
    /sar’s passive\/s in 2 intervals/,
  ],
  [
    'what an exporter shows, twice',
    '# TYPE node_netstat_Tcp_PassiveOpens untyped\nnode_netstat_Tcp_PassiveOpens 1.2e+02 1795707369171\nnode_netstat_Tcp_PassiveOpens 150 1795707379171\n',
    30,
    /TcpPassiveOpens in 2 outputs, as totals/,
  ],
  ['totals of /proc/net/snmp', `${snmp(100)}\n${snmp(130)}\n`, 30, /TcpPassiveOpens in 2 outputs, as totals/],
  [
    'totals of netstat -s',
    'Tcp:\n    100 active connection openings\n    50 passive connection openings\nTcp:\n    100 active connection openings\n    75 passive connection openings\n',
    25,
    /as totals/,
  ],
  [
    'totals of nstat -az',
    '$ nstat -az TcpPassiveOpens\n#kernel\nTcpPassiveOpens 100 0.0\n$ nstat -az TcpPassiveOpens\n#kernel\nTcpPassiveOpens 140 0.0\n',
    40,
    /as totals/,
  ],
  [
    'increments of nstat',
    '#kernel\nTcpPassiveOpens 239000 0.0\n#kernel\nTcpPassiveOpens 40 0.0\n',
    40,
    /each since the one before \(the first is left out/,
  ],
] as const)
  test(`${what} give as many arrivals as they count`, () => {
    const { times, source } = read(text, { betweenMs: 10_000 })
    assert.equal(times.length, count)
    assert.match(source, how)
  })

test('dates between outputs of nstat say how long lies between them', () => {
  const output = (second: number, opens: number) =>
    `Thu Nov 26 15:40:${second} UTC 2026\n$ nstat -a\n#kernel\nTcpPassiveOpens ${opens} 0.0\n`
  assert.match(read(output(11, 100) + output(31, 500)).source, /^400 arrivals over (19|20)/)
})

test('whatever can be read in two ways is asked, and the option that decides is named', () => {
  for (const [text, question, said] of [
    ['time\n0\n13\n27\n', /numbers such as 27 may be seconds or milliseconds.*--time-unit s/, { timeUnit: 'ms' }],
    [
      't_ms\n1700000000\n1700000009\n',
      /heading says milliseconds.*Unix time in seconds.*--time-unit ms.*--time-unit s/,
      { timeUnit: 's' },
    ],
    [
      'a,b\n1700000000.5,1700000001.5\n1700000002.5,1700000003.5\n',
      /`a` and `b` both hold times.*--column a/,
      { column: 'b' },
    ],
    [
      `Time,Value\n${Array.from({ length: 10 }, (_, i) => `2026-11-26 15:36:0${i},${i * 7}`).join('\n')}\n`,
      /times go in even steps, so that `Value` may count.*--counts Value/,
      { counts: 'Value' },
    ],
    ['t,count,hits\n0,1,2\n1,3,4\n', /`count` and `hits` may both count arrivals/, undefined],
    [
      `${syn('1.000000', 5001, 80, 7)}\n${syn('2.000000', 5001, 81, 8)}\n${syn('3.000000', 5003, 80, 8)}\n`,
      /SYNs to 2 ports: port 80 \(2\), port 81 \(1\).*--port 80/,
      { port: '80' },
    ],
    [
      '::1:5 [26/Nov/2026:15:36:09.151] a b/s 1/0/49 236 -- 5/5/4/4/0 0/0\n::1:6 [26/Nov/2026:15:36:09.152] c b/s 1/0/49 236 -- 5/5/4/4/0 0/0\n::1:7 [26/Nov/2026:15:36:09.156] c b/s 1/0/49 236 -- 5/5/4/4/0 0/0\n',
      /2 frontends: c \(2\), a \(1\).*--frontend c/,
      { frontend: 'c' },
    ],
    [
      '#kernel\nTcpPassiveOpens 100 0.0\n#kernel\nTcpPassiveOpens 140 0.0\n',
      /100, then 140 may be either.*--counters total, or --counters since-last/,
      { counters: 'total', betweenMs: 1000 },
    ],
    [`${snmp(100)}\n${snmp(130)}\n`, /how much time lies between.*--between 10s/, { betweenMs: 10_000 }],
  ] as const) {
    assert.match(refusal(text), question)
    if (said !== undefined) assert.ok(read(text, said).times.length > 1)
  }
})

test('requests are told from connections, and how to say otherwise', () => {
  const line = (ms: number, port: number) =>
    `::1:${port} [26/Nov/2026:15:36:09.${ms}] web ng/s 0/0/0/1/1 200 199 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`
  const text = [line(100, 5), line(200, 5), line(300, 6), line(400, 6), line(500, 5)].join('\n')
  assert.match(
    read(text).source,
    /--requests-per-connection N says.*The log tells 2 connections apart: --requests-per-connection logged/,
  )
  assert.deepEqual(read(text, { requestsPerConnection: 'logged' }).times, [0, 200])
  assert.doesNotMatch(read(text, { requestsPerConnection: 1 }).source, /keep-alive/)
  const many = Array.from({ length: 4000 }, (_, i) => combined(String(10 + (i % 40)))).join('\n')
  const { times, source } = read(many, { requestsPerConnection: 4 })
  assert.ok(times.length > 850 && times.length < 1150, String(times.length))
  assert.match(source, /one in 4, chosen at random, is taken for a new connection/)
  assert.match(refusal(many, { requestsPerConnection: 'logged' }), /do not say which connection/)
})

test('lines that cannot be read are left out with their numbers', () => {
  const lines = [combined('09'), combined('10'), 'oops', combined('11'), '127.0.0.1 - - [26/Nov/2026:15:3']
  assert.match(read(lines.join('\n')).source, /2 lines could not be read and are left out: line 3, 5/)
})

test('what holds no arrivals says what it is, and what to do', () => {
  const listen = (held: number) =>
    `State  Recv-Q Send-Q Local Address:Port Peer Address:Port\nLISTEN ${held}      128          0.0.0.0:8080      0.0.0.0:*\n`
  assert.match(
    refusal(listen(3) + listen(129)),
    /output of ss, .*0.0.0.0:8080 held 3 of 129, then 129 of 129.* \| Paste nstat -az TcpPassiveOpens twice/,
  )
  assert.match(
    refusal('Total: 1\nTCP:   4 (estab 2, closed 1, orphaned 0, timewait 0)\n'),
    /how many sockets there are/,
  )
  assert.match(refusal(snmp(3)), /once .*says nothing of a rate \| Run nstat/)
  assert.match(refusal(`${snmp(30)}\n${snmp(3)}\n`, { betweenMs: 1000 }), /falls from 30 to 3/)
  assert.match(
    refusal(`IP 10.0.0.1.5 > 10.0.0.2.80: Flags [S], seq 1, win 1\n`),
    /no times \(-t\) \| Print it with -tt/,
  )
  assert.match(
    refusal('t,count\n0,5\n3,7\n7.1,9\n'),
    /look.* a count of arrivals, but the times beside it do not go in even steps/,
  )
  assert.match(
    refusal('{"time":"yesterday","status":200}\n'),
    /no line has a time that can be read, under msec, @timestamp, ts/,
  )
  assert.match(refusal('t\u001b[31m_x,b\n1,2\n'), /t\uFFFD\[31m_x/)
  assert.throws(
    () => refuseBinary('a.pcap', Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0)),
    /a.pcap is a capture of packets, not text/,
  )
})
