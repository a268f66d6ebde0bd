import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import { afterEach, test } from 'node:test'
import { KernelError } from '#kernel/errors.ts'
import { describeError, Failure, UsageError } from './errors.ts'

afterEach(() => {
  delete process.env.SPILLWAY_DEBUG
})

test('what a person can mend is told in two lines, without a stack', () => {
  assert.equal(describeError(new UsageError('It is wrong', 'Mend it')), 'It is wrong\nMend it')
  assert.equal(describeError(new UsageError('It is wrong')), 'It is wrong')
  assert.equal(describeError(new Failure('The lab has ended')), 'The lab has ended')
  assert.equal(describeError(new KernelError('listen', 'EBADF', 'Listening')), 'Listening: listen failed with EBADF')
})

test('a bug is one sentence with its place, and its trace comes only when asked for', () => {
  const fault = new TypeError('oops\nand more')
  const sentence =
    /^This is a bug in Spillway: oops \(errors\.test\.ts, line \d+\); run again with SPILLWAY_DEBUG=1 .*$/
  assert.match(describeError(fault), sentence)
  assert.match(describeError('thrown text'), /^This is a bug in Spillway: thrown text; run again/)
  assert.match(describeError(fault, 'the experiment'), /^This is a bug in the experiment: oops/)
  process.env.SPILLWAY_DEBUG = '1'
  assert.match(describeError(fault), /and report it\nTypeError: oops\nand more\n\s+at .*errors\.test\.ts/)
})

test('what the system refuses is told in words with what to do, and never in its own', async () => {
  const refused: [attempt: () => unknown, sentence: string][] = [
    [() => fs.readFileSync('/no/such'), 'Cannot open /no/such: it does not exist'],
    [() => fs.readdirSync('/etc/hostname'), 'Cannot read the folder /etc/hostname: part of its path is a file'],
    [() => fs.readFileSync('/'), 'Cannot read: it is a folder'],
    [() => fs.mkdirSync('/proc'), 'Cannot make the folder /proc: something with that name already exists'],
    [() => fs.writeFileSync(`/tmp/${'a'.repeat(300)}`, ''), 'Cannot open /tmp/aaa'],
    [() => answered(net.connect({ host: '127.0.0.1', port: 1 })), 'Cannot reach 127.0.0.1:1: nothing listens there'],
    [() => answered(net.connect({ path: '/no/such.sock' })), 'Cannot reach /no/such.sock: it does not exist'],
    [() => fetch('http://127.0.0.1:10'), 'Cannot reach 127.0.0.1:10: nothing listens there'],
  ]
  for (const [attempt, sentence] of refused) {
    const error = await Promise.resolve()
      .then(attempt)
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
    const [problem = '', remedy, ...more] = describeError(error).split('\n')
    assert.ok(problem.startsWith(sentence), problem)
    assert.doesNotMatch(problem, /E[A-Z]{3}|no such file|fetch failed|errno/)
    assert.ok(remedy !== undefined && remedy.length > 5, problem)
    assert.deepEqual(more, [])
  }
})

test('a wait that was cut off is no fault of anybody', () => {
  const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  assert.equal(describeError(timeout).split('\n')[0], 'It took too long and was abandoned')
  assert.equal(describeError(AbortSignal.abort().reason).split('\n')[0], 'It was interrupted')
})

function answered(socket: net.Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve).once('error', reject)
  return promise.finally(() => socket.destroy())
}
