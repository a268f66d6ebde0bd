/** The driver for Docker: the services of docker-compose.yml, as a project of their own for each lab. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '#common/errors.ts'
import { type ListenTarget, parseListen } from '#common/parse.ts'
import { type CommandResult, type Driver, type LabPlan, type StartedServices, Unsettable } from '../driver.ts'
import { client, type Host } from '../topology.ts'
import { docker, tryDocker } from './docker.ts'
import { AGENT_PORT, controlPort, EXPORTER_PORT, override } from './override.ts'

const composeFile = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url))
/** The backends that docker-compose.yml has. */
const MOST_BACKENDS = 3
const OLDEST_ENGINE = 25
/** What `sysctl` says of a setting that does not exist, or that a container cannot set; any other refusal is of the value. */
const NOT_THERE = /No such file|Read-only file system|[Pp]ermission denied/
const toolsImage = `spillway-net:${process.env.SPILLWAY_TAG ?? 'latest'}`

export const compose: Driver = { name: 'compose', countsItself: true, preflight, start }

/** Throws a UsageError that says what Docker lacks; starts nothing. */
async function preflight(): Promise<void> {
  if (!fs.existsSync(composeFile))
    throw new UsageError(
      'The container lab needs a checkout of Spillway',
      'Clone the repository: docker-compose.yml is not in the npm package',
    )
  const engine = await docker(['version', '--format', '{{.Server.Version}}'])
  if (Number.parseInt(engine, 10) < OLDEST_ENGINE)
    throw new UsageError(`Docker Engine ${engine} is too old`, `Install ${OLDEST_ENGINE} or later`)
  const plugin = await tryDocker(['compose', 'version', '--short'])
  if (plugin.status !== 0)
    throw new UsageError(
      'docker has no compose plugin (docker-compose 1.x is not enough)',
      'Install the plugin: docker-compose-plugin',
    )
  for (const image of [`spillway:${process.env.SPILLWAY_TAG ?? 'latest'}`, toolsImage])
    if ((await tryDocker(['image', 'inspect', image])).status !== 0)
      throw new UsageError(`The image ${image} is not built`, 'Build it: docker compose build')
}

async function start(plan: LabPlan, onProgress?: (text: string) => void): Promise<StartedServices> {
  if (plan.backends.length > MOST_BACKENDS)
    throw new UsageError(`docker-compose.yml has ${MOST_BACKENDS} backends, but this lab needs ${plan.backends.length}`)
  onProgress?.('Starting the containers …')
  const lab = new ComposeLab(plan)
  try {
    await lab.up()
    return await lab.services()
  } catch (error) {
    await lab.stop()
    throw error
  }
}

class ComposeLab {
  readonly #plan: LabPlan
  readonly #project = `spillway-lab-${randomBytes(3).toString('hex')}`
  readonly #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spillway-compose-'))
  readonly #names: string[]
  #stopping = false

  constructor(plan: LabPlan) {
    this.#plan = plan
    this.#names = ['net', 'exporter', 'client', ...plan.backends.map((_, index) => `backend-${index + 1}`)]
    fs.writeFileSync(this.#overrideFile, override(plan))
  }

  get #overrideFile(): string {
    return path.join(this.#folder, 'override.yml')
  }

  /** Starts the services and waits until each is healthy. */
  async up(): Promise<void> {
    try {
      await this.#compose('up', '--detach', '--wait', '--no-build', ...this.#names)
    } catch (error) {
      const { stdout } = await this.#composeTry('logs', '--no-color', '--tail', '5')
      if (!(error instanceof UsageError) || error.remedy !== undefined || stdout === '') throw error
      throw new UsageError(error.message, stdout.trim())
    }
  }

  async services(): Promise<StartedServices> {
    const backends = await Promise.all(this.#plan.backends.map((_, index) => this.#published(controlPort(index + 1))))
    const { promise: lost, resolve } = Promise.withResolvers<string>()
    this.#composeTry('wait', 'net').then(() => {
      if (!this.#stopping) resolve('the container that holds its namespaces has ended')
    })
    return {
      backends,
      exporter: await this.#published(EXPORTER_PORT),
      agent: { host: client.address, port: AGENT_PORT },
      killBackend: async (number) => void (await this.#compose('kill', `backend-${number}`)),
      startBackend: async (number) => void (await this.#compose('start', `backend-${number}`)),
      setSysctl: async (host, name, value) => {
        const { status, stderr } = await this.#beside(host, ['--privileged'], ['sysctl', '-w', `${name}=${value}`])
        if (status === 0) return
        const Refusal = NOT_THERE.test(stderr) ? Unsettable : UsageError
        throw new Refusal(`Setting ${name} to ${value} was refused: ${stderr.trim()}`)
      },
      readSysctl: async (host, name) => {
        const { status, stdout } = await this.#beside(host, [], ['cat', `/proc/sys/${name.replaceAll('.', '/')}`])
        return status === 0 ? stdout.trim() : undefined
      },
      run: (host, command) => this.#beside(host, ['--cap-add=NET_ADMIN'], command),
      log: () => [],
      lost,
      onEnded: () => {}, // Docker restarts them; a request to one that is gone fails
      stop: () => this.stop(),
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#composeTry('down', '--volumes', '--timeout', '2')
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The host's address for a port of the lab's server. */
  async #published(port: number): Promise<ListenTarget> {
    return parseListen('docker compose port', await this.#compose('port', 'net', String(port)))
  }

  /** Runs a command in a container of its own that shares the network of one host of the lab. */
  async #beside(host: Host, options: readonly string[], command: readonly string[]): Promise<CommandResult> {
    const container = await this.#compose('ps', '--quiet', host === 'server' ? 'net' : 'client')
    const [file = 'true', ...args] = command
    return tryDocker([
      'run',
      '--rm',
      '--network',
      `container:${container}`,
      '--user',
      'root',
      ...options,
      '--entrypoint',
      file,
      toolsImage,
      ...args,
    ])
  }

  #compose(...args: string[]): Promise<string> {
    return docker(this.#arguments(args))
  }

  #composeTry(...args: string[]): Promise<CommandResult> {
    return tryDocker(this.#arguments(args))
  }

  #arguments(args: string[]): string[] {
    return ['compose', '--progress=quiet', '-p', this.#project, '-f', composeFile, '-f', this.#overrideFile, ...args]
  }
}
