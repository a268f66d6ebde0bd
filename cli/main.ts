/** The command `spillway`: finds the part that is asked for, loads only that, and turns errors into words and exit codes. */
import { describeError, UsageError } from '#common/errors.ts'

interface Command {
  summary: string
  run(args: string[]): Promise<void>
}

/** The services read their own options from process.argv, since each is also an entry of its own. */
const service = (summary: string, load: () => Promise<unknown>): Command => ({
  summary,
  async run() {
    process.argv.splice(2, 1)
    await load()
  },
})

const commands: Record<string, Command> = {
  up: {
    summary: 'start a lab and watch its queues',
    run: async (args) => (await import('./up/command.ts')).up(args),
  },
  run: {
    summary: 'run experiments and judge them',
    run: async (args) => (await import('./run/run.ts')).run(args),
  },
  report: {
    summary: 'show runs side by side, as one HTML file',
    run: async (args) => (await import('./report/report.ts')).report(args),
  },
  board: {
    summary: 'show a lab that runs already in a browser',
    run: async (args) => (await import('./board/board.ts')).board(args),
  },
  plan: {
    summary: 'say what a load needs, and have the lab confirm it',
    run: async (args) => (await import('./plan/plan.ts')).plan(args),
  },
  exporter: service('export the queues of this machine to Prometheus', () => import('#services/exporter/main.ts')),
  backend: service('run one backend on a shared port', () => import('#services/backend/main.ts')),
  load: service('run the load agent', () => import('#load/agent/main.ts')),
}

const help = `Usage: spillway COMMAND [OPTION…]

Makes the kernel's TCP queues visible and breakable.

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

spillway COMMAND --help tells a command's options.
`

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help)
    return
  }
  if (name === '--version') {
    const { version } = await import('#common/version.ts')
    process.stdout.write(`${version()}\n`)
    return
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined)
    throw new UsageError(
      `There is no command '${name}'`,
      `Commands: ${Object.keys(commands).join(', ')}; see spillway --help`,
    )
  await command.run(args)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`spillway: ${describeError(error)}\n`)
  process.exitCode = 2
}
