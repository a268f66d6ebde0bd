/** What an experiment needs and this machine may lack: the reason why it is not judged here. */
import os from 'node:os'
import type { Experiment, Needs, ServerNeed } from '#experiments/vocabulary/experiment.ts'
import { whyWithout } from '#services/exporter/sampler/exact.ts'
import { type Driver, type LabPlan, type ServerPlan, Unsettable } from '../driver.ts'
import type { Lab } from '../lab.ts'
import { mannerOf } from '../manner.ts'
import { hasSysctl, lacks } from '../namespaces/unsettable.ts'

/** What is missing before any lab is started; undefined if nothing is. */
export async function missingBefore(
  { needs = {}, cases }: Pick<Experiment, 'needs' | 'cases'>,
  driver: Driver,
  server?: OwnServerWish,
): Promise<string | undefined> {
  const { namespaces, server: ofServer = [] } = needs
  const untaken = server === undefined ? undefined : missingOf(server, ofServer)
  if (untaken !== undefined) return untaken
  if (namespaces !== undefined && driver.name !== 'namespaces')
    return `it runs only in network namespaces: ${namespaces}`
  // Each of them would be answered with a cookie.
  if (driver.countsItself === true && Object.values(cases).some(({ sysctls = {} }) => Number(sysctls[COOKIES]) === 2))
    return `it does not run with --driver ${driver.name}: with ${COOKIES} = 2 the lab's own requests would count as cookies`
  const lacking = driver.elsewhere === true ? undefined : missingOnThisMachine(needs)
  if (lacking !== undefined) return lacking
  const set = new Set(Object.values(cases).flatMap(({ sysctls = {} }) => Object.keys(sysctls)))
  return unsettableIn(driver, [...set])
}

function missingOnThisMachine({ cores, sysctls = [], root, bpf }: Needs): string | undefined {
  const few = tooFew(cores, os.availableParallelism(), 'this machine')
  if (few !== undefined) return few
  const absent = sysctls.find((name) => !hasSysctl(name))
  if (absent !== undefined) return lacks(absent)
  if (root === true && process.geteuid?.() !== 0) return 'it needs root on the host'
  const refused = bpf === undefined ? undefined : whyWithout(bpf)
  return refused === undefined ? undefined : `it needs BPF. ${refused}`
}

const tooFew = (cores = 1, present: number, machine: string): string | undefined =>
  present < cores ? `it needs ${cores} cores, and ${machine} has ${present}` : undefined

async function unsettableIn(driver: Driver, sysctls: readonly string[]): Promise<string | undefined> {
  try {
    await driver.preflight(sysctls)
    return undefined
  } catch (error) {
    if (error instanceof Unsettable) return error.message
    throw error
  }
}

const COOKIES = 'net.ipv4.tcp_syncookies'

/** A server of somebody's in place of the backends. */
export type OwnServerWish = { server: ServerPlan } & Partial<Pick<LabPlan, 'port' | 'request'>>

/** What only a backend of ours can do, or be. */
const oursAlone: Record<Exclude<ServerNeed, 'one socket' | 'http'>, string> = {
  'slow accept': 'a backend of Spillway, which can be made to accept slowly',
  'never read': 'a backend of Spillway, which can be made not to read',
  close: 'a backend of Spillway, which can close its listener and open it again',
  counts: 'a backend of Spillway, which says what it has accepted and answered',
  backends: 'several backends of Spillway, as its lab has them',
  'sockets of its own': 'no server: it shows sockets that it opens itself',
}

function missingOf({ server: { name }, request }: OwnServerWish, needs: readonly ServerNeed[]): string | undefined {
  for (const need of needs) {
    if (need === 'http' && request !== undefined)
      return `it needs clients that speak HTTP, and ${name} is asked otherwise`
    if (need !== 'http' && need !== 'one socket') return `it needs ${oursAlone[need]}`
  }
  return undefined
}

/**
 * Why what an experiment needs of BPF is not to be had from this lab's exporter, or no longer: its own proof may have failed, or what
 * it watched has contradicted what sock_diag shows. Undefined if it is.
 */
export async function missingExact({ bpf }: Needs = {}, lab: Pick<Lab, 'snapshot'>): Promise<string | undefined> {
  if (bpf === undefined) return undefined
  const why = (await lab.snapshot()).sampler.exactFeatures?.[bpf]
  return typeof why === 'string' ? `it needs BPF, and the exporter of this lab does without. ${why}` : undefined
}

/** What the kernel of this lab lacks; undefined if nothing. */
export async function missingInLab(needs: Needs = {}, lab: Lab): Promise<string | undefined> {
  const inexact = await missingExact(needs, lab)
  if (inexact !== undefined) return inexact
  for (const name of needs.sysctls ?? [])
    if ((await lab.readSysctl(name)) === undefined)
      return `the lab's kernel (${await lab.readSysctl('kernel.osrelease')}) has no sysctl ${name}`
  const few = needs.cores === undefined ? undefined : tooFew(needs.cores, await coresOf(lab), "the lab's machine")
  if (few !== undefined) return few
  for (const name of needs.programs ?? [])
    if (!(await hasProgram(lab, name))) return `it needs the program ${name} on the PATH`
  const { server, backends } = lab.plan
  if (server !== undefined && backends.length !== 1 && needs.server?.includes('one socket') === true)
    return `it needs a server with one socket on its port, and ${server.name} has ${backends.length}`
  if (needs.root === true && (await usersOf(lab)) < 2)
    return 'it needs root on the host: here the lab is a user namespace with only one user'
  return undefined
}

/** Has clients speak as somebody's server answers. Gives why they cannot do what an experiment needs; undefined if they can. */
export async function speakWith(lab: Lab, needs: Needs = {}): Promise<string | undefined> {
  const { server } = lab.plan
  if (server === undefined) return undefined
  const { speaks, answer } = await mannerOf(lab)
  // What was asked beforehand is no part of the experiment, which may count what is left.
  for (const [host, end] of [
    ['server', 'sport'],
    ['client', 'dport'],
  ] as const)
    await lab.run(['ss', '-HKtn', 'state', 'time-wait', `${end} = :${lab.plan.port}`], host).catch(() => {}) // no ss there
  if (needs.server?.includes('http') === true && answer !== 'http')
    return `it needs clients that speak HTTP, and ${server.name} does not answer them in HTTP`
  lab.clients.speak(speaks)
  return undefined
}

/** The CPUs that a process of the lab may use; as many as asked for where it has no program that tells. */
async function coresOf(lab: Lab): Promise<number> {
  const { status, stdout } = await lab.run(['sh', '-c', 'nproc'])
  return status === 0 ? Number(stdout) : Number.POSITIVE_INFINITY
}

async function hasProgram(lab: Lab, name: string): Promise<boolean> {
  const { status } = await lab.run(['sh', '-c', 'command -v "$1"', 'sh', name])
  return status === 0
}

/** How many users there can be in a lab, by the length of its ranges of user ids. */
async function usersOf(lab: Lab): Promise<number> {
  const { stdout } = await lab.run(['cat', '/proc/self/uid_map'])
  const ranges = stdout.trim().split('\n')
  return ranges.reduce((sum, range) => sum + Number(range.trim().split(/\s+/)[2]), 0)
}
