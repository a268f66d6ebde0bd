import { ANY_FAMILY, MAX_FILTER_PORTS, ownPortNotIn, PreparedDump, type SockDiag } from '#kernel/sock-diag.ts'
import { SysctlFile } from '#kernel/sysctl-file.ts'
import type { OutgoingSample } from '../snapshot.ts'
import { localPorts } from './local-ports.ts'
import { OutgoingConnections, outgoingStates } from './outgoing.ts'
import type { PortIndex } from './port-index.ts'

/** What this namespace has connected to. A dump of every connection but those of wildcard listeners, without attributes. */
export class OutgoingDump {
  readonly #ports: PortIndex
  readonly #range = new SysctlFile('net.ipv4.ip_local_port_range')
  readonly #reserved = new SysctlFile('net.ipv4.ip_local_reserved_ports')
  readonly #reuse = new SysctlFile('net.ipv4.tcp_tw_reuse')
  #dump: PreparedDump
  #dumpVersion = -1
  readonly #destinations: number
  #sample: OutgoingSample | undefined

  /** Call it inside the namespace: it opens files there. Names so many `destinations`. */
  constructor(ports: PortIndex, destinations: number) {
    this.#ports = ports
    this.#destinations = destinations
    this.#dump = this.#prepare()
  }

  /** Reads settings and connections; with `none` it is known that there are none. True if there were any. */
  sample(diag: SockDiag, none: boolean): boolean {
    const found = new OutgoingConnections(localPorts(this.#range.read(), this.#reserved.read()))
    const any = !none && this.#walk(diag, found)
    const reuse = this.#reuse.read()
    this.#sample = {
      ...found.toSample(this.#destinations),
      ...(reuse !== undefined && { timeWaitReuse: Number(reuse) }),
    }
    return any
  }

  /** What the last dump found; undefined before the first. */
  get found(): OutgoingSample | undefined {
    return this.#sample
  }

  close(): void {
    for (const file of [this.#range, this.#reserved, this.#reuse]) file.close()
  }

  #walk(diag: SockDiag, found: OutgoingConnections): boolean {
    if (this.#dumpVersion !== this.#ports.version) this.#dump = this.#prepare()
    let any = false
    diag.dump(this.#dump, (record) => {
      if (this.#ports.find(record) !== undefined) return
      any = true
      found.add(record)
    })
    return any
  }

  /** The kernel leaves out what belongs to listeners on every address, while these are few. */
  #prepare(): PreparedDump {
    const ports = this.#ports.wildcardPorts()
    const filter = ports.length > 0 && ports.length <= MAX_FILTER_PORTS ? { filter: ownPortNotIn(ports) } : {}
    this.#dumpVersion = this.#ports.version
    return new PreparedDump({ family: ANY_FAMILY, states: outgoingStates, ...filter })
  }
}
