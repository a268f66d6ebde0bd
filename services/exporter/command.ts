import fs from 'node:fs'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { type ExporterOptions, startExporter } from './exporter.ts'
import { help, parseOptions } from './options.ts'

/** `spillway exporter`: exports until SIGTERM or SIGINT. Throws a UsageError for what cannot be done as it was asked. */
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

/** Whoever owns a socket is found below /proc: another folder would show listeners without owners, and say nothing. */
function refuseWithoutProcesses(proc: string): void {
  let entries: string[]
  try {
    entries = fs.readdirSync(proc)
  } catch (error) {
    throw new UsageError(`--proc ${proc} cannot be read: ${reasonOf(error)}`, remedy)
  }
  if (!entries.some((name) => /^\d+$/.test(name))) throw new UsageError(`--proc ${proc} shows no process`, remedy)
}

const remedy = 'Name the place where a proc file system is mounted, such as /proc'
