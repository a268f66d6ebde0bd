import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from './errors.ts'
import { type Grammar, oneOf, readCommandLine } from './options.ts'

const grammar = {
  command: 'spillway try',
  options: {
    backlog: { type: 'string', default: '128' },
    report: { type: 'string' },
    sysctl: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
} as const satisfies Grammar

const read = (...args: string[]) => readCommandLine(grammar, args, ({ values }) => ({ ...values }))
const readWords = (...args: string[]) =>
  readCommandLine({ ...grammar, words: 'names' }, args, ({ positionals }) => positionals)

test('options are taken in both forms, those of several values in order, and the others have their defaults', () => {
  assert.deepEqual(read(), { backlog: '128', sysctl: [], json: false })
  assert.deepEqual(read('--backlog', '8', '--sysctl=a=1', '--json', '--sysctl', 'b=2', '--report=x.html'), {
    backlog: '8',
    report: 'x.html',
    sysctl: ['a=1', 'b=2'],
    json: true,
  })
})

test('words stand before, between and behind options, and behind -- whatever they look like', () => {
  assert.deepEqual(readWords('a', '--json', 'b', '--backlog', '8', 'c'), ['a', 'b', 'c'])
  assert.deepEqual(readWords('a', '--', '--json', '--help', '-h'), ['a', '--json', '--help', '-h'])
})

test('help wins over whatever else is said, also where it would be a value', () => {
  for (const line of ['--help', '-h', '--bogus -h', '--backlog --help', 'word --help', '--json --json -h'])
    assert.equal(read(...line.split(' ')), undefined, line)
})

test('a value may hold anything that is not blank, and a number below zero is left to whoever reads it', () => {
  assert.equal(read('--report=--json')?.report, '--json')
  assert.equal(read('--report', '-')?.report, '-')
  assert.equal(read('--backlog', '-1')?.backlog, '-1')
  assert.equal(read('--report', '__proto__')?.report, '__proto__')
})

for (const [line, problem] of [
  [['--backlogs', '8'], 'There is no option --backlogs; did you mean --backlog?'],
  [['--Json'], 'There is no option --Json; did you mean --json?'],
  [['--helpp'], 'There is no option --helpp; did you mean --help?'],
  [['--elephant=1'], 'There is no option --elephant'],
  [['--__proto__'], 'There is no option --__proto__'],
  [['--constructor=x'], 'There is no option --constructor'],
  [['-backlog', '8'], 'There is no option -backlog; did you mean --backlog?'],
  [['-x'], 'There is no option -x'],
  [['-hx'], 'There is no option -hx'],
  [['--backlog'], '--backlog has no value'],
  [['--backlog', '--json'], "--backlog has no value: '--json' follows"],
  [['--backlog='], 'The value of --backlog is empty'],
  [['--report', ' '], 'The value of --report is empty'],
  [['--json=true'], '--json takes no value'],
  [['--json='], '--json takes no value'],
  [['--backlog', '8', '--backlog=8'], '--backlog is given twice'],
  [['--json', '--json'], '--json is given twice'],
  [['word'], "'word' is unexpected: only options are allowed"],
  [['backlog', '8'], "'backlog' is unexpected: only options are allowed; did you mean --backlog?"],
  [['--', 'word'], "'word' is unexpected: only options are allowed"],
] as [string[], string][])
  test(`'${line.join(' ')}' is refused, and what was not taken is named`, () => {
    assert.throws(
      () => read(...line),
      (error) => {
        assert.ok(error instanceof UsageError)
        assert.equal(error.message, problem)
        assert.match(error.remedy ?? '', /spillway try --help/)
        return true
      },
    )
  })

test('a word that is empty is refused where words are expected', () => {
  assert.throws(() => readWords('a', ''), { message: 'One argument is empty, where names are expected' })
})

test('a complaint without a remedy is sent on to the help, one with a remedy stays', () => {
  const refusing = (remedy?: string) => () =>
    readCommandLine(grammar, [], () => {
      throw new UsageError('It is wrong', remedy)
    })
  assert.throws(refusing(), { message: 'It is wrong', remedy: 'See spillway try --help' })
  assert.throws(refusing('Mend it'), { message: 'It is wrong', remedy: 'Mend it' })
})

test('one of several words is taken as it is, and a near one is asked for', () => {
  assert.equal(oneOf('--mode', 'shared', ['sharded', 'shared']), 'shared')
  assert.throws(() => oneOf('--mode', 'shard', ['sharded', 'shared']), {
    message: "--mode 'shard' is not one of sharded, shared; did you mean sharded?",
  })
})
