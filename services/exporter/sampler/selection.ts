/** Which listeners are shown. All of them are sampled, since the kernel gives all or none. */
export interface Selection {
  /** Those wanted; none means all. */
  wanted: readonly ListenerPattern[]
  /** More than this are not shown in one namespace. */
  most: number
}

export interface ListenerPattern {
  /** As the kernel's addresses are written; undefined for any. */
  address: string | undefined
  fromPort: number
  toPort: number
}

export const defaultSelection: Selection = { wanted: [], most: 10_000 }

interface Selectable {
  readonly address: string
  readonly port: number
  /** Whether any client has ever been seen at it. */
  readonly used: boolean
}

/** Those that are shown, and how many wanted ones are left out: first those that no client has ever used. */
export function selected<Listener extends Selectable>(
  listeners: Iterable<Listener>,
  { wanted, most }: Selection,
): { shown: Listener[]; leftOut: number } {
  const all = [...listeners]
  const named =
    wanted.length === 0 ? all : all.filter((listener) => wanted.some((pattern) => matches(pattern, listener)))
  if (named.length <= most) return { shown: named, leftOut: 0 }
  // Sorting is stable: among equals those stay that were there first.
  const shown = named.toSorted((a, b) => Number(b.used) - Number(a.used)).slice(0, most)
  return { shown, leftOut: named.length - most }
}

const matches = ({ address, fromPort, toPort }: ListenerPattern, listener: Selectable): boolean =>
  listener.port >= fromPort && listener.port <= toPort && (address === undefined || listener.address === address)
