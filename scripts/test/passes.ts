/** Runs test files, and gives what Node's runner says of them as one stream with one set of closing lines. */
import path from 'node:path'
import { run } from 'node:test'
import { Watch } from './watch.ts'

/** Files that may run together, `concurrency` at a time. */
export interface Pass {
  files: readonly string[]
  concurrency: number
}

/** An event of Node's test runner, as far as it is looked at here. */
export interface TestEvent {
  type: string
  data: {
    name?: string
    file?: string
    message?: string
    nesting?: number
    level?: string
    todo?: string | boolean
    details?: { error?: Error }
  }
}

/** Each pass closes with lines of this form, which a person wants once: `pass 12`. */
const closingLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/** Runs the passes one after the other; no test may last longer than `limitMs`. */
export async function* runPasses(passes: readonly Pass[], limitMs: number): AsyncGenerator<TestEvent> {
  const sums = new Map<string, number>()
  for (const { files, concurrency } of passes.filter((pass) => pass.files.length > 0)) {
    using watch = new Watch(limitMs)
    const events = run({ files, concurrency, isolation: 'process', execArgv: [`--test-timeout=${limitMs}`] })
    events.on('test:dequeue', ({ file, name }) => watch.heard(file ?? name))
    events.on('test:complete', ({ file, name }) => {
      const of = file ?? name
      if (name === of) watch.ended(of)
      else watch.heard(of)
    })
    for await (const event of events) {
      const { type, data }: TestEvent = event
      const [, name, value] = (type === 'test:diagnostic' && closingLine.exec(data.message ?? '')) || []
      if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value))
      // Passes are summed up below.
      else if (type !== 'test:summary' && type !== 'test:plan') yield named({ type, data }, watch)
    }
  }
  for (const [name, value] of sums)
    yield { type: 'test:diagnostic', data: { nesting: 0, level: 'info', message: `${name} ${value}` } }
}

/** A file that fails as a whole is a test by its path: shown as people write it, with the reason if it was ended from here. */
function named({ type, data }: TestEvent, watch: Watch): TestEvent {
  if (data.name === undefined || data.name !== data.file) return { type, data }
  const { error } = data.details ?? {}
  const complaint = watch.complaint(data.name)
  // The cause is what the report shows.
  if (error !== undefined && complaint !== undefined) error.cause = complaint
  return { type, data: { ...data, name: path.relative(process.cwd(), data.name) } }
}
