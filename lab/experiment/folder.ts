/** A run's folder: verdict.json, and tables that any notebook opens (Parquet). */
import fs from 'node:fs'
import path from 'node:path'
import { Failure } from '#common/errors.ts'
import { reasonOf } from '#common/system-errors.ts'
import type { ConnectionRecord } from '#load/agent/api.ts'
import type { Recording } from './recording.ts'
import { originOf } from './summary.ts'
import type { Verdict } from './verdict.ts'

/** Columns of equal length. Times are milliseconds since the first phase of their case began. */
export type Table = Record<string, unknown[]>

/** The tables by name; each is a file NAME.parquet. */
export interface Tables {
  /** case, t_ms, shard, length, limit, drops */
  accept_queue: Table
  /** case, t_ms, length, limit */
  syn_queue: Table
  /** case, t_ms, established, waiting, oldest_wait_ms, receive_bytes, send_bytes, zero_windows */
  port: Table
  /** case, t_ms, name, value; a row where a counter of the server's namespace changed */
  counters: Table
  /** A row for each connection: case, load, phase, its moments, backend, outcome */
  connections: Table
}

const tableNames = ['accept_queue', 'syn_queue', 'port', 'counters', 'connections'] as const

/** A run as it is read back. */
export interface Run {
  folder: string
  verdict: Verdict
  tables: Tables
}

/** Writes tables and verdict; the verdict last, so that where it is, everything is. */
export async function writeFolder(folder: string, verdict: Verdict, recordings: readonly Recording[]): Promise<void> {
  // Loaded when something is written: no other command needs it.
  const { parquetWriteBuffer } = await import('hyparquet-writer')
  const tables = tablesOf(recordings)
  for (const name of tableNames) {
    const columnData = Object.entries(tables[name]).map(([column, data]) => ({
      name: column,
      data,
      type: columnType(column),
      nullable: true,
    }))
    fs.writeFileSync(path.join(folder, `${name}.parquet`), Buffer.from(parquetWriteBuffer({ columnData })))
  }
  fs.writeFileSync(path.join(folder, VERDICT), `${JSON.stringify(verdict, null, 2)}\n`)
}

/** Reads a run's folder back. Throws a Failure that names the file that is missing or damaged. */
export async function readFolder(folder: string): Promise<Run> {
  const { asyncBufferFromFile, parquetReadObjects } = await import('hyparquet')
  const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8')
  const verdict: Verdict = await reading(VERDICT, 'JSON', () => JSON.parse(read(VERDICT)))
  const tables = emptyTables()
  for (const name of tableNames) {
    const file = `${name}.parquet`
    const rows = await reading(file, 'Parquet', async () =>
      parquetReadObjects({ file: await asyncBufferFromFile(path.join(folder, file)) }),
    )
    for (const column of Object.keys(tables[name])) tables[name][column] = rows.map((row) => row[column] ?? null)
  }
  return { folder, verdict, tables }
}

/** Whatever a library says of a damaged file is about its bytes: a person needs to know which file it is. */
async function reading<Content>(
  file: string,
  format: string,
  read: () => Content | Promise<Content>,
): Promise<Content> {
  try {
    return await read()
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${reasonOf(error) ?? `it is not ${format}`}`)
  }
}

export const VERDICT = 'verdict.json'

const words = new Set(['case', 'load', 'phase', 'name', 'backend', 'outcome'])
const columnType = (name: string): 'STRING' | 'DOUBLE' => (words.has(name) ? 'STRING' : 'DOUBLE')

const emptyTables = (): Tables => ({
  accept_queue: { case: [], t_ms: [], shard: [], length: [], limit: [], drops: [] },
  syn_queue: { case: [], t_ms: [], length: [], limit: [] },
  port: {
    case: [],
    t_ms: [],
    established: [],
    waiting: [],
    oldest_wait_ms: [],
    receive_bytes: [],
    send_bytes: [],
    zero_windows: [],
  },
  counters: { case: [], t_ms: [], name: [], value: [] },
  connections: {
    case: [],
    load: [],
    phase: [],
    backend: [],
    outcome: [],
    syn_retransmits: [],
    accept_wait_ms: [],
    scheduled_t_ms: [],
    started_t_ms: [],
    connected_t_ms: [],
    accepted_t_ms: [],
    first_byte_t_ms: [],
    closed_t_ms: [],
  },
})

/** The recordings of all cases as tables. */
export function tablesOf(recordings: readonly Recording[]): Tables {
  const tables = emptyTables()
  for (const recording of recordings) {
    const originMs = originOf(recording)
    const since = (atMs: number | undefined): number | null => (atMs === undefined ? null : atMs - originMs)
    const add = (table: Table, rows: number, columns: Table): void => {
      append(
        table.case,
        Array.from({ length: rows }, () => recording.case),
      )
      for (const [name, values] of Object.entries(columns)) append(table[name], values)
    }
    const { listeners, synQueue, connections, counters, records } = recording
    const { shard, length, limit, drops } = listeners
    add(tables.accept_queue, shard.length, { t_ms: listeners.atMs.map(since), shard, length, limit, drops })
    const times = synQueue.atMs.map(since)
    add(tables.syn_queue, times.length, { t_ms: times, length: synQueue.length, limit: synQueue.limit })
    add(tables.port, connections.atMs.length, {
      t_ms: connections.atMs.map(since),
      established: connections.established,
      waiting: connections.waiting,
      oldest_wait_ms: connections.oldestWaitMs,
      receive_bytes: connections.receiveBytes,
      send_bytes: connections.sendBytes,
      zero_windows: connections.zeroWindows,
    })
    add(tables.counters, counters.atMs.length, {
      t_ms: counters.atMs.map(since),
      name: counters.name.map((name) => name.replace(/^Tcp(Ext)?_/, '')),
      value: counters.value,
    })
    const moment = (name: keyof ConnectionRecord & `${string}Ms`): (number | null)[] =>
      records.map((record) => since(record[name]))
    add(tables.connections, records.length, {
      load: records.map(({ load }) => load),
      phase: records.map(({ phase }) => phase),
      backend: records.map(({ backend = null }) => backend),
      outcome: records.map(({ outcome }) => outcome),
      syn_retransmits: records.map(({ synRetransmits = null }) => synRetransmits),
      accept_wait_ms: records.map(({ acceptWaitMs = null }) => acceptWaitMs),
      scheduled_t_ms: moment('scheduledMs'),
      started_t_ms: moment('startedMs'),
      connected_t_ms: moment('connectedMs'),
      accepted_t_ms: moment('acceptedMs'),
      first_byte_t_ms: moment('firstByteMs'),
      closed_t_ms: moment('closedMs'),
    })
  }
  return tables
}

function append(into: unknown[] | undefined, values: readonly unknown[]): void {
  for (const value of values) into?.push(value)
}
