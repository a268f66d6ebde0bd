import assert from 'node:assert/strict'
import test from 'node:test'
import { answerOf } from '#planner/answer.ts'
import { readCommand } from './command.ts'
import { answerAsPage, commandLine } from './report.ts'

const answer = (data: Record<string, unknown> = {}) => answerOf({ question: 'Which?', answer: ['This.'], data })

function pageOf(line: string, data?: Record<string, unknown>): string {
  const command = readCommand(line.split(' '))
  if (command === undefined) throw new Error('help was not asked for')
  return answerAsPage(answer(data), line.split(' '), command)
}

test('a report says which words it answers, so that a shell takes them again', () => {
  assert.equal(commandLine(['--rate', '3k/s', '--loss', '0.1%']), 'spillway plan --rate 3k/s --loss 0.1%')
  assert.equal(commandLine(['--query', "sum(x{a='b'}[1m])"]), `spillway plan --query 'sum(x{a='\\''b'\\''}[1m])'`)
  assert.equal(commandLine(['']), "spillway plan ''")
})

test('it offers a lab as judge where one could play it, and was not asked to', () => {
  assert.match(pageOf('--rate 10/s --report x.html'), /spillway plan --rate 10\/s --report x\.html --confirm</)
  assert.match(pageOf('--rate 9/s --workers 2 --service-time 5ms --service-cv 0'), /--service-cv 0 --confirm</)
  for (const page of [
    pageOf('--rate 10/s --confirm'),
    pageOf('memory --backlog 5'),
    pageOf('--from http://127.0.0.1:9090'),
    pageOf('--rate 10/s', { unstable: true }),
    pageOf('--rate 10..20/s --stall 80ms'),
    pageOf('ports --rate 10/s'),
    pageOf('--clients 20 --workers 2 --service-time 5ms'),
    pageOf('scale-out --rate 10..20/s --within 5min --delay 60s --accept 1ms'),
    pageOf('--rate 10/s --workers 2 --service-time 5ms'),
    pageOf('--rate 10/s --stall 80ms --rtt 5ms'),
    pageOf('--rate 10/s --stall 80ms --backends 20'),
  ])
    assert.doesNotMatch(page, /No lab has judged/)
})
