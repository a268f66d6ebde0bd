/** The driver for Kubernetes: the pod of the chart's lab, one for each lab, reached through `kubectl port-forward`. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { monotonicMs, tellTimeOf } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { duration } from '#common/quantities.ts'
import type { CountersReport } from '#load/agent/api.ts'
import type { BackendStatus } from '#services/backend/api.ts'
import {
  type CommandResult,
  type Driver,
  type LabPlan,
  type OnEnded,
  type StartedServices,
  Unsettable,
} from '../driver.ts'
import { Endpoint, type Reach } from '../endpoint.ts'
import { lastLines } from '../program.ts'
import type { Host } from '../topology.ts'
import { Forward } from './forward.ts'
import { helm, kubectl, tryKubectl } from './kubectl.ts'
import {
  AGENT_PORT,
  containersOf,
  controlPort,
  EXPORTER_PORT,
  endOf,
  isReady,
  MOST_BACKENDS,
  type Pod,
  partOf,
  podOf,
  valuesOf,
  whyNotStarting,
} from './pod.ts'
import { PodWatch } from './watch.ts'

const chart = fileURLToPath(new URL('../../deploy/kubernetes/chart', import.meta.url))
/** A pod whose image has to be pulled takes its time. */
const READY_MS = 300_000
/** The kubelet waits ever longer before it starts a container again that ends often: five minutes at most. */
const AGAIN_MS = 330_000
/** What a shell says of a setting that does not exist, or that a container cannot set; any other refusal is of the value. */
const NOT_THERE = /nonexistent|No such file|Read-only file system|[Pp]ermission denied/

export const kubernetes: Driver = { name: 'kubernetes', elsewhere: true, preflight, start }

/** Throws a UsageError that says what is missing; starts nothing. Which sysctls a pod may set, the kubelet of its node says. */
async function preflight(sysctls: readonly string[] = []): Promise<void> {
  if (!fs.existsSync(chart))
    throw new UsageError(
      'The lab in Kubernetes needs a checkout of Spillway',
      'Clone the repository: the chart is not in the npm package',
    )
  const strangers = sysctls.filter((name) => !name.startsWith('net.'))
  if (strangers.length > 0)
    throw new Unsettable(
      `A pod has no ${strangers.join(', ')} of its own`,
      'Leave these settings out, or choose others',
    )
  if ((await kubectl(['auth', 'can-i', 'create', 'pods', '--quiet']).catch(answerOf)) === 'no')
    throw new UsageError(
      'You may not make pods in this namespace',
      'Ask for that right, or name another namespace: SPILLWAY_KUBERNETES_NAMESPACE',
    )
  await helm(['template', 'spillway', chart, '--show-only=templates/lab.yaml', ...ownValues(), '--values=-'], LAB_ALONE)
}

const LAB_ALONE = JSON.stringify({ lab: { enabled: true } })

/** `can-i` says no by its status alone, and anything else in words. */
function answerOf(error: unknown): 'no' {
  if (error instanceof UsageError && /failed: $/.test(error.message)) return 'no'
  throw error
}

/** Values for every lab, in a file: which image, which nodes. */
function ownValues(): string[] {
  const file = process.env.SPILLWAY_KUBERNETES_VALUES
  if (file === undefined || file === '') return []
  if (fs.existsSync(file)) return [`--values=${file}`]
  throw new UsageError(
    `SPILLWAY_KUBERNETES_VALUES names ${file}, which does not exist`,
    'Correct the path, or unset it',
  )
}

async function start(
  plan: LabPlan,
  onProgress: (text: string) => void = () => {},
  signal?: AbortSignal,
): Promise<StartedServices> {
  if (plan.backends.length > MOST_BACKENDS)
    throw new UsageError(`A pod has at most ${MOST_BACKENDS} backends, but this lab needs ${plan.backends.length}`)
  onProgress('Starting the pod …')
  const lab = new KubernetesLab(plan)
  try {
    await lab.up(signal)
    return await lab.services()
  } catch (error) {
    await lab.stop()
    throw signal?.aborted === true ? signal.reason : error
  }
}

class KubernetesLab {
  readonly #plan: LabPlan
  readonly #name = `spillway-lab-${randomBytes(3).toString('hex')}`
  readonly #open = new DisposableStack()
  #watch: PodWatch | undefined
  /** Of each port of the pod. */
  readonly #forwards = new Map<number, Forward>()
  #stopping = false
  /** How often each container had been restarted when its end was last told, or wanted. */
  readonly #restarts = new Map<string, number>()

  constructor(plan: LabPlan) {
    this.#plan = plan
  }

  /** Makes the pod and waits until every container of it is ready. */
  async up(signal: AbortSignal | undefined): Promise<void> {
    const values = JSON.stringify(valuesOf(this.#plan, this.#name))
    const words = ['template', this.#name, chart, '--show-only=templates/lab.yaml', ...ownValues(), '--values=-']
    const pod = podOf(await helm(words, values), this.#name)
    signal?.throwIfAborted()
    await kubectl(['create', '--filename=-'], JSON.stringify(pod))
    const watch = this.#open.use(new PodWatch(this.#name))
    this.#watch = watch
    const patience = AbortSignal.timeout(READY_MS)
    const sysctls = Object.keys(this.#plan.sysctls)
    try {
      await watch.until(
        (seen, gone) => {
          if (gone) throw new UsageError('Somebody has deleted the pod of the lab while it started')
          const objection = seen === undefined ? undefined : whyNotStarting(seen, sysctls)
          if (objection !== undefined) throw objection
          return seen !== undefined && isReady(seen) ? seen : undefined
        },
        signal === undefined ? patience : AbortSignal.any([signal, patience]),
      )
    } catch (error) {
      if (error instanceof UsageError && /again and again/.test(error.message))
        throw new UsageError(error.message, (await this.#complaints()) || error.remedy)
      if (error !== patience.reason) throw error
      throw new UsageError(
        `The pod of the lab was not ready within ${duration(READY_MS)}`,
        (await this.#complaints()) || 'kubectl get events says what it waits for',
      )
    }
    const services: [name: string, port: number][] = [
      ['the exporter', EXPORTER_PORT],
      ['the load agent', AGENT_PORT],
      ...this.#plan.backends.map((_, index): [string, number] => [`backend-${index + 1}`, controlPort(index + 1)]),
    ]
    for (const [name, port] of services) this.#forwards.set(port, this.#open.use(new Forward(name, this.#name, port)))
    await Promise.all([...this.#forwards.values()].map((forward) => forward.open()))
    await this.#agreeOnTime()
  }

  /** The last words of the containers that are not ready. */
  async #complaints(): Promise<string> {
    const late = this.#watch?.latest === undefined ? [] : containersOf(this.#watch.latest).filter(({ ready }) => !ready)
    const logs = await Promise.all(
      late.map(async ({ name }) => (await tryKubectl(['logs', this.#name, `--container=${name}`, '--tail=3'])).stdout),
    )
    return logs.join('').trim()
  }

  /**
   * What happens is told by the clock of the node, so this process tells its time too; where it runs on that node they are one
   * already. Known to half of the quickest answer.
   */
  async #agreeOnTime(): Promise<void> {
    const agent = new Endpoint('the load agent', this.#at(AGENT_PORT))
    let best = { tookMs: Number.POSITIVE_INFINITY, aheadMs: 0 }
    for (let asked = 0; asked < CLOCK_QUESTIONS; asked++) {
      const askedMs = monotonicMs()
      const { monotonicMs: theirs } = await agent.json<CountersReport>('GET', '/counters')
      const tookMs = monotonicMs() - askedMs
      if (tookMs < best.tookMs) best = { tookMs, aheadMs: theirs - askedMs - tookMs / 2 }
    }
    if (Math.abs(best.aheadMs) > Math.max(best.tookMs, SAME_CLOCK_MS)) tellTimeOf(best.aheadMs)
  }

  services(): StartedServices {
    const watch = this.#watch
    if (watch === undefined) throw new Error('The pod has not been made')
    return {
      backends: this.#plan.backends.map((_, index) => this.#at(controlPort(index + 1))),
      exporter: this.#at(EXPORTER_PORT),
      agent: this.#at(AGENT_PORT),
      killBackend: (number) => this.#kill(number),
      startBackend: (number) => this.#startAgain(number),
      setSysctl: (host, name, value) => this.#setSysctl(host, name, value),
      readSysctl: async (host, name) => {
        const { status, stdout } = await this.#run(host, ['cat', fileOf(name)])
        return status === 0 ? stdout.trim() : undefined
      },
      run: (host, command) => this.#run(host, command),
      log: () => [],
      lost: this.#lost(watch),
      onEnded: (hear) => this.#hearEnds(watch, hear),
      stop: () => this.stop(),
    }
  }

  #at(port: number): Reach {
    return this.#forward(port).reach
  }

  #forward(port: number): Forward {
    const forward = this.#forwards.get(port)
    if (forward === undefined) throw new RangeError(`Port ${port} of the pod is not forwarded`)
    return forward
  }

  #lost(watch: PodWatch): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>()
    const wait = watch.until((pod, gone) => {
      if (gone) return 'its pod has been deleted'
      const { phase, reason = '', message = '' } = pod?.status ?? { phase: '' }
      return phase === 'Failed' ? `its pod has failed: ${[reason, message].filter(Boolean).join(', ')}` : undefined
    })
    wait.then((reason) => {
      if (!this.#stopping) resolve(`The lab has ended: ${reason}`)
    })
    return promise
  }

  /** A container that has been restarted more often than before has ended in between, unless that was asked for. */
  #hearEnds(watch: PodWatch, hear: OnEnded): void {
    const tell = (pod: Pod | undefined): undefined => {
      for (const container of pod === undefined ? [] : containersOf(pod)) {
        const { name, restartCount, state } = container
        const ends = restartCount + (state.terminated === undefined ? 0 : 1)
        const before = this.#restarts.get(name)
        this.#restarts.set(name, Math.max(ends, before ?? 0))
        const part = partOf(name)
        if (before !== undefined && ends > before && part !== undefined && !this.#stopping) hear(part, endOf(container))
      }
      return undefined
    }
    void watch.until(tell)
  }

  /** The kubelet starts it again by itself. */
  async #kill(number: number): Promise<void> {
    const name = `backend-${number}`
    const backend = new Endpoint(name, this.#at(controlPort(number)))
    const { identity } = await backend.json<BackendStatus>('GET', '/status')
    if (identity === undefined) throw new UsageError(`${name} does not say which process it is`)
    this.#restarts.set(name, (this.#container(name)?.restartCount ?? 0) + 1)
    // What is asked while nobody listens would be refused by the pod's kernel, with resets that it counts.
    this.#forward(controlPort(number)).close()
    // All containers of the pod see each other's processes, and run as one user.
    const script = `kill -KILL ${identity.pid} && while kill -0 ${identity.pid} 2>/dev/null; do sleep 0.02; done`
    const { status, stderr } = await this.#exec('exporter', ['sh', '-c', script])
    if (status !== 0) throw new UsageError(`${name} could not be killed: ${lastLines(stderr)}`)
  }

  /** Waits until the container of a backend that has ended listens again for orders. */
  async #startAgain(number: number): Promise<void> {
    const name = `backend-${number}`
    const wanted = this.#restarts.get(name) ?? 0
    const patience = AbortSignal.timeout(AGAIN_MS)
    try {
      await this.#watch?.until((pod) => {
        const container = pod === undefined ? undefined : containersOf(pod).find((each) => each.name === name)
        return (container?.restartCount ?? -1) >= wanted && container?.started === true ? true : undefined
      }, patience)
    } catch (error) {
      if (error !== patience.reason) throw error
      const { reason = 'no reason given', message = '' } = this.#container(name)?.state.waiting ?? {}
      throw new UsageError(
        `The kubelet has not started ${name} again within ${duration(AGAIN_MS)}: ${reason} ${message}`.trim(),
        'Start a new lab',
      )
    }
    const forward = this.#forward(controlPort(number))
    forward.close()
    await forward.open()
  }

  #container(name: string) {
    const pod = this.#watch?.latest
    return pod === undefined ? undefined : containersOf(pod).find((each) => each.name === name)
  }

  async #setSysctl(host: Host, name: string, value: string | number): Promise<void> {
    const { status, stderr } = await this.#run(host, [
      'sh',
      '-c',
      'printf %s "$1" >"$2"',
      'sh',
      String(value),
      fileOf(name),
    ])
    if (status === 0) return
    const Refusal = NOT_THERE.test(stderr) ? Unsettable : UsageError
    throw new Refusal(`Setting ${name} to ${value} was refused: ${lastLines(stderr)}`)
  }

  /** The container of the clients may enter both network namespaces; it is root in the pod's own user namespace alone. */
  #run(host: Host, command: readonly string[]): Promise<CommandResult> {
    const enter =
      host === 'server' ? [] : ['sh', '-c', 'exec nsenter --net="/proc/$(cat /run/clients)/ns/net" "$@"', 'sh']
    return this.#exec('client', [...enter, ...command])
  }

  #exec(container: string, command: readonly string[]): Promise<CommandResult> {
    return tryKubectl(['exec', this.#name, `--container=${container}`, '--', ...command])
  }

  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    this.#open.dispose()
    await tryKubectl(['delete', 'pod', this.#name, '--ignore-not-found', '--grace-period=1', '--timeout=60s'])
  }
}

const CLOCK_QUESTIONS = 5
/** One clock is read twice within this, however slow the way between. */
const SAME_CLOCK_MS = 50

const fileOf = (sysctl: string): string => `/proc/sys/${sysctl.replaceAll('.', '/')}`
