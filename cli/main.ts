/** The command `spillway`: finds the part that is asked for, and loads only that. */
import { runEntry } from '#common/entry.ts'
import { UsageError } from '#common/errors.ts'
import { nearest, orNearest } from '#common/nearest.ts'
import type { Grammar } from '#common/options.ts'
import { answerOwnImports } from '#common/own-imports.ts'

answerOwnImports()

/** A command: what it is for, what it does, and the module with its options and their help. */
export interface Command {
  summary: string
  run(args: string[]): Promise<void>
  options(): Promise<{ grammar: Grammar; help: string }>
}

const commands: Record<string, Command> = {
  up: {
    summary: 'start a lab and watch its queues',
    run: async (args) => (await import('./up/command.ts')).up(args),
    options: () => import('./up/options.ts'),
  },
  top: {
    summary: 'show the queues of this host as they are now',
    run: async (args) => (await import('./top/command.ts')).topCommand(args),
    options: () => import('./top/options.ts'),
  },
  run: {
    summary: 'run experiments and judge them',
    run: async (args) => (await import('./run/run.ts')).run(args),
    options: () => import('./run/options.ts'),
  },
  try: {
    summary: 'put ten questions to a server of your own',
    run: async (args) => (await import('./try/try.ts')).tryServer(args),
    options: () => import('./try/options.ts'),
  },
  new: {
    summary: 'write an experiment of your own, to begin with',
    run: async (args) => (await import('./new/new.ts')).newExperiment(args),
    options: () => import('./new/options.ts'),
  },
  report: {
    summary: 'show runs side by side, as one HTML file',
    run: async (args) => (await import('./report/report.ts')).report(args),
    options: () => import('./report/options.ts'),
  },
  board: {
    summary: 'show a lab that is already running in a browser',
    run: async (args) => (await import('./board/board.ts')).board(args),
    options: () => import('./board/options.ts'),
  },
  check: {
    summary: 'say which listeners turn clients away, why, and what mends it',
    run: async (args) => (await import('./check/check.ts')).check(args),
    options: () => import('./check/options.ts'),
  },
  plan: {
    summary: 'say what a load needs, and confirm it in a lab',
    run: async (args) => (await import('./plan/plan.ts')).plan(args),
    options: () => import('./plan/command.ts'),
  },
  workshop: {
    summary: 'learn the queues chapter by chapter, beside a live lab',
    run: async (args) => (await import('./workshop/workshop.ts')).workshop(args),
    options: () => import('./workshop/options.ts'),
  },
  doctor: {
    summary: 'check whether a lab can run on this machine',
    run: async (args) => (await import('./doctor/doctor.ts')).doctor(args),
    options: () => import('./doctor/options.ts'),
  },
  exporter: {
    summary: 'export the queues of this machine to Prometheus',
    run: async (args) => (await import('#services/exporter/command.ts')).exporterCommand(args),
    options: () => import('#services/exporter/options.ts'),
  },
  exact: {
    summary: 'leave BPF programs in the kernel for others to read',
    run: async (args) => (await import('./exact/exact.ts')).exact(args),
    options: () => import('./exact/options.ts'),
  },
  backend: {
    summary: 'run one backend on a shared port',
    run: async (args) => (await import('#services/backend/command.ts')).backendCommand(args),
    options: () => import('#services/backend/options.ts'),
  },
  load: {
    summary: 'run the load agent',
    run: async (args) => (await import('#load/agent/command.ts')).loadCommand(args),
    options: () => import('#load/agent/options.ts'),
  },
  completion: {
    summary: 'complete what is typed, in bash and zsh',
    run: async (args) => (await import('./completion/completion.ts')).completion(args, commands),
    options: () => import('./completion/options.ts'),
  },
}

/** They run on their own, often with others in one log: their error messages begin with their names. */
const services = ['exporter', 'backend', 'load']

const help = `Usage: spillway COMMAND [OPTION…]

Makes the kernel's TCP queues visible and breakable.

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`)
  .join('\n')}

spillway COMMAND --help, or spillway help COMMAND, shows the options of a command; spillway --version says which one this is.
`

const asksForHelp = (word: string | undefined): boolean => word === 'help' || word === '--help' || word === '-h'

async function main([name, ...args]: string[]): Promise<void> {
  if (asksForHelp(name) && args[0] !== undefined && !asksForHelp(args[0])) {
    const [, ...more] = args
    if (more.length > 0) throw new UsageError(`Only one command can be given: leave out '${more.join(' ')}'`, seeHelp)
    await run(args[0], ['--help'])
  } else if (name === undefined || asksForHelp(name)) {
    process.stdout.write(help)
  } else if (name === '--version' || name === '-v') {
    if (args.length > 0) throw new UsageError(`${name} takes no arguments: leave out '${args.join(' ')}'`, seeHelp)
    const { version } = await import('#common/version.ts')
    process.stdout.write(`${version()}\n`)
  } else await run(name, args)
}

const seeHelp = 'See spillway --help'

/** Every UsageError says what to do: where nothing better is known, it is to look at the options. */
async function run(name: string, args: string[]): Promise<void> {
  try {
    const command = await commandOf(name)
    await command.run(args)
  } catch (error) {
    if (!(error instanceof UsageError) || error.remedy !== undefined) throw error
    throw new UsageError(error.message, `See spillway ${name} --help`)
  }
}

async function commandOf(name: string): Promise<Command> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command
  if (name.startsWith('-')) {
    const word = name.replace(/^-+/, '')
    const ours = ['help', 'version']
    // A single letter is near to nothing; -V is still plain.
    const near =
      nearest(word, ours) ?? ours.find((option) => option.startsWith(word.toLowerCase()) && word.length === 1)
    throw new UsageError(
      `spillway itself has no option ${name}${near === undefined ? '' : `; did you mean --${near}?`}`,
      'Options come after the command: spillway COMMAND --help shows them',
    )
  }
  const names = Object.keys(commands)
  throw new UsageError(
    `There is no command '${name}'${orNearest(name, [...names, 'help', '--version']) || (await orRun(name))}`,
    `Commands: ${names.join(', ')}; see spillway --help`,
  )
}

/** The name or the file of an experiment is not a command, but what is meant is plain. */
async function orRun(name: string): Promise<string> {
  if (/\.[cm]?[jt]s$/.test(name)) return `; did you mean spillway run ${name}?`
  const { experiments } = await import('#experiments/catalogue.ts')
  return orNearest(
    name,
    experiments.map((experiment) => experiment.name),
    (experiment) => `spillway run ${experiment}`,
  )
}

const words = process.argv.slice(2)
const service = services.find((name) => name === words[0])
await runEntry(service === undefined ? 'spillway' : `spillway ${service}`, () => main(words))
