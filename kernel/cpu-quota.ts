/**
 * A CPU quota for some processes together: a cgroup of our own, in version 1 or 2, whichever has the CPU controller and lets
 * this process make one. cgroups(7); Documentation/scheduler/sched-bwc.rst of the kernel.
 */
import fs from 'node:fs'
import path from 'node:path'
import { ofProcess } from './proc-reading.ts'

/** Where cgroups with a quota can be made: a folder of a hierarchy in which the CPU controller is. */
export interface QuotaPlace {
  version: 1 | 2
  folder: string
}

interface Quota {
  quotaUs: number
  periodUs: number
}

/** The kernel grants no less in a period. */
const LEAST_QUOTA_US = 1000
/** Throttled processes stand still for the rest of a period: the shorter it is, the more this is slowness and not a stall. */
const PERIOD_US = 20_000

/** What the kernel is told for a share of one CPU, in whole per cent from 1: at least a millisecond in each period. */
export const quotaOf = (percent: number): Quota => {
  const periodUs = Math.max(PERIOD_US, Math.ceil((LEAST_QUOTA_US * 100) / percent))
  return { quotaUs: Math.round((periodUs * percent) / 100), periodUs }
}

/**
 * The folders in which this process could make such a cgroup, the nearest first: its own cgroup of version 1, and of version 2
 * those above it, since one with processes may have no controller for what is below. From the texts of /proc/PID/mountinfo and
 * /proc/PID/cgroup; whether a folder has the controller and may be written is still to be seen.
 */
export function quotaPlaces(mountinfo: string, cgroups: string): QuotaPlace[] {
  const own = new Map<string, string>()
  for (const line of cgroups.split('\n')) {
    const [, controllers, where] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers !== undefined && where !== undefined)
      for (const controller of controllers.split(',')) own.set(controller, where)
  }
  const places: QuotaPlace[] = []
  for (const line of mountinfo.split('\n')) {
    const [fields = '', type = ''] = line.split(' - ')
    const [, , , root, mounted] = fields.split(' ')
    const [kind, , options = ''] = type.split(' ')
    if (root === undefined || mounted === undefined) continue
    const folderOf = (where: string | undefined): string | undefined =>
      where === undefined || !isBelow(where, root) ? undefined : path.join(mounted, path.relative(root, where))
    if (kind === 'cgroup' && options.split(',').includes('cpu')) {
      const folder = folderOf(own.get('cpu'))
      if (folder !== undefined) places.unshift({ version: 1, folder })
    }
    if (kind === 'cgroup2')
      for (let folder = folderOf(own.get('')); folder !== undefined; ) {
        places.push({ version: 2, folder })
        folder = folder === mounted ? undefined : path.dirname(folder)
      }
  }
  return places
}

const isBelow = (where: string, root: string): boolean => root === '/' || where === root || where.startsWith(`${root}/`)

/** Where a cgroup of this name can be made now, and what is in the way if it cannot: half a sentence. */
export function findQuotaPlace(name: string): QuotaPlace | string {
  let why: string | undefined
  for (const place of placesHere()) {
    const refused = refusalAt(place, name)
    if (refused === undefined) return place
    why ??= refused
  }
  return why ?? 'no hierarchy of cgroups with a CPU controller is mounted'
}

function placesHere(): QuotaPlace[] {
  const texts = ['mountinfo', 'cgroup'].map((file) => ofProcess(() => fs.readFileSync(`/proc/self/${file}`, 'utf8')))
  const [mountinfo = '', cgroups = ''] = texts
  return quotaPlaces(mountinfo, cgroups)
}

/** Tries it: makes the cgroup and removes it again. */
function refusalAt({ version, folder }: QuotaPlace, name: string): string | undefined {
  const made = path.join(folder, name)
  try {
    if (version === 2 && !controllersBelow(folder).includes('cpu'))
      return 'the CPU controller of cgroups is not enabled for groups below its own'
    fs.accessSync(path.join(folder, 'cgroup.procs'), fs.constants.W_OK)
    fs.mkdirSync(made)
    try {
      return fs.existsSync(quotaFile(version, made)) ? undefined : 'this kernel has no CPU quota (CONFIG_CFS_BANDWIDTH)'
    } finally {
      fs.rmdirSync(made)
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EROFS') return 'its cgroups are mounted read-only'
    return code === 'EACCES' || code === 'EPERM'
      ? 'this user may make no cgroup that has the CPU controller'
      : `no cgroup can be made (${code ?? String(error)})`
  }
}

const controllersBelow = (folder: string): string[] =>
  fs.readFileSync(path.join(folder, 'cgroup.subtree_control'), 'utf8').trim().split(' ')

const quotaFile = (version: QuotaPlace['version'], folder: string): string =>
  path.join(folder, version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max')

/** The cgroup, made when it is first needed. Each method throws what the system says. */
export class CpuQuota {
  readonly #place: QuotaPlace
  readonly #folder: string

  /** `name` is that of the cgroup's folder: nothing else may use it. */
  constructor(place: QuotaPlace, name: string) {
    this.#place = place
    this.#folder = path.join(place.folder, name)
  }

  /** The quota of all in the cgroup together: per cent of one CPU, or undefined for none. */
  set(percent: number | undefined): void {
    fs.mkdirSync(this.#folder, { recursive: true })
    const { quotaUs, periodUs } = percent === undefined ? { quotaUs: undefined, periodUs: PERIOD_US } : quotaOf(percent)
    const file = quotaFile(this.#place.version, this.#folder)
    if (this.#place.version === 2) {
      fs.writeFileSync(file, `${quotaUs ?? 'max'} ${periodUs}`)
      return
    }
    // A quota that is longer than the period of before would be refused on some hosts, and so would one that is too short.
    fs.writeFileSync(file, '-1')
    fs.writeFileSync(path.join(this.#folder, 'cpu.cfs_period_us'), String(periodUs))
    if (quotaUs !== undefined) fs.writeFileSync(file, String(quotaUs))
  }

  /** Puts processes into the cgroup; what they start from then on is in it too. One that has ended meanwhile is passed over. */
  hold(pids: readonly number[]): void {
    for (const pid of pids)
      try {
        fs.writeFileSync(path.join(this.#folder, 'cgroup.procs'), String(pid))
      } catch (error) {
        if (codeOf(error) !== 'ESRCH') throw error
      }
  }

  /** The processes in the cgroup, as this process numbers them. */
  held(): Set<number> {
    return new Set(fs.readFileSync(path.join(this.#folder, 'cgroup.procs'), 'utf8').split('\n').map(Number))
  }
}

/**
 * Removes the cgroup of this name, if there is one. Gives whether there is none any more: one whose processes have not quite
 * ended cannot be removed yet.
 */
export function removeQuota(name: string): boolean {
  for (const { folder } of placesHere())
    try {
      fs.rmdirSync(path.join(folder, name))
    } catch (error) {
      if (codeOf(error) === 'EBUSY') return false
    }
  return true
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
