/** Recorded arrivals: a CSV, the folder of a run, or a Prometheus. */
import fs from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { UsageError } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import { openRun } from '#lab/experiment/open.ts'
import { addressWithoutUserinfo } from '#planner/inputs/credentials.ts'
import { Prometheus } from '#planner/inputs/prometheus.ts'
import { queriedArrivals } from '#planner/inputs/queried.ts'
import { type Recorded, recorded, type SaidOfRecording, type SaidOfSamples } from '#planner/inputs/recorded.ts'
import { parseRecording, refuseBinary } from '#planner/inputs/recording.ts'
import { savedArrivals, savedSeries } from '#planner/inputs/saved-answer.ts'
import { orNearPath } from '../near-path.ts'
import { credentialsFrom } from './credentials.ts'

export interface RangeQuery {
  query: string | undefined
  rangeMs: number
  stepMs: number
  seed: number
  /** Where the credentials for a Prometheus are written; undefined where the environment has them, or none are needed. */
  authFile: string | undefined
  /** What a person says that the values of the query are. */
  samples: SaidOfSamples | undefined
  /** What a person says of a file that can be read in several ways. */
  said: SaidOfRecording
}

/** Whether arrivals are to be asked of a Prometheus. */
export const isAddress = (where: string): boolean => /^https?:/i.test(where)

/** Reads arrivals from wherever `where` leads. */
export async function readArrivals(where: string, range: RangeQuery): Promise<Recorded> {
  if (isAddress(where)) return await fromPrometheus(where, range)
  const found = fs.statSync(where, { throwIfNoEntry: false })
  if (found === undefined)
    throw new UsageError(
      `--arrivals '${addressWithoutUserinfo(where)}' is neither poisson nor constant, and no such file exists${orNearPath(where)}`,
      'Give poisson, constant, or the path of a recording',
    )
  return found.isDirectory() ? await fromRun(where) : fromFile(where, range)
}

function fromFile(file: string, { query, samples, said, seed }: RangeQuery): Recorded {
  const text = textOf(file)
  const series = savedSeries(file, text)
  if (series !== undefined) return savedArrivals(file, series, { query, samples, seed })
  if (query === undefined) return parseRecording(file, text, said)
  throw new UsageError(
    `--query needs a Prometheus, or a saved answer of one, and ${file} is neither`,
    'Leave it out, or give http://PROMETHEUS to --arrivals',
  )
}

/** Spreadsheets also write UTF-16, which begins with a byte order mark; logrotate compresses with gzip. */
function textOf(file: string): string {
  try {
    const read = fs.readFileSync(file)
    refuseBinary(file, read)
    const bytes = read[0] === 0x1f && read[1] === 0x8b ? gunzipSync(read) : read
    refuseBinary(file, bytes)
    const encoding =
      bytes[0] === 0xff && bytes[1] === 0xfe
        ? 'utf-16le'
        : bytes[0] === 0xfe && bytes[1] === 0xff
          ? 'utf-16be'
          : 'utf-8'
    return new TextDecoder(encoding).decode(bytes)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_'))
      throw new UsageError(`${file} is compressed, and cut short or damaged`, 'Unpack it first')
    throw new UsageError(
      code === 'ERR_FS_FILE_TOO_LARGE' || code === 'ERR_ENCODING_INVALID_ENCODED_DATA' || code === 'ERR_STRING_TOO_LONG'
        ? `${file} is too large to read as a whole`
        : `Cannot read ${file}: ${reasonOf(error) ?? 'for an unknown reason'}`,
      'Give a text file with one time per line',
    )
  }
}

/** The connections of a run as they were scheduled; of a comparison, those of its first case. */
async function fromRun(folder: string): Promise<Recorded> {
  const { tables } = await openRun(folder)
  const { case: cases = [], scheduled_t_ms: scheduled = [] } = tables.connections
  const times = scheduled.filter((time, row): time is number => typeof time === 'number' && cases[row] === cases[0])
  return recorded(
    folder,
    times.toSorted((a, b) => a - b),
  )
}

async function fromPrometheus(
  address: string,
  { query, rangeMs, stepMs, seed, authFile, samples }: RangeQuery,
): Promise<Recorded> {
  if (query === undefined)
    throw new UsageError(
      '--query is missing: which query returns connections per second?',
      "For example --query 'sum(rate(node_netstat_Tcp_PassiveOpens[1m]))'",
    )
  return await queriedArrivals(new Prometheus(address, credentialsFrom(authFile)), {
    query,
    rangeMs,
    stepMs,
    seed,
    samples,
  })
}
