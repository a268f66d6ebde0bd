/**
 * Whether to write colours: where somebody looks at a terminal that knows them. NO_COLOR (no-color.org) asks for none,
 * FORCE_COLOR for some also in a pipe, as CI systems do.
 */
export function wantsColour(
  output: Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  if ((env.NO_COLOR ?? '') !== '') return false
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR)
  return output.isTTY === true && env.TERM !== 'dumb' && output.hasColors()
}
