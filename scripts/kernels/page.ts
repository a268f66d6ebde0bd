/** docs/kernels.md, as it follows from the records. */
import { plural, UNKNOWN } from '#common/quantities.ts'
import { experiments } from '#experiments/catalogue.ts'
import { features } from '#services/exporter/sampler/exact.ts'
import { behind } from './behind.ts'
import { notEmulated, testFiles } from './cases.ts'
import { type KernelRecord, type Part, type Row, series } from './record.ts'

const introduction = `# Other kernels

What Spillway finds on kernels of other versions: the features of \`--exact\`, experiments, and the unit tests that touch the
kernel. \`npm run kernels\` writes this page from \`scripts/kernels/records/\`, where it keeps what it has found, by hand and not with
every change: each row of a record has its date and the commit that was run.

The kernels are Debian's, as they were on that day, each in an emulated machine; the kernel, its network namespaces and its BPF are
the real ones. Nothing measured there is a measurement: its one processor is emulated, and its clock counts instructions, so that
nothing is late there because the machine around it is slow. In a column *host*, the kernel is that of the machine itself.

- **passed** and **failed** are verdicts. **not judged**: it could not be played or told there; the reason stands below.
- **on** and **off**: whether a feature of [\`--exact\`](exporter.md#exact-readings-by-bpf) can be had there.
- ${UNKNOWN} is *not run*: nothing is known of it.
`

interface Column {
  title: string
  record: KernelRecord | undefined
}

/** The page. Kernels and experiments of which nothing is known are named as not run. */
export function page(records: readonly KernelRecord[]): string {
  const columns = columnsOf(records)
  const run = experiments.filter(({ name }) =>
    records.some((record) => rowOf(record, 'experiments', name) !== undefined),
  )
  const rest = experiments.filter((one) => !run.includes(one)).map(({ name }) => name)
  return [
    introduction,
    kernelTable(records),
    notRunKernels(columns),
    '## Features of --exact\n',
    tableOf('feature', columns, 'exact', features, (name) => `\`${name}\``),
    '## Experiments\n',
    tableOf(
      'experiment',
      columns,
      'experiments',
      run.map(({ name }) => name),
      (name) => `[${name}](../experiments/${name}.ts)`,
    ),
    restInWords(rest),
    '## Unit tests\n',
    'How many tests of each file passed; those that were skipped say below why.\n',
    tableOf('file', columns, 'tests', testFiles, (name) => `[${name.slice('kernel/'.length)}](../${name})`),
    '## Where kernels differ\n',
    ...differences(columns),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

const columnsOf = (records: readonly KernelRecord[]): Column[] => [
  ...series.map((title) => ({ title, record: records.find((one) => one.emulated && one.series === title) })),
  ...records.filter(({ emulated }) => !emulated).map((record) => ({ title: `${record.series} host`, record })),
]

const rowOf = (record: KernelRecord | undefined, part: Part, name: string): Row | undefined =>
  record?.rows.find((row) => row.part === part && row.name === name)

const markdown = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows
  return `${[head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

function kernelTable(records: readonly KernelRecord[]): string {
  if (records.length === 0) return ''
  return markdown([
    ['kernel', 'release', 'version', 'Node', 'run', 'commit'],
    ...records.map(({ series: its, emulated, release, version, node, rows }) => [
      emulated ? its : `${its} host`,
      release,
      version,
      node,
      [...new Set(rows.map(({ date }) => date))].toSorted().join(', '),
      [...new Set(rows.map(({ commit }) => commit))].join(', '),
    ]),
  ])
}

function notRunKernels(columns: readonly Column[]): string {
  const none = columns.filter(({ record }) => record === undefined).map(({ title }) => title)
  return none.length === 0 ? '' : `Not run: ${none.join(', ')}.\n`
}

function tableOf(
  what: string,
  columns: readonly Column[],
  part: Part,
  names: readonly string[],
  inWords: (name: string) => string,
): string {
  if (names.length === 0) return 'Not run.\n'
  return markdown([
    [what, ...columns.map(({ title }) => title)],
    ...names.map((name) => [inWords(name), ...columns.map(({ record }) => cell(rowOf(record, part, name)))]),
  ])
}

function cell(row: Row | undefined): string {
  if (row === undefined) return UNKNOWN
  const { outcome, counts } = row
  if (counts === undefined) return outcome === 'failed' ? '**failed**' : outcome
  const { passed, failed, skipped } = counts
  return [
    ...(failed > 0 ? [`**${failed} failed**`] : []),
    ...(passed > 0 ? [`${passed} passed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(', ')
}

function restInWords(names: readonly string[]): string {
  const impossible = names.filter((name) => Object.hasOwn(notEmulated, name))
  const possible = names.filter((name) => !Object.hasOwn(notEmulated, name))
  return [
    ...impossible.map((name) => `Not in an emulated machine: \`${name}\` (${notEmulated[name]}).\n`),
    ...(possible.length === 0
      ? []
      : [`Not run on any of these kernels: ${possible.map((name) => `\`${name}\``).join(', ')}.\n`]),
  ].join('\n')
}

/** Every row in which not all kernels show the same, or in which something failed. */
function differences(columns: readonly Column[]): string[] {
  const named: [Part, readonly string[]][] = [
    ['exact', features],
    ['experiments', experiments.map(({ name }) => name)],
    ['tests', testFiles],
  ]
  const told = named.flatMap(([part, names]) => names.flatMap((name) => differenceIn(columns, part, name)))
  return told.length === 0 ? ['Nowhere, as far as they were run.\n'] : told
}

function differenceIn(columns: readonly Column[], part: Part, name: string): string[] {
  const rows = columns.flatMap(({ title, record }) => {
    const row = rowOf(record, part, name)
    return row === undefined ? [] : [{ title, row }]
  })
  const seen = rows.map(({ title, row }) => ({
    title,
    row,
    says: [
      ...row.says,
      ...expectedAlone(
        row,
        rows.map((one) => one.row),
      ),
    ],
  }))
  const speaking = seen.filter(({ says }) => says.length > 0)
  if (speaking.length === 0) return []
  const kinds = new Set(seen.map(({ row, says }) => JSON.stringify([cell(row), says])))
  // What all kernels say alike is of the machine, and not of one of them.
  if (kinds.size === 1 && seen.length > 1 && speaking.every(({ row }) => row.outcome !== 'failed'))
    return [`**${name}**: the same on ${plural(seen.length, 'kernel')}: ${speaking[0]!.says.map(quoted).join(' ')}\n`]
  // Those that say the same are told of together.
  const groups = Map.groupBy(speaking, ({ row, says }) => JSON.stringify([cell(row), says]))
  const lines = [...groups.values()].map((group) => {
    const { row, says } = group[0]!
    const because = behind(says)
    return [
      `- ${group.map(({ title }) => title).join(', ')}: ${cell(row)}. ${says.map(quoted).join(' ')}`,
      `  Behind it: ${because.length === 0 ? 'reason not known' : because.join('; ')}.`,
    ].join('\n')
  })
  return [`**${name}**\n\n${lines.join('\n')}\n`]
}

/** What an experiment expects of this kernel, and not of every other one that it was judged on. */
const expectedAlone = ({ seen = {} }: Row, all: readonly Row[]): string[] => {
  const judged = all.flatMap((one) => (one.seen === undefined || one.outcome !== 'passed' ? [] : [one.seen]))
  return Object.keys(seen).filter((sentence) => judged.some((other) => !Object.hasOwn(other, sentence)))
}

const quoted = (words: string): string => `“${words.replaceAll('|', '\\|').replaceAll('\n', ' ')}”`
