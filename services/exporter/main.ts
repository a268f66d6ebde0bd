/** The process of the exporter. */
import { runEntry } from '#common/entry.ts'
import { exporterCommand } from './command.ts'

await runEntry('spillway exporter', () => exporterCommand(process.argv.slice(2)))
