/** Exporters of many hosts that do not exist: one server, a page for each, as the exporter would write it. */
import http from 'node:http'

/** What is wrong at one of the hosts; everywhere else all is well. */
interface Trouble {
  /** Counted from 1. */
  host: number
  port: number
  shard: number
}

export interface FleetOptions {
  hosts: number
  /** An accept queue that is full and turns clients away. */
  full?: Trouble
  /** A host whose SYN queue overflows into cookies. */
  floodedHost?: number
}

type Labels = Record<string, string | number>

const netns = '4026531840'
const limit = 128
const ports = [80, 443, 5432, 8080, 9100]
const shards = [1, 2, 3]
const processes: Record<number, string> = {
  80: 'nginx',
  443: 'nginx',
  5432: 'postgres',
  8080: 'gunicorn',
  9100: 'node_exporter',
}

/** A metric as the text format has it. */
const text = (name: string, values: { labels: Labels; value: number }[]): string =>
  values
    .map(({ labels, value }) => {
      const pairs = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
      return `${name}{${pairs.join(',')}} ${value}\n`
    })
    .join('')

export const hostName = (host: number): string => `web-${String(host).padStart(2, '0')}:10511`

export class Fleet {
  readonly #server: http.Server
  readonly #options: FleetOptions
  readonly #startedMs = Date.now()

  private constructor(options: FleetOptions) {
    this.#options = options
    this.#server = http.createServer((request, response) => {
      const host = Number(/^\/(\d+)$/.exec(request.url ?? '')?.[1])
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(this.#page(host))
    })
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    await new Promise<void>((resolve) => fleet.#server.listen(0, '127.0.0.1', resolve))
    return fleet
  }

  /** One scrape job with a target for each host. */
  job(name: string): Record<string, unknown> {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('The fleet does not listen')
    return {
      job_name: name,
      static_configs: Array.from({ length: this.#options.hosts }, (_, index) => ({
        targets: [`127.0.0.1:${address.port}`],
        labels: { instance: hostName(index + 1), __metrics_path__: `/${index + 1}` },
      })),
    }
  }

  #page(host: number): string {
    const { full, floodedHost } = this.#options
    const seconds = (Date.now() - this.#startedMs) / 1000
    const isFull = (port: number, shard: number): boolean =>
      full !== undefined && full.host === host && full.port === port && full.shard === shard
    const listeners = ports.flatMap((port) => shards.map((shard) => ({ netns, address: '0.0.0.0', port, shard })))
    const byPort = ports.map((port) => ({ netns, address: '0.0.0.0', port }))
    const each = (read: (port: number, shard: number) => number) =>
      listeners.map((labels) => ({ labels, value: read(labels.port, labels.shard) }))
    const eachPort = (read: (port: number) => number, more: Labels = {}) =>
      byPort.map((labels) => ({ labels: { ...labels, ...more }, value: read(labels.port) }))
    const sick = full?.host === host
    const netstat = (field: string, perSecond: number) =>
      text(`node_netstat_${field}`, [{ labels: { netns }, value: Math.round(1000 + perSecond * seconds) }])
    return [
      text(
        'tcp_listener_accept_queue_length',
        each((port, shard) => (isFull(port, shard) ? limit + 1 : (host + port + shard) % 3)),
      ),
      text(
        'tcp_listener_accept_queue_limit',
        each(() => limit),
      ),
      text(
        'tcp_listener_accept_queue_peak',
        each((port, shard) => (isFull(port, shard) ? limit + 1 : 4 + ((host + port) % 5))),
      ),
      text(
        'tcp_listener_accept_queue_at_least_seconds_total',
        ['0.5', '0.9', '1'].flatMap((fill) =>
          listeners.map((labels) => ({
            labels: { ...labels, fill },
            value: isFull(labels.port, labels.shard) ? seconds : 0,
          })),
        ),
      ),
      text(
        'tcp_listener_drops_total',
        each((port, shard) => (isFull(port, shard) ? Math.round(30 * seconds) : 0)),
      ),
      text(
        'tcp_listener_info',
        listeners.map((labels) => ({
          labels: {
            ...labels,
            inode: labels.port * 10 + labels.shard,
            cookie: labels.port,
            uid: 33,
            process: processes[labels.port] ?? '',
            pid: 1000 + labels.port + labels.shard,
            unit: `${processes[labels.port]}.service`,
            container: '',
            pod: '',
            device: '',
          },
          value: 1,
        })),
      ),
      text(
        'tcp_port_accept_wait_oldest_seconds',
        eachPort((port) => (sick && port === full.port ? seconds : 0.01 * (host % 7))),
      ),
      text(
        'tcp_port_syn_queue_length',
        eachPort(() => 1),
      ),
      text(
        'tcp_port_syn_queue_peak',
        eachPort(() => (host === floodedHost ? 387 : 2)),
      ),
      text(
        'tcp_port_syn_queue_limit',
        eachPort(() => 3 * limit),
      ),
      text('tcp_port_connections', [
        ...eachPort((port) => (port + host) % 90, { state: 'established' }),
        ...eachPort((port) => (port + host) % 200, { state: 'time_wait' }),
        ...eachPort(() => 0, { state: 'close_wait' }),
      ]),
      netstat('TcpExt_ListenOverflows', sick ? 30 : 0),
      netstat('TcpExt_ListenDrops', sick ? 30 : 0),
      netstat('TcpExt_TCPReqQFullDoCookies', host === floodedHost ? 200 : 0),
      netstat('TcpExt_TCPReqQFullDrop', 0),
      netstat('Tcp_PassiveOpens', 100),
      text('spillway_exporter_info', [{ labels: { version: '0.1.0', kernel: '6.12', node: '24' }, value: 1 }]),
      text('spillway_sample_age_seconds', [{ labels: { kind: 'listeners', netns }, value: 0.01 }]),
      text('spillway_sample_age_limit_seconds', [{ labels: { kind: 'listeners' }, value: 5 }]),
    ].join('')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
