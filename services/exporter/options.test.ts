import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultOptions, help, parseOptions } from './options.ts'

test('without options the exporter reads its own namespace and listens on loopback', () => {
  assert.deepEqual(parseOptions([]), defaultOptions)
})

test('every option is taken', () => {
  const options = parseOptions([
    '--listen',
    '[::1]:9000',
    '--sample-interval',
    '1ms',
    '--quiet-interval',
    '2ms',
    '--syn-interval',
    '50ms',
    '--connections-interval',
    '2s',
    '--cpu-budget',
    '0.5%',
    '--peak-window',
    '1m',
    '--stream-interval',
    '250ms',
    '--outgoing-interval',
    '20s',
    '--destinations',
    '3',
    '--netns',
    'self',
    '--netns',
    'db=42',
    '--proc',
    '/host/proc',
    '--state-dir',
    '/var/lib/spillway',
    '--web.config.file',
    'web.yml',
    '--metrics-only',
    '--allow-host',
    'exporter.example',
    '--allow-host=net.',
    '--ports',
    '80,8000-8010',
    '--listeners',
    '[::1]:*',
    '--max-listeners',
    '500',
    '--look-budget',
    '10%',
    '--max-connections',
    '20',
    '--max-readers',
    '3',
  ])
  assert.deepEqual(options?.listen, { host: '::1', port: 9000 })
  assert.deepEqual(options?.pace, {
    sampleIntervalMs: 1,
    quietIntervalMs: 2,
    synIntervalMs: 50,
    connectionsIntervalMs: 2000,
    outgoingIntervalMs: 20_000,
    outgoingDestinations: 3,
    streamIntervalMs: 250,
    peakWindowMs: 60_000,
    cpuShare: 0.005,
  })
  assert.deepEqual(options?.namespaces, [{ kind: 'self' }, { kind: 'process', name: 'db', pid: 42 }])
  assert.equal(options?.proc, '/host/proc')
  assert.equal(options?.stateDir, '/var/lib/spillway')
  assert.equal(options?.webConfigFile, 'web.yml')
  assert.equal(options?.metricsOnly, true)
  assert.deepEqual(options?.allowedHosts, ['exporter.example', 'net'])
  assert.equal(options?.lookShare, 0.1)
  assert.equal(options?.selection.most, 500)
  assert.equal(options?.selection.wanted.length, 3)
  assert.deepEqual(options?.limits, { connections: 20, readers: 3 })
})

test("the state directory is systemd's unless one is named", (context) => {
  const before = process.env.STATE_DIRECTORY
  context.after(() => {
    if (before === undefined) delete process.env.STATE_DIRECTORY
    else process.env.STATE_DIRECTORY = before
  })
  process.env.STATE_DIRECTORY = '/var/lib/spillway:/var/lib/other'
  assert.equal(parseOptions([])?.stateDir, '/var/lib/spillway')
  assert.equal(parseOptions(['--state-dir', '/srv'])?.stateDir, '/srv')
  process.env.STATE_DIRECTORY = ''
  assert.equal(parseOptions([])?.stateDir, undefined)
})

test('help is given instead of options, and names each of them', () => {
  assert.equal(parseOptions(['--help']), undefined)
  for (const name of [
    'listen',
    'sample-interval',
    'quiet-interval',
    'syn-interval',
    'connections-interval',
    'outgoing-interval',
    'destinations',
    'cpu-budget',
    'peak-window',
    'state-dir',
    'ports',
    'listeners',
    'max-listeners',
  ])
    assert.ok(help.includes(`--${name} `), name)
})

const refused: [args: string[], message: RegExp][] = [
  [['--bogus'], /--bogus/],
  [['stray'], /stray/],
  [['--listen'], /--listen/],
  [['--listen', 'localhost:80'], /--listen 'localhost:80'/],
  [['--listen', '127.0.0.1:70000'], /--listen/],
  [['--sample-interval', '10'], /--sample-interval '10' is not a duration/],
  [['--sample-interval', '0ms'], /--sample-interval/],
  [['--sample-interval', '500us'], /--sample-interval/],
  [['--sample-interval', '2s'], /--sample-interval/],
  [['--sample-interval=-1ms'], /--sample-interval/],
  [['--syn-interval', '2m'], /--syn-interval/],
  [['--peak-window', '1ms'], /--peak-window/],
  [['--stream-interval', '1h'], /--stream-interval/],
  [['--cpu-budget', '0%'], /--cpu-budget/],
  [['--cpu-budget', '200%'], /--cpu-budget/],
  [['--cpu-budget', 'much'], /--cpu-budget/],
  [['--state-dir='], /--state-dir is empty/],
  [['--metrics-only=yes'], /--metrics-only takes no value/],
  [['--web.config.file'], /--web\.config\.file has no value/],
  [['--allow-host', 'http://exporter.example'], /--allow-host 'http:/],
  [['--max-readers', '0'], /--max-readers/],
  [['--netns', 'nowhere'], /--netns 'nowhere'/],
  [['--netns', 'self', '--netns', 'self'], /--netns gives 'self' twice/],
]

for (const [args, message] of refused)
  test(`${args.join(' ')} is refused, and the message names the option`, () => {
    assert.throws(() => parseOptions(args), { name: 'UsageError', message })
  })
