/**
 * Writes docs/vocabulary.md and the types that `spillway new` writes beside an experiment, both from the vocabulary's own
 * types. With --check it only says whether they are as they would be written, and fails if not.
 */
import { sayFaults } from '#common/entry.ts'
import { type Grammar, readCommandLine } from '#common/options.ts'
import { generated } from './generated.ts'
import { declarationFile } from './vocabulary/declaration-file.ts'
import { page } from './vocabulary/page.ts'
import { readVocabulary } from './vocabulary/parts.ts'

const grammar = {
  command: 'npm run vocabulary --',
  options: { check: { type: 'boolean', default: false } },
} as const satisfies Grammar

sayFaults('docs')
const given = readCommandLine(grammar, process.argv.slice(2), ({ values }) => values)
if (given === undefined) process.stdout.write('Usage: npm run vocabulary -- [--check]\n')
else {
  const vocabulary = readVocabulary()
  generated('docs/vocabulary.md', page(vocabulary), { check: given.check, by: 'vocabulary' })
  generated('cli/new/spillway-vocabulary.d.ts', declarationFile(vocabulary), { check: given.check, by: 'vocabulary' })
}
