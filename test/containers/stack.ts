/** The services of docker-compose.yml on a real engine, under a name and on host ports of their own. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DockerComposeEnvironment, Wait } from 'testcontainers'
import { Endpoint } from '#lab/endpoint.ts'
import { client } from '#lab/topology.ts'
import type { ListenerSample, Snapshot } from '#services/exporter/snapshot.ts'
import { skipWithoutEngine } from '../support/engine.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every service but Grafana, whose image cannot be made without a registry. */
export const services = [
  'net',
  'exporter',
  'backend-1',
  'backend-2',
  'backend-3',
  'client',
  'supervisor',
  'board',
  'prometheus',
  'k6',
] as const
export type Service = (typeof services)[number]

/** As skipWithoutEngine, and for the images of others too: .env names them, and a test pulls nothing. */
export function skipWithoutImages(): string | false {
  const reason = skipWithoutEngine() || missingImages()
  if (reason !== false && process.env.SPILLWAY_NO_SKIP) throw new Error(`${reason}, and SPILLWAY_NO_SKIP is set`)
  return reason
}

function missingImages(): string | false {
  const settings = fs.readFileSync(new URL('../../.env', import.meta.url), 'utf8')
  const images = [...settings.matchAll(/^(?:PROMETHEUS|K6)_IMAGE=(.+)$/gm)].map(([, image]) => image!)
  const absent = images.filter((image) => docker('image', 'inspect', image).status !== 0)
  return absent.length > 0 && `not there: ${absent.join(', ')} (docker compose pull, or deploy/images/offline)`
}

const docker = (...args: string[]) => spawnSync('docker', args, { encoding: 'utf8', cwd: root })

/** What `docker inspect` says of a container, as far as the tests ask. */
export interface ContainerState {
  Id: string
  RestartCount: number
  State: {
    Status: string
    Pid: number
    StartedAt: string
    ExitCode: number
    OOMKilled: boolean
    Health?: { Status: string }
  }
}

export class Stack {
  readonly #project: string
  readonly #environment: Record<string, string>

  private constructor(project: string, environment: Record<string, string>) {
    this.#project = project
    this.#environment = environment
  }

  /** Starts all services and waits until each is healthy. */
  static async up(settings: Record<string, string>): Promise<Stack> {
    // Its helper would have to be pulled, and `down` is called whatever happens.
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
    const freePorts = ['EXPORTER', 'BOARD', 'CONTROL', 'PROMETHEUS'].flatMap((name) =>
      name === 'CONTROL' ? [1, 2, 3].map((n) => `SPILLWAY_CONTROL_PORT_${n}`) : [`SPILLWAY_${name}_PORT`],
    )
    const stack = new Stack(`spillway-test-${randomBytes(3).toString('hex')}`, {
      COMPOSE_PROFILES: '',
      ...Object.fromEntries(freePorts.map((name) => [name, '0'])),
      ...settings,
    })
    try {
      await new DockerComposeEnvironment(root, 'docker-compose.yml')
        .withProjectName(stack.#project)
        .withEnvironment(stack.#environment)
        .withDefaultWaitStrategy(Wait.forHealthCheck())
        .up()
    } catch (error) {
      stack.down()
      throw error
    }
    return stack
  }

  /** Runs `docker compose …` on these services and gives what it printed; fails with what it complains of. */
  compose(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('docker', ['compose', '-p', this.#project, ...args], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...this.#environment },
    })
    if (status !== 0) throw new Error(`docker compose ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }

  container(service: Service): ContainerState {
    const [state] = JSON.parse(docker('inspect', this.compose('ps', '--all', '--quiet', service)).stdout)
    return state
  }

  /**
   * Ends the first process of each service with SIGKILL, as the host could: no signal from inside reaches it. The engine is
   * asked to do it, in a container that sees the processes of the host.
   */
  killFirstProcesses(killed: readonly Service[]): void {
    const pids = killed.map((service) => this.container(service).State.Pid)
    const asHost = ['run', '--rm', '--privileged', '--pid=host', '--network=none', '--user=root', '--entrypoint=sh']
    const image = `spillway-net:${process.env.SPILLWAY_TAG ?? 'latest'}`
    const { status, stderr } = docker(...asHost, image, '-c', `kill -KILL ${pids.join(' ')}`)
    if (status !== 0) throw new Error(`Killing ${killed.join(', ')} (processes ${pids.join(', ')}): ${stderr}`)
  }

  /** Runs a command in the container of a service. */
  exec(service: Service, ...command: string[]): string {
    return this.compose('exec', '-T', service, ...command)
  }

  // Asked each time: a container that starts again may get another port of the host.
  get exporter(): Endpoint {
    return this.#published('exporter', 'net', 10_511)
  }

  get board(): Endpoint {
    return this.#published('board', 'net', 10_510)
  }

  get prometheus(): Endpoint {
    return this.#published('prometheus', 'prometheus', 9090)
  }

  /** On Linux the host is a neighbour on the bridge; nothing of an internal network can be published. */
  get agent(): Endpoint {
    return new Endpoint('agent', { host: client.address, port: 10_512 })
  }

  #published(name: string, service: Service, port: number): Endpoint {
    const [host = '', published] = this.compose('port', service, String(port)).split(':')
    return new Endpoint(name, { host, port: Number(published) })
  }

  /** The exporter's rows of the shared port, by shard; none while it does not answer. */
  async listeners(): Promise<ListenerSample[]> {
    const { namespaces } = await this.exporter.json<Snapshot>('GET', '/snapshot')
    return (namespaces[0]?.listeners ?? []).filter(({ port }) => port === 8080).toSorted((a, b) => a.shard - b.shard)
  }

  /** The values of an instant query. */
  async query(expression: string): Promise<number[]> {
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}`
    const { data } = await this.prometheus.json<{ data: { result: { value: [number, string] }[] } }>('GET', path)
    return data.result.map(({ value }) => Number(value[1]))
  }

  down(): void {
    this.compose('down', '--timeout', '5')
  }

  /** What the engine still has of it: containers, networks, volumes. */
  remains(): string[] {
    const label = `label=com.docker.compose.project=${this.#project}`
    return [
      ['ps', '--all', '--quiet'],
      ['network', 'ls', '--quiet'],
      ['volume', 'ls', '--quiet'],
    ].flatMap((command) =>
      docker(...command, '--filter', label)
        .stdout.split('\n')
        .filter((line) => line !== ''),
    )
  }
}
