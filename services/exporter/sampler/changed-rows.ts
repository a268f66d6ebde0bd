/** Rows of a snapshot as what has changed in them: most listeners of a host are at rest, and copying objects between threads is dear. */

export interface PackedRows<Row> {
  rows: Row[]
  /** Where these belong in the rows before; without it they are all there are. */
  at?: Int32Array
}

/** `sent` are the rows before, undefined at first. */
export function packRows<Row>(rows: Row[], sent: readonly Row[] | undefined): PackedRows<Row> {
  if (sent === undefined || sent.length !== rows.length) return { rows }
  const at: number[] = []
  for (let row = 0; row < rows.length; row++) {
    if (areAlike(rows[row], sent[row])) continue
    at.push(row)
  }
  return { rows: at.map((row) => rows[row]!), at: Int32Array.from(at) }
}

/** Unchanged rows are the objects that `received` has. */
export function unpackRows<Row>({ rows, at }: PackedRows<Row>, received: readonly Row[] | undefined): Row[] {
  if (at === undefined || received === undefined) return rows
  const whole = [...received]
  for (let row = 0; row < at.length; row++) whole[at[row]!] = rows[row]!
  return whole
}

/** Plain data only. */
function areAlike(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!isRecord(one) || !isRecord(other)) return false
  let fields = 0
  for (const field in one) {
    if (!(field in other) || !areAlike(one[field], other[field])) return false
    fields++
  }
  for (const _field in other) fields--
  return fields === 0
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
