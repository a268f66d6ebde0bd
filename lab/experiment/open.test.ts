import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { UsageError } from '#common/errors.ts'
import { recording, runOf } from '#report/testing/runs.ts'
import { plan } from '../testing/plan.ts'
import { writeFolder } from './folder.ts'
import { type Entry, JOURNAL, Journal } from './journal.ts'
import { openRun } from './open.ts'
import type { RunHead } from './verdict.ts'

function folderOf(context: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-open-'))
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const { experiment, teaches, sources, startedAt, machine, again } = runOf([]).verdict
const head: RunHead = { format: 1, experiment, teaches, sources, startedAt, machine, again }

function write(folder: string, entries: readonly Entry[]): void {
  using journal = new Journal(path.join(folder, JOURNAL))
  for (const entry of entries) journal.write(entry)
}

const begun: Entry[] = [
  { is: 'run', head },
  { is: 'case', name: 'small', plan },
  { is: 'phase begins', name: 'stall', atMs: 100 },
  { is: 'event', atMs: 130, what: 'backend 1 stalls' },
]

const complaint = (pattern: RegExp) => (error: unknown) => error instanceof UsageError && pattern.test(error.message)

test('a run that was cut off is finished as far as it came', async (context) => {
  const folder = folderOf(context)
  write(folder, begun)
  fs.appendFileSync(path.join(folder, JOURNAL), '{"is":"event","atMs":150,"wh')
  const { verdict, tables } = await openRun(folder)
  assert.deepEqual([verdict.status, verdict.reason], ['not judged', 'the run was cut off in phase stall'])
  assert.deepEqual([verdict.experiment, verdict.teaches, verdict.lagMs], [experiment, teaches, null])
  assert.deepEqual(verdict.cases[0]?.phases, [{ name: 'stall', tMs: 0, endMs: null }])
  assert.deepEqual(verdict.cases[0]?.events, [{ tMs: 30, what: 'backend 1 stalls' }])
  assert.deepEqual(tables.accept_queue.t_ms, [])
  assert.ok(fs.existsSync(path.join(folder, JOURNAL)), 'its journal stays')
})

test('where it was cut off is said as well as it is known', async (context) => {
  for (const [entries, where] of [
    [begun.slice(0, 1), 'before its first lab was ready'],
    [begun.slice(0, 2), 'before the first phase'],
    [[...begun, { is: 'phase ends', atMs: 200 }], 'after phase stall'],
    [[...begun, { is: 'case', name: 'large', plan }], 'before the first phase of case large'],
  ] as const) {
    const folder = folderOf(context)
    write(folder, entries)
    assert.equal((await openRun(folder)).verdict.reason, `the run was cut off ${where}`)
  }
})

test('a journal that has grown since is read again, and a verdict that is newer stands', async (context) => {
  const folder = folderOf(context)
  write(folder, begun)
  await openRun(folder)
  const later = new Date(Date.now() + 5000)
  fs.appendFileSync(path.join(folder, JOURNAL), `${JSON.stringify({ is: 'phase ends', atMs: 200 })}\n`)
  fs.utimesSync(path.join(folder, JOURNAL), later, later)
  assert.match((await openRun(folder)).verdict.reason ?? '', /after phase stall/)
  const whole = runOf([recording()])
  await writeFolder(folder, whole.verdict, [recording()])
  const latest = new Date(Date.now() + 10_000)
  fs.utimesSync(path.join(folder, 'verdict.json'), latest, latest)
  assert.equal((await openRun(folder)).verdict.status, 'passed')
})

test('what is no run, or a damaged one, is refused with what is wrong', async (context) => {
  const empty = folderOf(context)
  await assert.rejects(openRun(empty), complaint(/There is no run in .*: neither verdict\.json nor journal\.ndjson/))
  const nothing = folderOf(context)
  fs.writeFileSync(path.join(nothing, JOURNAL), '{"is":"ru')
  await assert.rejects(openRun(nothing), complaint(/cut off before anything was written/))
  const torn = folderOf(context)
  fs.writeFileSync(path.join(torn, JOURNAL), `${JSON.stringify(begun[0])}\n{"is":"ca\n${JSON.stringify(begun[2])}\n`)
  await assert.rejects(openRun(torn), complaint(/The run in .* is damaged: /))
  for (const [change, what] of [
    [(file: string) => fs.writeFileSync(file, '{"format": 1'), /is damaged: /],
    [(file: string) => fs.writeFileSync(file, '{"format": 9}'), /has format 9; this Spillway reads format 1/],
    [(file: string) => fs.writeFileSync(file, '{"format": 1}'), /lacks expectations, cases or machine/],
    [(file: string) => fs.rmSync(file.replace('verdict.json', 'port.parquet')), /is damaged: .*port\.parquet/],
    [(file: string) => fs.writeFileSync(file.replace('verdict.json', 'port.parquet'), 'PAR'), /is damaged: /],
  ] as const) {
    const folder = folderOf(context)
    await writeFolder(folder, runOf([recording()]).verdict, [recording()])
    change(path.join(folder, 'verdict.json'))
    await assert.rejects(openRun(folder), complaint(what))
  }
})
