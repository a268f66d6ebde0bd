/** The process of one backend. */
import { runEntry } from '#common/entry.ts'
import { backendCommand } from './command.ts'

await runEntry('spillway backend', () => backendCommand(process.argv.slice(2)))
