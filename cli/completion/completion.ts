/** `spillway completion`: the script with which a shell completes what is typed. */
import { bashScript } from './bash.ts'
import { help, readOptions } from './options.ts'
import { completionTable, type Told } from './table.ts'
import { zshScript } from './zsh.ts'

/** `commands` are those of the command line, whose options and help are read. */
export async function completion(args: string[], commands: Record<string, Told>): Promise<void> {
  const shell = readOptions(args)
  if (shell === undefined) {
    process.stdout.write(help)
    return
  }
  const rows = await completionTable(commands)
  process.stdout.write(shell === 'bash' ? bashScript(rows) : zshScript(rows))
}
