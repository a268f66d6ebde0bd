/**
 * `npm run servers`: has `spillway try` make the card of each server that is at hand, keeps it in lab/servers/records/, and
 * writes docs/servers.md from all that are kept. A minute a server; with words, only those servers. With --check it runs
 * nothing, and fails if the page is not what follows from the records.
 */
import { sayFaults } from '#common/entry.ts'
import { describeError, UsageError } from '#common/errors.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { missingPrograms } from '#lab/servers/prepared.ts'
import { recipes } from '#lab/servers/recipes.ts'
import { generated } from './generated.ts'
import { cardOf } from './servers/card-of.ts'
import { page } from './servers/page.ts'
import { keep, records } from './servers/records.ts'

const PAGE = 'docs/servers.md'
/** A card takes a minute; a busy machine may take longer. */
const WITHIN_MS = 180_000

const grammar = {
  command: 'npm run servers --',
  options: { check: { type: 'boolean', default: false } },
  words: 'names of servers',
} as const satisfies Grammar

sayFaults('servers')
const given = readCommandLine(grammar, process.argv.slice(2), ({ values, positionals }) => ({
  check: values.check,
  names: positionals,
}))
if (given === undefined)
  process.stdout.write(`Usage: npm run servers -- [--check] [NAME…]\n\n${recipes.map(({ name }) => name).join(' ')}\n`)
else {
  if (!given.check) await runAll(given.names)
  generated(PAGE, page(recipes, records()), { check: given.check, by: 'servers' })
}

async function runAll(names: readonly string[]): Promise<void> {
  const unknown = names.find((one) => !recipes.some(({ name }) => name === one))
  if (unknown !== undefined)
    throw new UsageError(`There is no server ${unknown}`, `There are ${recipes.map(({ name }) => name).join(', ')}`)
  const chosen = recipes.filter(({ name }) => names.length === 0 || names.includes(name))
  for (const [index, recipe] of chosen.entries()) {
    const say = (text: string): boolean =>
      process.stderr.write(`${index + 1} of ${chosen.length}: ${recipe.name}: ${text}\n`)
    const missing = missingPrograms(recipe)
    if (missing.length > 0) {
      say(`not at hand: ${missing.join(' and ')} missing (${recipe.install})`)
      continue
    }
    try {
      const record = await cardOf(recipe, WITHIN_MS)
      keep(record)
      const judged = record.answers.filter(({ found }) => found !== null).length
      say(`${record.version}, ${judged} of ${record.answers.length} questions answered`)
    } catch (error) {
      say(describeError(error))
      process.exitCode = 1
    }
  }
}
