/** docs/vocabulary.md: every verb, meter and band with its comment and an example, in the order of the declarations. */
import type { Declared, Vocabulary } from './parts.ts'

const introduction = `# The vocabulary of an experiment

Everything that an experiment is written with. This page is made from the types and their comments (\`npm run vocabulary\`); its
examples are compiled, and a test runs them in a lab.

\`\`\`sh
spillway new my-backlog          # writes my-backlog.ts, which runs as it is
spillway run ./my-backlog.ts
\`\`\`

The words are imported from \`spillway/vocabulary\`. The command that runs a file provides them, so nothing has to be installed
beside it, and a package.json above it makes no difference:

\`\`\`ts
import { equals, experiment, that } from 'spillway/vocabulary'
\`\`\`

An experiment has **phases**, which happen one after the other and do something to a lab with [verbs](#verbs), and
**expectations**, which are judged when all is over: a sentence, what was seen ([meters](#meters)), and where it must lie
([bands](#bands)). The examples of verbs are phases, and those of meters are expectations for these phases:

\`\`\`ts
phases: {
  stall: ({ backend }) => backend(1).stall(), // with a backlog of 4
  burst: ({ clients }) => clients.burst({ connections: 20 }),
  now: async ({ now }) => ({ waiting: (await now()).waiting }),
  pass: ({ pass }) => pass(200),
  release: ({ backend }) => backend(1).release(),
},
\`\`\`
`

interface Section {
  title: string
  says: string
  /** Interfaces whose members are listed, each with the title of its list. */
  interfaces?: readonly (readonly [name: string, title: string])[]
  /** Values that are listed themselves. */
  values?: readonly string[]
}

/** What the page is made of. Each declaration belongs to one section, or to what is only spelled out at the end. */
const sections: readonly Section[] = [
  {
    title: 'Forms',
    says: 'A file has one of them as its default export.',
    values: ['experiment', 'comparison', 'NotJudged'],
    interfaces: [],
  },
  {
    title: 'Verbs',
    says: 'A phase is a function of a stage. It ends when what it returns is done; what it returns is found under `result`.',
    interfaces: [
      ['Stage', 'The stage'],
      ['BackendVerbs', 'A backend: `backend(1)`'],
      ['ClientVerbs', 'Loads: `clients`'],
      ['RunningLoad', 'A load that runs: `load(phase)`, and what the verbs of `clients` return'],
      ['Now', 'One moment: `now()`, and in `until`'],
    ],
  },
  {
    title: 'Meters',
    says: 'Expectations are judged from the recording: nothing is asked again. What was not seen is NaN, which lies in no band.',
    interfaces: [
      ['Readings', 'What `expect` is given'],
      ['ListenerReadings', 'A listening socket: `listener(1)`'],
      ['PortReadings', 'The port: `port`'],
      ['BackendReadings', 'A backend: `backend(1)`'],
      ['ClientReadings', 'The clients: `clients`'],
      ['Connections', 'Some connections: `clients`, `clients.startedIn(phase)`, `clients.answeredBy(1)`'],
      ['Series', 'A sampled value: `listener(1).length`'],
      ['Tally', 'A count: `counters.ListenDrops`'],
      ['Distribution', 'Values of many connections: `clients.connectMs`'],
    ],
  },
  {
    title: 'Bands',
    says: "An expectation is made with `that`. A band is as tight as the kernel's rules allow; counts and kernel timers say more than speeds.",
    values: ['that', 'equals', 'between', 'atLeast', 'atMost', 'about', 'is'],
  },
  {
    title: 'Sources',
    says: 'What an experiment rests on: at least one line of text. A report shows it, and includes the fact.',
    values: ['fact', 'deck'],
  },
]

/** The fields of an experiment's form, as one block of types. */
const formTypes = ['Lesson', 'ExperimentForm', 'ComparisonForm', 'LabWish', 'Needs', 'ServerNeed', 'Phase', 'Judgement']

/** Types that lists refer to. */
const furtherTypes = ['Exchange', 'Host', 'Unit', 'Range', 'Exactly', 'Terms', 'Bears']

/** Known to the lab and to reports only. */
const untold = new Set(['Phases', 'Experiment', 'Citation', 'Band', 'Expectation'])

/** The page. Throws where something of the vocabulary has no example, or belongs to no section. */
export function page({ declared, borrowed, examples }: Vocabulary): string {
  const told = new Set([...formTypes, ...furtherTypes, ...untold])
  const find = (name: string): Declared[] => {
    told.add(name)
    const found = declared.filter((one) => one.name === name)
    if (found.length === 0) throw new Error(`the vocabulary has no ${name}: correct scripts/vocabulary/page.ts`)
    return found
  }
  const example = (owner: string, name: string): string => {
    const found = examples.get(`${owner}.${name}`) ?? examples.get(name)
    if (found === undefined) throw new Error(`${owner}.${name} has no example: add one to scripts/vocabulary/examples/`)
    return `\`\`\`ts\n${found}\n\`\`\``
  }
  const entry = (heading: string, signatures: readonly string[], doc: string, shown: string): string =>
    [
      `#### \`${heading}\``,
      ...signatures.map((signature) => `\`${signature}\``),
      ...(doc === '' ? [] : [doc]),
      shown,
    ].join('\n\n')
  const list = ([name, title]: readonly [string, string]): string[] => {
    const [type] = find(name)
    if (type === undefined) return []
    const entries = type.members.map((member) =>
      entry(member.name, [member.signature], member.doc, example(name, member.name)),
    )
    return [`### ${title}`, ...(type.doc === '' ? [] : [type.doc]), ...entries]
  }
  const value = (name: string): string => {
    const all = find(name)
    const signatures = all.map(({ text }) => oneLine(withoutComment(text)))
    return entry(name, signatures, all.map(({ doc }) => doc).find((doc) => doc !== '') ?? '', example('Word', name))
  }
  const body = sections.flatMap(({ title, says, values = [], interfaces = [] }) => [
    `## ${title}`,
    says,
    ...values.map(value),
    ...(title === 'Forms' ? [types(formTypes.flatMap(find))] : []),
    ...interfaces.flatMap(list),
  ])
  const borrowedTypes = borrowed.map(({ name, text }) => `type ${name} = ${text}`).join('\n\n')
  const rest = [
    '## Further types',
    'What the signatures above name.',
    types(furtherTypes.flatMap(find)),
    fenced(borrowedTypes),
  ]
  const forgotten = declared.map(({ name }) => name).find((name) => !told.has(name))
  if (forgotten !== undefined) throw new Error(`${forgotten} belongs to no section of scripts/vocabulary/page.ts`)
  return `${[introduction.trimEnd(), ...body, ...rest].join('\n\n')}\n`
}

const fenced = (text: string): string => `\`\`\`ts\n${text}\n\`\`\``
const types = (all: readonly Declared[]): string => fenced(all.map(({ text }) => text).join('\n\n'))
const withoutComment = (text: string): string => text.replace(/^\/\*\*.*?\*\/\s*/s, '').replace(/^export /, '')
const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim()
