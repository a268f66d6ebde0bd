/** `spillway exporter`: reads the command line, exports until it is told to end. */
import { describeError } from '#common/errors.ts'
import { startExporter } from './exporter.ts'
import { help, parseOptions } from './options.ts'

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(help)
  else await exportUntilSignal(options)
} catch (error) {
  process.stderr.write(`spillway exporter: ${describeError(error)}\n`)
  process.exitCode = 2
}

async function exportUntilSignal(options: NonNullable<ReturnType<typeof parseOptions>>): Promise<void> {
  const told = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  await using exporter = await startExporter(options)
  options.log(`Metrics: ${'path' in exporter.target ? `${exporter.url}, path /metrics` : `${exporter.url}/metrics`}`)
  await told
}
