/** `spillway plan … --confirm -- COMMAND`: planned for somebody's server, and confirmed on it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import test, { after } from 'node:test'
import type { Answer } from '#planner/answer.ts'
import { gunicorn, nginx } from './support/own-servers.ts'
import { skipWithout } from './support/tools.ts'

const spillway = new URL('../bin/spillway', import.meta.url).pathname
const made = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-plan-on-'))
fs.chmodSync(made, 0o755)
after(() => fs.rmSync(made, { recursive: true, force: true, maxRetries: 5 }))

async function plan(args: readonly string[], signal: AbortSignal) {
  const child = spawn(spillway, ['plan', ...args], { stdio: ['ignore', 'pipe', 'pipe'], signal })
  const [out, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, complaint, status }
}

async function answered(args: readonly string[], signal: AbortSignal): Promise<Answer> {
  const { out, complaint, status } = await plan(['--json', '--confirm', ...args], signal)
  assert.notEqual(status, 2, complaint)
  return JSON.parse(out)
}

const NODE = [
  process.execPath,
  '-e',
  "require('node:http').createServer((q, r) => r.end('x')).listen(process.env.PORT)",
]

test('a plan for a server with one socket has its process, its backlog where none is given, and is confirmed on it', async (context) => {
  const answer = await answered(['rate', '--stall', '300ms', '--backlog', '20', '--', ...NODE], context.signal)
  assert.match(
    answer.answer.join('\n'),
    /has 1 socket and 1 process that accepts; an accept takes about .* as measured on it/,
  )
  assert.equal(answer.lab.length, 2, 'below and above the limit')
  for (const { verdict, reason, measured, played } of answer.lab) {
    assert.notEqual(verdict, 'contradicts', reason ?? '')
    assert.equal(measured.estimates.acceptWaitP99Ms, undefined, 'the server does not tell its accept waits')
    assert.ok(Number(measured.estimates.queuePeak?.value) <= 22, 'its socket had the backlog of the plan')
    assert.ok(Number(played.acceptMs) > 0)
  }
})

test('a plan for a server with a socket for each worker has as many of both', {
  skip: skipWithout('nginx'),
}, async (context) => {
  const command = nginx('reuseport').command(made)
  const answer = await answered(['--rate', '200/s', '--stall', '200ms', '--', ...command], context.signal)
  assert.match(answer.answer.join('\n'), /nginx has 2 sockets and 2 processes that accept/)
  const [judged] = answer.lab
  assert.ok(judged)
  assert.notEqual(judged.verdict, 'contradicts', judged.reason ?? '')
  assert.equal(judged.queues.length, 2)
})

test('what contradicts a server is refused before or as soon as it is known', {
  skip: skipWithout('gunicorn'),
}, async (context) => {
  const confirmed = (...options: string[]): string[] => [...options, '--confirm', '--', 'no-such-program']
  const cases: [args: string[], says: RegExp][] = [
    [
      confirmed('--rate', '10/s', '--stall', '1s', '--slow-accept', '5ms'),
      /--slow-accept is about what an accept takes/,
    ],
    [
      confirmed('--rate', '10/s', '--workers', '4', '--service-time', '9ms'),
      /--service-time is about what an accept takes/,
    ],
    [confirmed('--rate', '10/s', '--stall', '1s', '--workers', '4'), /--workers is about how many processes accept/],
    [confirmed('memory'), /^spillway: Memory cannot be confirmed/],
    [confirmed('shared', '--rate', '10/s', '--stall', '1s'), /cannot be made to share a socket among its processes/],
    [confirmed('--rate', '100k/s', '--stall', '10s'), /A lab plays at most 40,000 connections/],
    [confirmed('--rate', '10/s', '--stall', '1s', '--sure', '100%'), /--sure of 100% cannot be met/],
    [confirmed('--rate', '10/s', '--stall', '1s'), /There is no program no-such-program/],
    [['--rate', '10/s', '--stall', '1s', '--', ...NODE], /nothing is to be confirmed on it\nAdd --confirm/],
    [
      ['--rate', '10/s', '--accept', '1ms', '--confirm', '--', ...NODE],
      /--accept is about what an accept takes, .* measured/,
    ],
    [['--rate', '10/s', '--stall', '1s', '--confirm', '--ready', '/x'], /--ready is about a server of your own/],
    [
      ['--rate', '10/s', '--stall', '1s', '--backends', '7', '--confirm', '--', ...gunicorn('-w', '2').command(made)],
      /gunicorn has 1 socket and 2 processes that accept, and the plan has 7 at one socket\nLeave out --backends/,
    ],
    [['restart', '--rate', '10/s', '--confirm', '--', ...NODE], /cannot be made to close one of its listeners/],
  ]
  for (const [args, says] of cases) {
    const { complaint, status } = await plan(args, context.signal)
    assert.equal(status, 2, args.join(' '))
    assert.match(complaint, says)
  }
})

test('where nobody watches a terminal, each stage is a line: what is done, what is waited for, and how long clients come', async (context) => {
  const { complaint, status } = await plan(
    ['--rate', '100/s', '--stall', '100ms', '--confirm', '--', ...NODE],
    context.signal,
  )
  assert.notEqual(status, 2, complaint)
  const stages = [
    'Asking node how it answers …',
    'Measuring what an accept costs node: 500 clients wait for it, 3 of 3 …',
    'Playing a backlog of ',
    'Measuring once more what an accept costs node: 500 clients wait for it, 3 of 3 …',
  ]
  const at = stages.map((stage) => complaint.indexOf(stage))
  assert.ok(
    at.every((place, index) => place > (at[index - 1] ?? -1)),
    complaint,
  )
  assert.match(complaint, /^Playing .* on node: clients come for [\d.]+ s …$/m)
})
