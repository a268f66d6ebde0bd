import { type Grammar, readCommandLine } from '#common/options.ts'

export const help = `Usage: spillway doctor [OPTION…]

Says in one line whether a lab can run on this machine: "ready: 8 cores, lateness 0.4 ms, Linux 6.8", or the first thing
that is missing and what to do about it. It starts a small lab and takes it down again.

  --json    print everything that was looked at as one JSON object, and nothing else on standard output
  --help    this text

Exit status: 0 ready, 1 not ready.
`

export const grammar = {
  command: 'spillway doctor',
  options: { json: { type: 'boolean', default: false } },
} as const satisfies Grammar

/** Reads the options of `spillway doctor`; undefined if help was asked for. Throws a UsageError. */
export const readOptions = (args: readonly string[]): { json: boolean } | undefined =>
  readCommandLine(grammar, args, ({ values }) => values)
