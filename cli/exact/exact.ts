/** `spillway exact`: programs in the kernel that others may read. */
import { install, status, uninstall } from '#services/exporter/pins/pins.ts'
import { help, readOptions } from './options.ts'

export async function exact(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const say = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)
  if (options.action === 'install') say(install(options.folder, options.reader))
  else if (options.action === 'uninstall') say(uninstall())
  else {
    const { installed, lines } = status()
    say(lines)
    process.exitCode = installed ? 0 : 1
  }
}
