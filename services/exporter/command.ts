import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { showsProcesses } from '#kernel/proc-reading.ts'
import { type ExporterOptions, startExporter } from './exporter.ts'
import { help, parseOptions } from './options.ts'

/** `spillway exporter`: runs until SIGTERM or SIGINT. Throws a UsageError if it cannot run as asked. */
export async function exporterCommand(args: readonly string[]): Promise<void> {
  const options = parseOptions(args)
  if (options === undefined) process.stdout.write(help)
  else await exportUntilSignal(options)
}

async function exportUntilSignal(options: ExporterOptions): Promise<void> {
  refuseWithoutProcesses(options.proc)
  const told = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  await using exporter = await startExporter(options)
  options.log(`Metrics: ${'path' in exporter.target ? `${exporter.url}, path /metrics` : `${exporter.url}/metrics`}`)
  await told
}

/** The owners of sockets are found under /proc: any other folder would silently give listeners without owners. */
function refuseWithoutProcesses(proc: string): void {
  let shown: boolean
  try {
    shown = showsProcesses(proc)
  } catch (error) {
    throw new UsageError(`--proc ${proc} cannot be read: ${reasonOf(error)}`, remedy)
  }
  if (!shown) throw new UsageError(`--proc ${proc} is not a proc file system that shows processes`, remedy)
}

const remedy = 'Give the path at which a proc file system is mounted, such as /proc'
