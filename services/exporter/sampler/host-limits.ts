import { type Counters, parseSnmp6 } from '#kernel/counters.ts'
import { ProcFile } from '#kernel/proc-file.ts'
import { parseSockstat, parseTcpMem, type TcpMemoryLimits, tcpMemoryPressure } from '#kernel/sockstat.ts'
import type { NamespaceSample } from '../snapshot.ts'

/** Settings that bound the queues, each a number of the namespace. */
const numberSettings = ['net.core.somaxconn', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_max_syn_backlog'] as const
const PORT_RANGE = 'net.ipv4.ip_local_port_range'
const TCP_MEM = 'net.ipv4.tcp_mem'

const pathOf = (setting: string): string => `/proc/sys/${setting.replaceAll('.', '/')}`

/** What sockstat says where no UDP socket has a port. */
const NO_UDP = /^UDP: inuse 0 /m
const NO_UDP6 = /^UDP6: inuse 0$/m
/** Of a kernel without IPv6. */
const NONE6 = 'UDP6: inuse 0'
/** What is shown of sockstat: the rest (RAW, FRAG, UDPLITE) has nothing to do with a queue. */
const shownSockstat = /^(sockets|TCP6?|UDP6?)_/

/**
 * The limits of one network namespace and what is used of them: settings, sockstat, the counters of IPv6. Made inside the
 * namespace; what this kernel or namespace does not have is left out.
 */
export class HostLimits {
  readonly #settings = new Map<string, ProcFile>()
  readonly #files = new Map<'sockstat' | 'sockstat6' | 'snmp6' | 'protocols', ProcFile>()
  readonly #values = new Map<string, number>()
  #sockstat = new Map<string, number>()
  readonly #counters: Counters = new Map()
  #snmp6 = ''
  /** As snapshots have it, until one of them is set anew. */
  #limits: Record<string, number> | undefined
  #tcpMemory: TcpMemoryLimits | undefined
  #tcpPressure: boolean | undefined
  #answered = false
  /** The ports that the kernel hands out; undefined until it is read. */
  portRange: { first: number; last: number } | undefined

  /** `hostWide`: also what is the same in every namespace, and need be read in only one. */
  constructor(hostWide: boolean) {
    for (const name of [...numberSettings, PORT_RANGE, TCP_MEM]) {
      const file = ProcFile.openIfAny(pathOf(name), { inOnePiece: true })
      if (file !== undefined) this.#settings.set(name, file)
    }
    const files = ['sockstat', 'sockstat6', 'snmp6'] as const
    for (const name of hostWide ? ([...files, 'protocols'] as const) : files) {
      // The kernel writes protocols line by line, the others as a whole.
      const file = ProcFile.openIfAny(`/proc/thread-self/net/${name}`, { inOnePiece: name !== 'protocols' })
      if (file !== undefined) this.#files.set(name, file)
    }
  }

  /** Reads everything, and says whether a counter has moved. Throws what a file that was opened answers. */
  read(): boolean {
    for (const name of numberSettings) {
      const text = this.#settings.get(name)?.read().trim()
      if (text !== undefined && /^-?\d+$/.test(text)) this.#set(name, Number(text))
    }
    const range = /^(\d+)\s+(\d+)$/.exec(this.#settings.get(PORT_RANGE)?.read().trim() ?? '')
    if (range !== null) this.portRange = { first: Number(range[1]), last: Number(range[2]) }
    this.#tcpMemory = parseTcpMem(this.#settings.get(TCP_MEM)?.read() ?? '')
    this.#tcpPressure = tcpMemoryPressure(this.#files.get('protocols')?.read() ?? '')
    const sockstat = new Map<string, number>()
    for (const name of ['sockstat', 'sockstat6'] as const) parseSockstat(this.#files.get(name)?.read() ?? '', sockstat)
    this.#sockstat = sockstat
    this.#answered = true
    const snmp6 = this.#files.get('snmp6')?.read() ?? ''
    if (snmp6 === this.#snmp6) return false
    this.#snmp6 = snmp6
    parseSnmp6(snmp6, this.#counters)
    return true
  }

  #set(name: string, value: number): void {
    if (this.#values.get(name) === value) return
    this.#values.set(name, value)
    this.#limits = undefined
  }

  /** Whether the namespace has no UDP socket with a port of its own now; false where the kernel does not say. */
  hasNoUdp(): boolean {
    return (
      NO_UDP.test(this.#files.get('sockstat')?.read() ?? '') &&
      NO_UDP6.test(this.#files.get('sockstat6')?.read() ?? NONE6)
    )
  }

  /** The counters of /proc/net/snmp6. */
  get counters(): ReadonlyMap<string, number> {
    return this.#counters
  }

  /** What is known; nothing before the first reading. */
  toRaw(): Pick<NamespaceSample, 'limits' | 'sockstat' | 'tcpMemory'> {
    if (!this.#answered) return {}
    const memory = this.#tcpMemory
    const pressure = this.#tcpPressure
    this.#limits ??= Object.fromEntries(this.#values)
    return {
      limits: this.#limits,
      sockstat: Object.fromEntries([...this.#sockstat].filter(([name]) => shownSockstat.test(name))),
      ...(memory === undefined && pressure === undefined
        ? {}
        : { tcpMemory: { limitPages: memory ?? null, pressure: pressure ?? null } }),
    }
  }

  close(): void {
    for (const file of [...this.#settings.values(), ...this.#files.values()]) file.close()
    this.#settings.clear()
    this.#files.clear()
  }
}
