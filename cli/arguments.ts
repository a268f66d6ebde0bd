import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from '#common/errors.ts'

/** Reads the options of `spillway COMMAND` as node:util does. Throws a UsageError that names what it did not take. */
export function readArguments<const Config extends ParseArgsConfig>(
  command: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError((error as Error).message, `See spillway ${command} --help`)
  }
}
