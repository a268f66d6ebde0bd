/** The sockets of a snapshot by where they listen. */
import { formatListen } from '#common/parse.ts'
import type { NamespaceSample } from '#services/exporter/snapshot.ts'

interface At {
  address: string
  port: number
  /** The network device that it is bound to; empty or absent for none. */
  device?: string
}

/** `0.0.0.0:80`, `[::1]:80`; bound to a device `0.0.0.0%eth0:80`, as `ss` writes it. */
export const placeOf = ({ address, port, device = '' }: At): string =>
  formatListen({ host: device === '' ? address : `${address}%${device}`, port })

export const byPlace = <One extends At>(all: readonly One[]): Map<string, One> =>
  new Map(all.map((one) => [placeOf(one), one]))

/** How many share each place. */
export function countByPlace(all: readonly At[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of all) {
    const place = placeOf(one)
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  return counts
}

/** By its name, where it has one. */
export const namespaceName = ({ name, netns }: NamespaceSample): string => (name === '' ? netns : name)
