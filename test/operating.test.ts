/** docs/operating.md and what it installs: every piece is taken from the page and held against the program that will read it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { readOptions } from '#cli/exact/options.ts'
import { eventually } from '#common/waiting.ts'
import { Child, fixture } from '#services/exporter/fixtures/child.ts'
import { StalledListener } from '#services/exporter/fixtures/stalled-listener.ts'
import { parseOptions } from '#services/exporter/options.ts'
import { defaultPace } from '#services/exporter/sampler/pace.ts'
import { blocksFor, commandsOf } from './support/code-blocks.ts'
import { findProgram, skipWithout } from './support/tools.ts'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8')
const page = read('docs/operating.md')
const units = 'deploy/systemd'
const unit = read(`${units}/spillway-exporter.service`)

/** A folder that is removed when the test ends. */
function folder(): Disposable & { path: string } {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-operating-'))
  return { path: made, [Symbol.dispose]: () => fs.rmSync(made, { recursive: true, force: true }) }
}

test('every scrape configuration of the page is accepted by promtool, with its targets and rules', {
  skip: skipWithout('promtool'),
}, () => {
  const configurations = blocksFor(page, 'prometheus.yml')
  assert.equal(configurations.length, 2)
  for (const configuration of configurations) {
    using place = folder()
    const write = (file: string, text: string): void => {
      fs.mkdirSync(path.dirname(path.join(place.path, file)), { recursive: true })
      fs.writeFileSync(path.join(place.path, file), text)
    }
    write('prometheus.yml', configuration)
    const [targets = ''] = blocksFor(page, 'targets/spillway-frankfurt.yml')
    write('targets/spillway-frankfurt.yml', targets)
    for (const rules of fs.readdirSync(path.join(root, 'deploy/prometheus/rules')))
      if (!rules.endsWith('.test.yml')) write(`spillway/${rules}`, read(`deploy/prometheus/rules/${rules}`))
    const { status, stdout, stderr } = spawnSync(findProgram('promtool')!, ['check', 'config', 'prometheus.yml'], {
      cwd: place.path,
      encoding: 'utf8',
    })
    assert.equal(status, 0, `${stdout}${stderr}`)
    if (configuration.includes('rule_files')) assert.match(stdout, /\d+ rules? found/)
    else assert.equal(parse(targets).length, 2, 'the targets that its file_sd_configs names')
  }
})

test('boards are provisioned from the folder to which the page copies them', () => {
  const [provisioning = ''] = blocksFor(page, '/etc/grafana/provisioning/dashboards/spillway.yml')
  const { providers }: { providers: { options: { path: string } }[] } = parse(provisioning)
  const to = providers[0]?.options.path
  assert.ok(commandsOf(page).includes(`cp dashboards/json/*.json ${to}/`), to)
})

const skipUnits = skipWithout('systemd-analyze')

/** A unit in a folder of its own, with a program that exists, and what systemd-analyze says of it. */
function analyze(dropIn: string | undefined, command: string[], name = 'spillway-exporter.service') {
  using place = folder()
  const file = path.join(place.path, name)
  fs.writeFileSync(file, read(`${units}/${name}`).replace(/^(Exec\w+)=\S+/gm, `$1=${root}/bin/spillway`))
  if (dropIn !== undefined) {
    fs.mkdirSync(`${file}.d`)
    fs.copyFileSync(path.join(root, units, dropIn), path.join(`${file}.d`, dropIn))
  }
  return spawnSync(findProgram('systemd-analyze')!, [...command, file], { encoding: 'utf8' })
}

for (const dropIn of [undefined, 'owners.conf', 'all-namespaces.conf', 'exact.conf'])
  test(`systemd finds no fault in the unit ${dropIn === undefined ? 'as it is' : `with ${dropIn}`}`, {
    skip: skipUnits,
  }, () => {
    const { status, stderr } = analyze(dropIn, ['verify', '--man=no'])
    assert.equal(status, 0, stderr)
    // It also reads units of this machine, and may complain of those.
    assert.doesNotMatch(stderr, /spillway|\.conf:/)
  })

test('systemd finds no fault in the unit that installs what --exact reads, and it installs anew as at first', {
  skip: skipUnits,
}, () => {
  const { status, stderr } = analyze(undefined, ['verify', '--man=no'], 'spillway-exact.service')
  assert.equal(status, 0, stderr)
  assert.doesNotMatch(stderr, /spillway|\.conf:/)
  const text = read(`${units}/spillway-exact.service`)
  const asked = ['ExecStart', 'ExecReload', 'ExecStop'].map(
    (key) => new RegExp(`^${key}=\\S+ exact (.*)$`, 'm').exec(text)?.[1]?.split(' ') ?? [],
  )
  assert.deepEqual(asked[0], asked[1])
  // Its group is that of the host on which it runs.
  const known = (words: string[]): string[] => words.map((word) => (word === 'spillway' ? '0' : word))
  assert.deepEqual(
    asked.map((words) => readOptions(known(words))?.action),
    ['install', 'install', 'uninstall'],
  )
})

test('the unit as it is exposes little, by the measure of systemd', { skip: skipUnits }, () => {
  // In tenths: the host's own services have about 9, and 3 is its bound of what it calls OK.
  const { status, stdout } = analyze(undefined, ['security', '--offline=true', '--threshold=30', '--no-pager'])
  assert.equal(status, 0, stdout.split('\n').at(-2))
})

test('a capability is given in a drop-in alone, is bounded by it, and stands in the table of the page', () => {
  const given = (text: string, key: string): string[] =>
    (new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '').split(' ').filter((name) => name !== '')
  assert.deepEqual(given(unit, 'CapabilityBoundingSet'), [])
  assert.deepEqual(given(unit, 'AmbientCapabilities'), [])
  for (const [file, most] of [
    ['owners.conf', 2],
    ['all-namespaces.conf', 3],
  ] as const) {
    const dropIn = read(`${units}/${file}`)
    const names = given(dropIn, 'AmbientCapabilities')
    assert.equal(names.length, most)
    assert.deepEqual(given(dropIn, 'CapabilityBoundingSet'), names)
    for (const name of names) {
      assert.ok(page.includes(`\`${name}\``), name)
      assert.ok(page.includes(`--cap-add ${name.replace('CAP_', '')}`), `${name} for a container`)
    }
  }
})

test('the exporter takes every option that the page and the unit give it', () => {
  const lines = [
    ...commandsOf(page).flatMap((command) => /\bspillway exporter (.*)$/.exec(command)?.[1] ?? []),
    ...[page, unit].flatMap((text) =>
      Array.from(text.matchAll(/SPILLWAY_EXPORTER_OPTIONS=(.+)$/gm), ([, line]) => line!),
    ),
    ...Array.from(page.matchAll(/`(--(?:netns|sample-interval|peak-window) [^`]+)`/g), ([, line]) => line!),
  ]
  assert.ok(lines.length >= 7, String(lines.length))
  for (const line of lines) assert.ok(parseOptions(line.split(' ')), line)
  for (const [, option] of page.matchAll(/`(--(?:ports|listeners|max-listeners|cpu-budget))[`,]/g))
    assert.match(read('docs/exporter.md'), new RegExp(`${option}\\b`))
})

test('the page promises the peak window and the interval that the exporter has', () => {
  assert.match(page, new RegExp(`the highest sample of the last ${defaultPace.peakWindowMs / 1000} s`))
  assert.match(
    page,
    new RegExp(`sampled every ${defaultPace.sampleIntervalMs} ms \\(every ${defaultPace.quietIntervalMs} ms`),
  )
})

test('a listener has as many series as the page says, used and unused', async () => {
  using used = new StalledListener(2)
  using unused = new StalledListener(2)
  used.connect(2)
  await using exporter = new Child(process.execPath, [
    fixture('../main.ts'),
    ...['--listen', '127.0.0.1:0', '--ports', `${used.port},${unused.port}`],
  ])
  const url = (await exporter.line(/^Metrics: (http:\S+)$/))[1]!
  const series = async (): Promise<string[]> =>
    (await (await fetch(url)).text()).split('\n').filter((line) => /^[a-z]/.test(line))
  const of = (lines: string[], family: string, port: number): number =>
    lines.filter((line) => line.startsWith(family) && line.includes(`port="${port}"`)).length
  const counted = await eventually('owners and connections were looked for', series, (lines) => {
    assert.ok(lines.some((line) => line.startsWith('tcp_listener_acceptors')))
    assert.ok(of(lines, 'tcp_port_accept_wait_oldest', used.port) > 0)
  })
  const row = (name: RegExp): number[] =>
    (new RegExp(`^\\| ${name.source}.*?\\| (.*) \\|$`, 'm').exec(page)?.[1] ?? '').match(/\d+/g)?.map(Number) ?? []
  assert.equal(of(counted, 'tcp_listener_', unused.port), row(/of a listener that no client has used/)[0])
  assert.equal(of(counted, 'tcp_listener_', used.port), row(/of a used listener/)[0])
  const [least = 0, most = 0] = row(/of a used port/)
  const ofPort = of(counted, 'tcp_port_', used.port)
  assert.ok(least <= ofPort && ofPort <= most, `${ofPort} of ${least} to ${most}`)
  const ofNamespace = counted.filter((line) => /^(node|spillway|tcp_namespace|tcp_memory)_/.test(line)).length
  const [about = 0] = row(/of the network namespace and the exporter/)
  // An older kernel has fewer counters.
  assert.ok(ofNamespace > about * 0.75 && ofNamespace <= about * 1.1, `${ofNamespace} of about ${about}`)
})
