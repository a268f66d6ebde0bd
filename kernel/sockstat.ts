/** Sockets in use and the memory they hold: /proc/net/sockstat, sockstat6 and protocols. */

const COUNT = /^\d{1,15}$/

/**
 * Parses /proc/net/sockstat or sockstat6 (`TCP: inuse 5 orphan 0 …`) into node_exporter's names without its prefix:
 * `TCP_inuse`, `sockets_used`. Memory is in pages. What is no count is left out.
 */
export function parseSockstat(text: string, into: Map<string, number> = new Map()): Map<string, number> {
  for (const line of text.split('\n')) {
    const [group = '', ...words] = line.trim().split(' ')
    if (!/^\w+:$/.test(group)) continue
    for (let at = 0; at + 1 < words.length; at += 2)
      if (COUNT.test(words[at + 1]!)) into.set(`${group.slice(0, -1)}_${words[at]}`, Number(words[at + 1]))
  }
  return into
}

/** Whether TCP is short of memory on this host (tcp_memory_pressure), by /proc/net/protocols; undefined if that does not tell. */
export function tcpMemoryPressure(text: string): boolean | undefined {
  const [heading = '', ...lines] = text.split('\n')
  const column = heading.trim().split(/\s+/).indexOf('press')
  const tcp = lines.map((line) => line.trim().split(/\s+/)).find(([protocol]) => protocol === 'TCP')
  const word = column < 0 ? undefined : tcp?.[column]
  return word === 'yes' ? true : word === 'no' ? false : undefined
}

/** The three limits of net.ipv4.tcp_mem, in pages. */
export interface TcpMemoryLimits {
  low: number
  pressure: number
  high: number
}

/** Parses `287898	383866	575796`; undefined if it is something else. */
export function parseTcpMem(text: string): TcpMemoryLimits | undefined {
  const words = text.trim().split(/\s+/)
  const [low, pressure, high] = words.map(Number)
  if (words.length !== 3 || !words.every((word) => COUNT.test(word))) return undefined
  return { low: low!, pressure: pressure!, high: high! }
}
