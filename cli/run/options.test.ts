import assert from 'node:assert/strict'
import test from 'node:test'
import { UsageError } from '#common/errors.ts'
import { experiments } from '#experiments/catalogue.ts'
import { readOptions } from './options.ts'

const read = (...args: string[]) => readOptions(args, new Date('2026-11-22T10:20:30.400Z'))

test('an experiment is asked for by its name, once however often it is named', async () => {
  const command = await read('small-backlog', 'small-backlog')
  assert.ok(typeof command === 'object')
  assert.deepEqual(
    command.asked.map(({ word, experiment }) => [word, experiment.name]),
    [['small-backlog', 'small-backlog']],
  )
  assert.equal(command.out, 'runs/2026-11-22T10-20-30')
  assert.equal(command.driver.name, 'namespaces')
})

test('--all is every experiment, each with a name of its own that is also its file', async () => {
  const command = await read('--all', '--json', '--out', '/tmp/x', '--driver', 'compose')
  assert.ok(typeof command === 'object')
  assert.deepEqual(
    command.asked,
    experiments.map((experiment) => ({ word: experiment.name, experiment })),
  )
  assert.deepEqual([command.json, command.out, command.driver.name], [true, '/tmp/x', 'compose'])
  assert.equal(new Set(experiments.map(({ name }) => name)).size, experiments.length)
  for (const { name } of experiments) {
    const file: { default: { name: string } } = await import(`../../experiments/${name}.ts`)
    assert.equal(file.default.name, name)
  }
})

test('a file of your own is an experiment too', async () => {
  const command = await read('experiments/small-backlog.ts')
  assert.ok(typeof command === 'object')
  const [asked] = command.asked
  assert.deepEqual([asked?.word, asked?.experiment.name], ['experiments/small-backlog.ts', 'small-backlog'])
})

test('help and the list are asked for by name', async () => {
  assert.equal(await read('--help'), 'help')
  assert.equal(await read('--list'), 'list')
})

for (const [args, complaint] of [
  [[], /Which experiment/],
  [['big-backlog'], /There is no experiment 'big-backlog'/],
  [['--all', 'small-backlog'], /leave out small-backlog/],
  [['small-backlog', '--driver', 'vagrant'], /--driver 'vagrant' is not one of namespaces, compose, kubernetes/],
  [['--surprise'], /--surprise/],
  [['./no-such.ts'], /There is no file \.\/no-such\.ts/],
  [['cli/run/options.ts'], /cli\/run\/options\.ts is not an experiment/],
] as [string[], RegExp][])
  test(`'${args.join(' ')}' is refused with what is wrong`, async () => {
    await assert.rejects(
      () => read(...args),
      (error) => error instanceof UsageError && complaint.test(error.message),
    )
  })
