/** The source ports that the kernel chooses from, as sysctls tell. */
export interface LocalPorts {
  readonly first: number
  readonly last: number
  /** How many of them may be chosen: those reserved are not. */
  readonly count: number
}

/**
 * From the text of net.ipv4.ip_local_port_range (`32768	60999`) and net.ipv4.ip_local_reserved_ports (`8080,9148-9160`, or
 * nothing). Undefined if there is no range.
 */
export function localPorts(range: string | undefined, reserved: string | undefined): LocalPorts | undefined {
  const match = /^(\d+)\s+(\d+)$/.exec(range ?? '')
  if (match === null) return undefined
  const [first, last] = [Number(match[1]), Number(match[2])]
  let count = Math.max(0, last - first + 1)
  for (const part of (reserved ?? '').split(',')) {
    const bounds = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (bounds === null) continue
    const from = Math.max(first, Number(bounds[1]))
    const to = Math.min(last, Number(bounds[2] ?? bounds[1]))
    if (to >= from) count -= to - from + 1
  }
  return { first, last, count }
}
