/** What can be completed: read from what the commands themselves are read and explained with. */
import type { Grammar } from '#common/options.ts'

/** What may stand in a place. */
export interface Offer {
  words: readonly string[]
  path: 'file' | 'folder' | undefined
}

export interface OptionRow extends Offer {
  /** `--backlog` */
  name: string
  takesValue: boolean
  repeatable: boolean
  /** From the help. */
  says: string
}

export interface CommandRow {
  name: string
  says: string
  options: readonly OptionRow[]
  /** What may stand beside the options. */
  beside: Offer
}

/** What a command tells about itself. */
export interface Told {
  summary: string
  options(): Promise<{ grammar: Grammar; help: string }>
}

/** A row for each command, and for `help`, which takes their names. */
export async function completionTable(commands: Record<string, Told>): Promise<CommandRow[]> {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, { summary, options }]): Promise<CommandRow> => {
      const { grammar, help } = await options()
      return { name, says: summary, options: optionRows(grammar, help), beside: offer(grammar.offers) }
    }),
  )
  const names = rows.map(({ name }) => name)
  return [
    ...rows,
    { name: 'help', says: 'show the options of a command', options: [], beside: offer({ words: names }) },
  ]
}

const offer = ({ words = [], path }: { words?: readonly string[]; path?: Offer['path'] } = {}): Offer => ({
  words,
  path,
})

function optionRows({ options }: Grammar, help: string): OptionRow[] {
  const rows = Object.entries(options).flatMap(
    ([option, { type, multiple = false, values = [], words = [], path }]) => {
      const says = sayingOf(`--${option}`, help)
      // A former name is still taken, and no longer shown.
      if (says === undefined) return []
      const row: OptionRow = {
        name: `--${option}`,
        says,
        takesValue: type === 'string',
        repeatable: multiple,
        words: [...values, ...words],
        path,
      }
      return [row]
    },
  )
  return [...rows, { name: '--help', says: 'help', takesValue: false, repeatable: false, words: [], path: undefined }]
}

/** The first line that the help has on an option; undefined where it has none. */
function sayingOf(option: string, help: string): string | undefined {
  const line = help.split('\n').find((line) => line.trimStart().split(' ')[0] === option)
  return line
    ?.replace(/^ *--\S+ (?:\S+ )? */, '')
    .replace(/\s{2,}\(.*$/, '')
    .trim()
}
