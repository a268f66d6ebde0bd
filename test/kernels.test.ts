/** docs/kernels.md: what it says follows from the records, and what boots a kernel is called and heard as `--help` says. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { experiments } from '#experiments/catalogue.ts'
import { features } from '#services/exporter/sampler/exact.ts'
import { behind } from '../scripts/kernels/behind.ts'
import { notEmulated, roundsOf, testFiles, usualExperiments, wantedOf } from '../scripts/kernels/cases.ts'
import { type Ask, answersOf } from '../scripts/kernels/machine.ts'
import { page } from '../scripts/kernels/page.ts'
import { type KernelRecord, type Line, type Row, saidIn, series, THIS } from '../scripts/kernels/record.ts'
import { merged, records } from '../scripts/kernels/records.ts'

const kept = records()
const UNKNOWN = '–'

const row = (changes: Partial<Row> & Pick<Row, 'part' | 'name'>): Row => ({
  outcome: 'passed',
  says: [],
  date: '2026-01-31',
  commit: '0123456789',
  ...changes,
})
const record = (changes: Partial<KernelRecord>): KernelRecord => ({
  series: '6.1',
  emulated: true,
  release: '6.1.0-1',
  version: '#1 SMP',
  node: 'v24.0.0',
  rows: [],
  ...changes,
})
/** The cells of a row of one of the page's tables, without the first. */
const cells = (text: string, of: string): string[] => {
  const line = text.split('\n').find((one) => one.startsWith('|') && one.split('|')[1]?.includes(of))
  assert.ok(line, `the page has a row for ${of}`)
  return line
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim())
}

test('a record is of what there is to ask, says when and of which code, and why whatever is not as it should be', () => {
  for (const { release, series: its, emulated, rows } of kept) {
    assert.ok(release.startsWith(its), release)
    if (emulated) assert.ok((series as readonly string[]).includes(its), its)
    for (const { part, name, outcome, says, date, commit, counts } of rows) {
      const names = {
        exact: features as readonly string[],
        experiments: experiments.map((one) => one.name),
        tests: testFiles,
      }[part]
      assert.ok(names.includes(name), `${its}: ${name}`)
      assert.match(date, /^\d{4}-\d\d-\d\d$/)
      assert.match(commit, /^[0-9a-f]{10,}\+?$/)
      if (outcome !== 'passed' && outcome !== 'on') assert.ok(says.length > 0, `${its}: ${name} is ${outcome}`)
      if (part === 'tests') assert.ok(counts !== undefined && counts.passed + counts.failed + counts.skipped > 0, name)
      if (part === 'exact') assert.equal(outcome === 'on', says.length === 0, `${its}: ${name}`)
    }
  }
})

test('where a kernel refuses a feature, the page says so in its words and names the change behind it', () => {
  for (const { series: its, rows } of kept.filter(({ emulated }) => emulated))
    for (const { part, name, outcome, says } of rows.filter((one) => one.part === 'exact' && one.outcome === 'off')) {
      assert.equal(part, 'exact')
      assert.ok(behind(says).length > 0, `${its}: ${name} is ${outcome}: ${says.join(' ')}`)
    }
})

test('what was not run is a dash, never a verdict', () => {
  const nothing = page([])
  assert.match(nothing, new RegExp(`^Not run: ${series.join(', ').replaceAll('.', '\\.')}\\.$`, 'm'))
  assert.deepEqual(
    cells(nothing, 'kernel/netns.test.ts'),
    series.map(() => UNKNOWN),
  )
  const rows = [row({ part: 'experiments', name: 'no-ack' }), row({ part: 'exact', name: 'shards', outcome: 'on' })]
  const one = page([record({ rows })])
  const expected = (outcome: string): string[] => series.map((its) => (its === '6.1' ? outcome : UNKNOWN))
  assert.deepEqual(cells(one, 'no-ack.ts'), expected('passed'))
  assert.deepEqual(cells(one, 'shards'), expected('on'))
  assert.match(one, /^Not run on any of these kernels: .*`small-backlog`/m)
  for (const name of Object.keys(notEmulated)) assert.match(one, new RegExp(`Not in an emulated machine: \`${name}\``))
})

test('where kernels differ, each says what it showed, and a reason that is not known is called that', () => {
  const saying = (its: string, outcome: Row['outcome'], says: string[]): KernelRecord =>
    record({ series: its, rows: [row({ part: 'exact', name: 'peaks', outcome, says })] })
  const text = page([
    saying('6.1', 'off', ['This kernel has no tracepoint sk_data_ready']),
    saying('6.12', 'off', ['Something that nobody has looked up']),
    saying('6.18', 'on', []),
  ])
  assert.match(
    text,
    /^- 6\.1: off\. “This kernel has no tracepoint sk_data_ready”\n {2}Behind it: .*since 6\.3.*40e0b0908142/m,
  )
  assert.match(text, /^- 6\.12: off\. “Something that nobody has looked up”\n {2}Behind it: reason not known\.$/m)
})

test('a failed test is seen in its cell and told of below, also if it fails everywhere', () => {
  const [name = ''] = testFiles
  const counts = { passed: 3, failed: 1, skipped: 2 }
  const text = page([
    record({ rows: [row({ part: 'tests', name, outcome: 'failed', counts, says: ['it: 2 !== 1'] })] }),
  ])
  assert.deepEqual(
    cells(text, `/${name}`),
    series.map((its) => (its === '6.1' ? '**1 failed**, 3 passed, 2 skipped' : UNKNOWN)),
  )
  assert.match(text, /“it: 2 !== 1”/)
})

test('what a later run has found takes the place of the same alone, and nothing of another release is kept', () => {
  const before = record({
    rows: [
      row({ part: 'exact', name: 'peaks', outcome: 'off', says: ['no'] }),
      row({ part: 'experiments', name: 'no-ack' }),
    ],
  })
  const later = record({ rows: [row({ part: 'exact', name: 'peaks', outcome: 'on', date: '2026-02-01' })] })
  assert.deepEqual(
    merged(before, later).rows.map(({ name, outcome, date }) => [name, outcome, date]),
    [
      ['peaks', 'on', '2026-02-01'],
      ['no-ack', 'passed', '2026-01-31'],
    ],
  )
  const newer = { ...later, release: '6.1.0-2' }
  assert.deepEqual(merged(before, newer), newer)
})

test('a part, a file and an experiment can be asked for, and what is none of them is refused with what there is', () => {
  assert.deepEqual(wantedOf('exact,small-backlog,kernel/netns.test.ts,exact'), [
    { part: 'exact', name: 'exact' },
    { part: 'experiments', name: 'small-backlog' },
    { part: 'tests', name: 'kernel/netns.test.ts' },
  ])
  const all = wantedOf(undefined)
  assert.equal(all.length, 1 + testFiles.length + usualExperiments.length)
  assert.throws(() => wantedOf('small-backlg'), /'small-backlg' is no part.*small-backlog/)
  assert.throws(() => wantedOf('kernel/address.test.ts'), UsageError, 'it asks no kernel anything')
})

test('the experiments of a kernel share a machine, each with time of its own, and what none emulates is asked of this kernel alone', () => {
  const wanted = wantedOf('exact,small-backlog,no-ack,fork-shared,kernel/netns.test.ts')
  assert.deepEqual(roundsOf('6.1', wanted, 1000), [
    { words: ['exact', 'kernel/netns.test.ts'], timeoutMs: 1000 },
    { words: ['small-backlog', 'no-ack'], timeoutMs: 2000 },
  ])
  assert.deepEqual(roundsOf(THIS, wanted)[1]?.words, ['small-backlog', 'no-ack', 'fork-shared'])
  assert.deepEqual(roundsOf('6.1', wantedOf('fork-shared')), [])
})

/** A program that boots no machine, and says what one might. */
function machineThat(script: string): { command: string } & Disposable {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-machine-'))
  const command = path.join(folder, 'machine')
  fs.writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { command, [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }) }
}

async function answered(script: string, changes: Partial<Ask> = {}): Promise<{ lines: Line[]; how: string }> {
  using machine = machineThat(script)
  const lines: Line[] = []
  const how = await answersOf(
    {
      kernel: '6.1',
      machine: machine.command,
      words: ['exact'],
      timeoutS: 60,
      signal: AbortSignal.timeout(30_000),
      ...changes,
    },
    (line) => lines.push(line),
  )
  return { lines, how }
}

const kernelLine = '{"is":"kernel","release":"6.1.0-1","version":"#1","node":"v24.0.0"}'
const foundLine = '{"is":"found","part":"exact","name":"peaks","outcome":"off","says":["no"]}'

test('whoever boots a machine is called as the help says, and is heard line by line among whatever else is printed', async () => {
  const script = `echo "$@" >&2; echo '[ 0.1] a kernel speaks'; echo '${kernelLine}'; echo '{"is":"found",'; echo '${foundLine}'; echo "$*" | grep -q -- '--with [^ ]* --timeout 60 --virtual-time -- node scripts/kernels/inside.ts exact$' || exit 9`
  const { lines, how } = await answered(script)
  assert.equal(how, 'all')
  assert.deepEqual(
    lines.map(({ is }) => is),
    ['kernel', 'found'],
  )
})

test('what was said before the time was over is heard, and the rest is late', async () => {
  const { lines, how } = await answered(`echo '${kernelLine}'; echo '${foundLine}'; exit 124`)
  assert.deepEqual([lines.length, how], [2, 'late'])
})

test('without a machine there is a sentence that says what to do', async () => {
  await assert.rejects(answered('exit 0', { machine: undefined }), (error: UsageError) => {
    assert.match(error.message, /Linux 6\.1 runs in an emulated machine, and no program is given that boots one/)
    assert.match(error.remedy ?? '', /--machine COMMAND, or SPILLWAY_KERNELS/)
    return true
  })
  await assert.rejects(answered('exit 0', { machine: '/nowhere/machine' }), /There is no program \/nowhere\/machine/)
  await assert.rejects(answered('echo no such kernel >&2; exit 125'), (error: UsageError) => {
    assert.match(error.message, /no answer from Linux 6\.1 \(status 125\)/)
    assert.equal(error.remedy, 'no such kernel')
    return true
  })
})

test('no record says where the checkout lay that it was made of', () => {
  const folder = '/home/somebody/spillway'
  const said = `node ${folder}/kernel/a.ts: file://${folder}/kernel/b.ts:53 failed in /proc/sys/net`
  assert.equal(saidIn(folder, said), 'node kernel/a.ts: kernel/b.ts:53 failed in /proc/sys/net')
  for (const { series: kernel, rows } of kept)
    for (const { name, says } of rows)
      assert.doesNotMatch(says.join(' '), /\/node_modules\/\.bin|file:\/\/|\/tmp\//, `${kernel} ${name}`)
})
