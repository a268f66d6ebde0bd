/** Tables of packets: what Wireshark exports, and what tshark prints with -T fields. The SYNs in them are arrivals. */
import type { Table } from './csv.ts'
import { Syns, synOf } from './logs/capture.ts'
import { eachLine, type LogReading, type Said } from './logs/format.ts'

type Row = readonly string[]

/** The SYNs of a table; undefined where it is no table of packets. Throws a UsageError where they go to several ports. */
export function synsOf(
  file: string,
  table: Table,
  times: Float64Array,
  how: string,
  port: string | undefined,
): LogReading | undefined {
  const syns = new Syns(port)
  const read = exported(table, syns) ?? fields(table, syns)
  if (read === undefined) return undefined
  const { rows } = table
  const taken = eachLine([...rows.keys()].map(String), (row) => read(rows[Number(row)]!, times[Number(row)]!))
  syns.refuseSeveral(file)
  return { ...taken, format: 'SYNs of a capture exported by Wireshark', of: 'connections', times: how }
}

type Read = (row: Row, atMs: number) => Said

const columns =
  ({ heading }: Table) =>
  (name: string): number =>
    heading.findIndex((one) => one.toLowerCase() === name)

/** "No.","Time","Source","Destination","Protocol","Length","Info": only the last one says which packets are SYNs. */
function exported(table: Table, syns: Syns): Read | undefined {
  const at = columns(table)
  const [source, destination, info] = [at('source'), at('destination'), at('info')]
  if (info === -1 || (source === -1 && destination === -1)) return undefined
  return (row, atMs) => synOf(row[info] ?? '', { atMs, from: row[source] ?? '', to: row[destination] ?? '' }, syns)
}

const isSet = (cell: string | undefined): boolean => cell === '1' || cell?.toLowerCase() === 'true'

/** Names of fields: frame.time_epoch, tcp.dstport, tcp.flags or tcp.flags.syn, … */
function fields(table: Table, syns: Syns): Read | undefined {
  const at = columns(table)
  const [flags, syn, ack] = [at('tcp.flags'), at('tcp.flags.syn'), at('tcp.flags.ack')]
  if (flags === -1 && syn === -1) return undefined
  const [source, sourcePort] = [at('ip.src'), at('tcp.srcport')]
  const [destination, port, sequence] = [at('ip.dst'), at('tcp.dstport'), at('tcp.seq_raw')]
  const isSyn = (row: Row): boolean => {
    if (flags !== -1) return (Number(row[flags]) & SYN_ACK) === SYN
    return isSet(row[syn]) && !isSet(row[ack])
  }
  return (row, atMs) =>
    isSyn(row)
      ? syns.take({
          atMs,
          from: `${row[source] ?? ''} ${row[sourcePort] ?? ''}`,
          to: `${row[destination] ?? ''} ${row[port] ?? ''}`,
          // Without its number a SYN that is sent again looks like another connection.
          sequence: row[sequence] ?? String(atMs),
          again: false,
        })
      : { leftOut: 'other packets' }
}

/** Flags of TCP: SYN is 2, ACK is 16. */
const SYN = 0x02
const SYN_ACK = 0x12
