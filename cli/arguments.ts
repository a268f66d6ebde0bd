import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from '#common/errors.ts'

/** Reads the options of `spillway COMMAND` as node:util does. Throws a UsageError that names what it did not take, or was given twice. */
export function readArguments<const Config extends ParseArgsConfig>(
  command: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    const given = parseArgs(config)
    const twice = givenTwice(config)
    if (twice !== undefined) throw new TypeError(`--${twice} is given twice`)
    return given
  } catch (error) {
    throw new UsageError((error as Error).message, `See spillway ${command} --help`)
  }
}

/** An option that takes one value and has got two: parseArgs would take the last in silence. */
function givenTwice(config: ParseArgsConfig): string | undefined {
  const { tokens = [] } = parseArgs({ ...config, tokens: true })
  const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []))
  return names.find((name, at) => config.options?.[name]?.multiple !== true && names.indexOf(name) !== at)
}
