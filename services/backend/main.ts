/** The process of one backend. */
import { backendCommand } from './command.ts'

process.exitCode = await backendCommand(process.argv.slice(2))
