/** Holds a server to a share of a CPU: by a cgroup of its own, or in containers through the lab's supervisor. */
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { UsageError } from '#common/errors.ts'
import type { ListenTarget } from '#common/parse.ts'
import { reasonOf } from '#common/system-errors.ts'
import { eventually } from '#common/waiting.ts'
import { CpuQuota, findQuotaPlace } from '#kernel/cpu-quota.ts'
import type { CpuShare } from './api.ts'

/** Who can do it. */
export interface Cpu {
  /** What is in force now, or why nothing can be. */
  readonly share: CpuShare
  /** All processes together get no more than `percent` per cent of one CPU from now on; 0: as much as there is. */
  hold(percent: number): Promise<void>
  /** The same for a server that was started since. */
  follow(): Promise<void>
}

/** A cgroup of the name, which is this lab's alone; `pids` gives the server's processes. */
export function ownCpu(name: string, pids: () => readonly number[]): Cpu {
  const place = findQuotaPlace(name)
  return typeof place === 'string' ? noCpu(place) : new OwnCpu(new CpuQuota(place, name), pids)
}

/** Where nobody can. */
export const noCpu = (missing: string): Cpu => ({
  share: { missing },
  hold: async () => {
    throw new UsageError(`A CPU quota cannot be set here: ${missing}`)
  },
  follow: async () => {},
})

class OwnCpu implements Cpu {
  #percent = 0
  readonly #quota: CpuQuota
  readonly #pids: () => readonly number[]

  constructor(quota: CpuQuota, pids: () => readonly number[]) {
    this.#quota = quota
    this.#pids = pids
  }

  get share(): CpuShare {
    return { percent: this.#percent }
  }

  async hold(percent: number): Promise<void> {
    if (percent === this.#percent) return
    try {
      this.#quota.set(percent === 0 ? undefined : percent)
    } catch (error) {
      throw refused(error)
    }
    this.#percent = percent
    await this.follow()
  }

  /** One may have been started by another while that was being moved. */
  async follow(): Promise<void> {
    if (this.#percent === 0) return
    const all = (): boolean => {
      try {
        const held = this.#quota.held()
        const outside = this.#pids().filter((pid) => !held.has(pid))
        this.#quota.hold(outside)
        return outside.length === 0
      } catch (error) {
        throw refused(error)
      }
    }
    await eventually('its processes are held to their CPU quota', all, Boolean, {
      everyMs: 5,
      endsIt: (error) => error instanceof UsageError,
    })
  }
}

const refused = (error: unknown): UsageError =>
  new UsageError(`The CPU quota could not be set: ${reasonOf(error) ?? String(error)}`)

/** How often the supervisor is asked what is in force: it may come later, or go. */
const ASK_MS = 2000

/** The supervisor of a lab in containers, which has the engine set the quota of the server's container. */
export class SupervisedCpu implements Cpu {
  #share: CpuShare = { missing: 'the supervisor of the lab does not answer' }
  readonly #supervisor: ListenTarget

  constructor(supervisor: ListenTarget) {
    this.#supervisor = supervisor
    void this.#ask()
    setInterval(() => void this.#ask(), ASK_MS).unref()
  }

  get share(): CpuShare {
    return this.#share
  }

  async hold(percent: number): Promise<void> {
    if ('missing' in this.#share) throw new UsageError(`A CPU quota cannot be set here: ${this.#share.missing}`)
    this.#share = await this.#request('PUT', { percent })
    if ('missing' in this.#share) throw new UsageError(`The CPU quota could not be set: ${this.#share.missing}`)
  }

  /** A container that is started again keeps its quota. */
  async follow(): Promise<void> {}

  async #ask(): Promise<void> {
    this.#share = await this.#request('GET')
  }

  async #request(method: 'GET' | 'PUT', body?: { percent: number }): Promise<CpuShare> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const there =
      'path' in this.#supervisor
        ? { socketPath: this.#supervisor.path }
        : { host: this.#supervisor.host, port: this.#supervisor.port }
    const request = http.request({ ...there, method, path: '/cpu', headers: { 'content-type': 'application/json' } })
    request.once('response', resolve).once('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
    try {
      return JSON.parse(await text(await promise))
    } catch {
      return { missing: 'the supervisor of the lab does not answer' }
    }
  }
}
