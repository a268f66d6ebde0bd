/** The process of the load agent. */
import { runEntry } from '#common/entry.ts'
import { loadCommand } from './command.ts'

await runEntry('spillway load', () => loadCommand(process.argv.slice(2)))
