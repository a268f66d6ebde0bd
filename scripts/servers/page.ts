/** docs/servers.md, as it follows from the recipes and the records. */
import { duration, number, plural, UNKNOWN } from '#common/quantities.ts'
import { type CardNumbers, numbersOf, type Recipe, type ServerRecord } from '#lab/servers/recipe.ts'

const introduction = `# What the servers of this world do

Each row is a card of \`spillway try\`: a real server, with a small app such as a person would write, was run in a lab and asked
ten questions. What the kernel and the clients counted is in the table; the whole card, with how each answer was measured, stands
below, and as data in \`lab/servers/records/\`. The apps and commands are in \`lab/servers/\`. \`npm run servers\` asks all those
that are at hand again and says which are not; \`npm run servers -- nginx redis\` asks only these.

- **asks for**: the backlog that it gives to listen(), with \`net.core.somaxconn\` out of the way; *somaxconn* where it is whatever
  that allows. **holds**: how many finished connections then wait in one queue while it stands still, with somaxconn at 4,096: one
  more than its limit.
- **who accepts**: sockets on the port, and the processes that wait at them.
- **takes**: new connections a second, at least: clients and server shared one machine, with whatever else ran on it. Good for
  comparing orders of magnitude, for nothing finer.
- **one worker stopped**: of 60 clients, how many were served within 3 s.
- **silent**: one client for each worker connects and sends nothing. Of 10 others, how many were served within 3 s, and when the
  silent ones were thrown out, if they were within 8 s. **deaf**: the same with clients that send requests and read no answer.
- **reload** and **stop**: of clients at 100 a second, how many lost their connection; a refusal after a stop is no loss.
- **away**: from SIGKILL until it listened again.
- **flood**: of 10 honest clients beside a SYN queue full of half-open ones, how many were served within 3 s.
- ${UNKNOWN} is *not judged*: it could not be asked of this server, or the machine was too busy. The card says which.
`

type Cell = (card: CardNumbers) => string

const columns: readonly (readonly [string, Cell])[] = [
  ['asks for', ({ listens }) => (listens?.asked === 'somaxconn' ? 'somaxconn' : counted(listens?.asked, number))],
  ['holds', ({ listens }) => counted(listens?.limit, (limit) => number(limit + 1))],
  ['who accepts', whoAccepts],
  ['takes', ({ takes }) => counted(takes?.perSecond, (perSecond) => `${number(perSecond)}/s`)],
  ['one worker stopped', ({ stopped }) => share(stopped?.served, stopped?.clients)],
  ['silent', ({ silent }) => held(silent?.served, silent?.others, silent?.thrownOutAfterMs)],
  ['deaf', ({ silent }) => held(silent?.besideDeafServed, silent?.others, silent?.deafGoneAfterMs)],
  ['reload', ({ ends }) => share(ends?.reloadLost, ends?.reloadClients)],
  ['stop', ({ ends }) => share(ends?.stopLost, ends?.stopClients)],
  ['away', ({ kill }) => counted(kill?.awayMs, duration)],
  ['flood', ({ flood }) => share(flood?.served, flood?.honest)],
]

type Value = number | string | null | undefined

const counted = (value: Value, inWords: (value: number) => string): string =>
  typeof value === 'number' && Number.isFinite(value) ? inWords(value) : UNKNOWN

const share = (part: Value, whole: Value): string =>
  typeof part === 'number' && typeof whole === 'number' ? `${number(part)} of ${number(whole)}` : UNKNOWN

function whoAccepts({ listens }: CardNumbers): string {
  const { sockets, acceptors } = listens ?? {}
  if (typeof sockets !== 'number' || typeof acceptors !== 'number') return UNKNOWN
  return `${plural(sockets, 'socket')}, ${plural(acceptors, 'process', 'processes')}`
}

/** Others who were served beside clients that hold a worker, and when these were gone. */
function held(served: Value, others: Value, goneMs: Value): string {
  const all = share(served, others)
  return all === UNKNOWN
    ? UNKNOWN
    : `${all}${counted(goneMs, (ms) => `, gone after ${duration(ms)}`).replace(UNKNOWN, '')}`
}

/** The page. Servers without a record are named as not run. */
export function page(recipes: readonly Recipe[], records: readonly ServerRecord[]): string {
  const run = recipes.flatMap((recipe) => {
    const record = records.find(({ name }) => name === recipe.name)
    return record === undefined ? [] : [{ recipe, record }]
  })
  const notRun = recipes.filter(({ name }) => !records.some((record) => record.name === name))
  return [
    introduction,
    overview(run),
    notRun.length === 0 ? '' : `\nNot run: ${notRun.map(({ title }) => title).join('; ')}.\n`,
    beliefs(run),
    '\n## The cards\n',
    ...run.map(card),
  ].join('\n')
}

interface Run {
  recipe: Recipe
  record: ServerRecord
}

function overview(runs: readonly Run[]): string {
  const head = ['server', ...columns.map(([title]) => title)]
  const rows = runs.map(({ recipe, record }) => {
    const card = numbersOf(record)
    return [`[${recipe.title}](#${anchor(recipe)}) ${record.version}`, ...columns.map(([, cell]) => cell(card))]
  })
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function beliefs(runs: readonly Run[]): string {
  const seen = runs.flatMap(({ recipe, record }) => {
    const instead = recipe.belief?.seen(numbersOf(record))
    return instead === undefined ? [] : [`- ${recipe.title}: “${recipe.belief?.that}.” Seen: ${instead}.`]
  })
  const all = [...ownLimits(runs), ...seen]
  if (all.length === 0) return ''
  return ['\n## Common beliefs that these runs contradict\n', ...all].join('\n')
}

/** Those that ask for less than somaxconn allows. */
function ownLimits(runs: readonly Run[]): string[] {
  const askLess = runs.filter(({ record }) => {
    const { asked, somaxconn } = numbersOf(record).listens ?? {}
    return typeof asked === 'number' && typeof somaxconn === 'number' && asked < somaxconn
  })
  if (askLess.length === 0) return []
  return [
    `- “A larger \`net.core.somaxconn\` makes the queues longer.” Seen: ${number(askLess.length)} of ${plural(runs.length, 'server')} ask for less than it allows, and nothing changes for them: ${askLess.map(({ recipe }) => recipe.title).join('; ')}.`,
  ]
}

const anchor = ({ title }: Recipe): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-')

function card({ recipe, record }: Run): string {
  const answers = record.answers.map(({ asks, found, notJudged, doesNotApply }) =>
    found === null
      ? `- **${asks}** ${doesNotApply === undefined ? `*Not judged:* ${notJudged}` : `*Does not apply:* ${doesNotApply}`}.`
      : `- **${asks}** ${found.says}${found.set === undefined ? '' : ` *Set:* ${found.set}.`}`,
  )
  const typed = recipe.command.join(' ').replaceAll('{apps}/', '').replaceAll('{folder}/', '')
  return `### ${recipe.title}

Version ${record.version}, Linux ${record.kernel}, ${record.date}. \`${recipe.install}\`; \`${typed}\`

${answers.join('\n')}
`
}
