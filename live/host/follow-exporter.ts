/** A host snapshot by snapshot, by an exporter that runs already. Loaded only where one is asked: the schema of its answers is dear. */
import { UsageError } from '#common/errors.ts'
import { duration } from '#common/quantities.ts'
import { firstProblem } from '#common/validate.ts'
import { Patience } from '#common/waiting.ts'
import { type Endpoint, ServiceError } from '#lab/endpoint.ts'
import { type Snapshot, Snapshot as SnapshotSchema } from '#services/exporter/snapshot.ts'
import type { ExporterAddress } from './exporter-address.ts'

/** Nothing at all for so long, from one who sends something every few hundred milliseconds: the connection is dead. */
const SILENT_MS = 10_000

/**
 * What a running exporter streams, until `signal` ends it; while it is away none comes, and `onGap` is told what is the matter. Throws a
 * UsageError if nothing answers there at the first try, or something that is no exporter.
 */
export async function* followExporter(
  address: ExporterAddress,
  everyMs: number,
  signal: AbortSignal,
  onGap: (words: string) => void,
): AsyncGenerator<Snapshot> {
  const exporter = address.endpoint()
  await firstAnswer(exporter, address, signal)
  while (!signal.aborted) {
    const silence = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const heard = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENT_MS)
    }
    heard()
    try {
      for await (const snapshot of exporter.events<Snapshot>(
        `/stream?interval=${everyMs}`,
        AbortSignal.any([signal, silence.signal]),
      )) {
        heard()
        yield snapshot
      }
      if (silence.signal.aborted)
        onGap(`The exporter at ${address} has sent nothing for ${duration(SILENT_MS)}: it is stopped, or out of reach`)
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      onGap(
        silence.signal.aborted
          ? `The exporter at ${address} does not answer`
          : address.withoutSecrets(inCapital(error.message)),
      )
    } finally {
      clearTimeout(timer)
    }
    if (!signal.aborted) await exporter.healthy({ signal, withinMs: Infinity, everyMs: 250 }).catch(() => {})
  }
}

const inCapital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Whether an exporter of ours answers there. */
async function firstAnswer(exporter: Endpoint, address: ExporterAddress, signal: AbortSignal): Promise<void> {
  using patience = new Patience(SILENT_MS)
  let problem: string
  try {
    const text = await exporter.text('GET', '/snapshot', undefined, AbortSignal.any([signal, patience.signal]))
    const found = firstProblem(SnapshotSchema, JSON.parse(text))
    if (found === undefined) return
    problem = `${found.field} ${found.message}`
  } catch (error) {
    if (signal.aborted) return
    if (patience.signal.aborted)
      throw new UsageError(`The exporter at ${address} has said nothing for ${patience.inWords}`, 'Is it stopped?')
    if (error instanceof ServiceError && error.status === 0)
      throw new UsageError(
        `No exporter answers at ${error.message.split(' does not answer at ')[1] ?? address}`,
        'Start it: spillway exporter, or give the address where it runs',
      )
    if (error instanceof ServiceError && (error.status === 401 || error.status === 403))
      throw new UsageError(
        `The exporter at ${address} refuses ${address.isGivenCredentials ? 'these credentials' : 'to answer without credentials'} (status ${error.status})`,
        'Give --auth-file FILE, or user and password in the URL: see docs/board.md',
      )
    problem =
      error instanceof SyntaxError
        ? 'its answer is not JSON'
        : address.withoutSecrets(error instanceof Error ? error.message : String(error))
  }
  throw new UsageError(
    `What answers at ${address} is not an exporter of Spillway that may be watched: ${problem}`,
    'Give the address of a spillway exporter that does not run with --metrics-only',
  )
}
