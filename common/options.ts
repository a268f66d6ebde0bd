/** The one reader of command lines: every command and every service takes its options through it. */
import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util'
import { UsageError } from './errors.ts'
import { orNearest } from './nearest.ts'

/** An option as node:util takes it, with what a shell may offer for its value. */
type Option = ParseArgsOptionDescriptor & {
  /** The only values there are; any other is refused before the command sees it. */
  values?: readonly string[]
  /** Words that it takes beside values of another kind, such as addresses. */
  words?: readonly string[]
  /** Its value is the path of one. */
  path?: 'file' | 'folder'
  /** Its value where it stands alone; another one is written `--name=value`. */
  alone?: string
}

type Options = Record<string, Option>

/** What a command takes. `--help` and `-h` need not be named: every command has them. */
export interface Grammar<Taken extends Options = Options> {
  /** As it is typed: `spillway up`. */
  command: string
  options: Taken
  /** What the words beside the options are, e.g. `folders of runs`; where it is left out there may be none. */
  words?: string
  /** What others call an option, by that name: `rps` for `rate`. Suggested, and not taken. */
  meant?: Readonly<Record<string, string>>
  /** What a shell may offer for those words. */
  offers?: { words?: readonly string[]; path?: 'file' | 'folder' }
}

/** The options and words of a command line, as node:util types them. */
export type Given<Taken extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Taken; allowPositionals: true }>
>

/**
 * Reads a command line and has `make` make something of it; undefined where it asks for help, whatever else it says.
 * Throws a UsageError that names what was not taken: an option that does not exist, is given twice, lacks its value or got one
 * that it does not take, and a word too many. A UsageError of `make` that names no remedy is sent on to the help.
 */
export function readCommandLine<const Taken extends Options, Command>(
  grammar: Grammar<Taken>,
  args: readonly string[],
  make: (given: Given<Taken>) => Command,
): Command | undefined {
  if (asksForHelp(args)) return undefined
  try {
    const { options } = grammar
    return make(parseArgs({ args: inFull(grammar, args), options, allowPositionals: true }))
  } catch (error) {
    if (!(error instanceof UsageError) || error.remedy !== undefined) throw error
    throw new UsageError(error.message, `See ${grammar.command} --help`)
  }
}

/** Behind `--` everything is a word, `--help` too. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).some((arg) => arg === '--help' || arg === '-h')
}

/** One of the words that are allowed. Throws a UsageError that names the option, the word and what is near it. */
export function oneOf<const Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new UsageError(`${option} '${text}' is not one of ${words.join(', ')}${orNearest(text, words)}`)
}

/** The same command line without anything that could be read in two ways: `--name=value`, and the words behind `--`. */
function inFull({ command, options, words, meant }: Grammar, args: readonly string[]): string[] {
  // Not strict: it then only cuts the line into tokens, and what is wrong with them is said here, in our words.
  const { tokens } = parseArgs({
    args: withValues(options, args),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const taken: string[] = []
  const positionals: string[] = []
  const seen = new Set<string>()
  const valued: { name: string; said: string; values: readonly string[] | undefined }[] = []
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      if (words === undefined) throw tooMuch(token.value, Object.keys(options))
      if (token.value.trim() === '')
        throw new UsageError(`One argument is empty, where ${words} are expected`, 'Is a shell variable unset?')
      positionals.push(token.value)
      continue
    }
    const { name, value, index } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined || !token.rawName.startsWith('--')) throw unheardOf(args[index] ?? name, options, meant)
    if (seen.has(name) && option.multiple !== true)
      throw new UsageError(`--${name} is given twice`, `Leave one out; see ${command} --help`)
    seen.add(name)
    if (option.type === 'boolean') {
      if (value !== undefined)
        throw new UsageError(`--${name} takes no value`, `Leave out '=${value}'; see ${command} --help`)
      taken.push(`--${name}`)
    } else {
      const said = readValue(name, value, token.inlineValue === true, command)
      valued.push({ name, said, values: option.values })
      taken.push(`--${name}=${said}`)
    }
  }
  // First the form of the whole line, then what its values mean.
  for (const { name, said, values } of valued) if (values !== undefined) oneOf(`--${name}`, said, values)
  return [...taken, '--', ...positionals]
}

/** Gives options that stand alone, and have a value for that, their value. */
function withValues(options: Options, args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return args.map((arg, at) => {
    const name = arg.startsWith('--') && (end === -1 || at < end) ? arg.slice(2) : ''
    const { alone } = Object.hasOwn(options, name) ? (options[name] ?? {}) : {}
    return alone === undefined ? arg : `${arg}=${alone}`
  })
}

function readValue(name: string, value: string | undefined, inline: boolean, command: string): string {
  if (value === undefined) throw new UsageError(`--${name} has no value`, `See ${command} --help`)
  // A negative number is a value; the option's own parser says why it is refused.
  if (!inline && /^-./.test(value) && !/^-\.?\d/.test(value))
    throw new UsageError(
      `--${name} has no value: '${value}' follows`,
      `Write a value that begins with a dash as --${name}=${value}; see ${command} --help`,
    )
  if (value.trim() === '')
    throw new UsageError(`The value of --${name} is empty`, `Is a shell variable unset? See ${command} --help`)
  return value
}

/** `written` is the whole word, `-backlog` or `--backlogs=3`. */
function unheardOf(written: string, options: Options, meant: Readonly<Record<string, string>> = {}): UsageError {
  const [name = written] = written.split('=')
  const bare = name.replace(/^-+/, '')
  const known = Object.hasOwn(meant, bare) ? meant[bare] : undefined
  const near =
    known === undefined
      ? orNearest(bare, [...Object.keys(options), 'help'], (option) => `--${option}`)
      : `; did you mean --${known}?`
  return new UsageError(`There is no option ${name}${near}`)
}

function tooMuch(word: string, options: readonly string[]): UsageError {
  const near = word.length > 2 ? orNearest(word, options, (option) => `--${option}`) : ''
  return new UsageError(`'${word}' is unexpected: only options are allowed${near}`)
}
