/** `spillway new`: an experiment of one's own to begin with. */
import { help, readOptions } from './options.ts'
import { template } from './template.ts'
import { typesBeside, write } from './types-beside.ts'

export async function newExperiment(args: string[]): Promise<void> {
  const command = readOptions(args)
  if (command === undefined) {
    process.stdout.write(help)
    return
  }
  const { name, folder, file } = command
  write(file, template(name, typesBeside(folder)))
  process.stdout.write(`${file}\nRun it with: spillway run ${file}\n`)
}
