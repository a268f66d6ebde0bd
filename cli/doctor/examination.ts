/** Everything that a lab needs of a machine, looked at in order; and what comes of it in words. */
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicMs } from '#common/clock.ts'
import { UsageError } from '#common/errors.ts'
import { LagMeter } from '#common/lag.ts'
import { duration, plural } from '#common/quantities.ts'
import { thisMachine } from '#lab/experiment/machine.ts'
import { Lab } from '#lab/lab.ts'
import { namespaces } from '#lab/namespaces/driver.ts'
import { lookAtPorts, type PortFound } from './ports.ts'
import { type Power, powerOf } from './power.ts'

/** What was found. What was not looked at, because something before it is missing, is null. */
export interface Examination {
  kernel: string
  cores: number
  node: string
  processor: string
  memoryBytes: number
  power: Power
  ports: PortFound[]
  /** How late a timer was at worst, while this machine was left alone for a second. */
  latenessMs: number
  /** How many processes wanted to run, on average over the last minute. */
  load: number
  /** How long a small lab took to start. */
  labStartMs: number | null
  /** The first thing that is missing. */
  missing: { problem: string; remedy: string } | null
}

const QUIET_MS = 1000
/** Beyond this a measured time says as much about the machine as about the kernel. */
const LATE_MS = 20
const LEAST_CORES = 2

/** Looks at everything; `onProgress` hears what at. The lab that it starts is gone when it returns. */
export async function examine(signal: AbortSignal, onProgress: (text: string) => void): Promise<Examination> {
  const { kernel, cores, node, processor, memoryBytes } = thisMachine()
  onProgress('Looking at the ports …')
  const ports = await lookAtPorts()
  onProgress('Measuring how late a timer is …')
  const latenessMs = await lateness(signal)
  const [load = 0] = os.loadavg()
  const machine = { kernel, cores, node, processor, memoryBytes, power: powerOf() }
  const found = { ...machine, ports, latenessMs, load, labStartMs: null }
  const lacking = missingPort(ports)
  try {
    await namespaces.preflight()
    if (lacking !== undefined) return { ...found, missing: lacking }
    return { ...found, labStartMs: await startOnce(signal, onProgress), missing: null }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { ...found, missing: { problem: error.message, remedy: error.remedy ?? '' } }
  }
}

async function lateness(signal: AbortSignal): Promise<number> {
  using meter = new LagMeter()
  await sleep(QUIET_MS, undefined, { signal })
  return meter.worstMs
}

async function startOnce(signal: AbortSignal, onProgress: (text: string) => void): Promise<number> {
  const beganMs = monotonicMs()
  await using lab = await Lab.start({ backends: [{ backlog: 8 }], signal, onProgress })
  const tookMs = monotonicMs() - beganMs
  lab.over.throwIfAborted()
  return tookMs
}

function missingPort(ports: readonly PortFound[]): Examination['missing'] | undefined {
  const taken = ports.find(({ needed, free }) => needed && !free)
  if (taken === undefined) return undefined
  return {
    problem: `127.0.0.1:${taken.port} is taken by another process, and ${taken.what} would be served there`,
    remedy: `Stop it (\`ss -Hltnp sport = :${taken.port}\` names it; it may be another Spillway), or choose other ports: spillway up --help`,
  }
}

/** The line to read out. */
export function lineOf({ missing, cores, latenessMs, kernel }: Examination): string {
  if (missing !== null) return `not ready: ${missing.problem}`
  return `ready: ${plural(cores, 'core')}, lateness ${duration(latenessMs)}, Linux ${shortRelease(kernel)}`
}

/** `6.8.0-45-generic` is 6.8. */
const shortRelease = (release: string): string => /^\d+\.\d+/.exec(release)?.[0] ?? release

/** What is not missing and yet worth knowing before a workshop, a sentence each. */
export function notesOf({ cores, latenessMs, load, power, ports }: Examination): string[] {
  const { battery, frequency } = power
  const taken = ports.filter(({ needed, free }) => !needed && !free)
  return [
    ...(cores < LEAST_CORES ? ['One core is few: experiments that compare processes are not judged here'] : []),
    ...(latenessMs > LATE_MS
      ? [`A timer was ${duration(latenessMs)} late: close what keeps this machine busy, or times are not judged`]
      : []),
    ...(battery?.discharging === true
      ? [
          `It runs on its battery${battery.percent === null ? '' : ` (${battery.percent} %)`}: plug it in, or it slows down`,
        ]
      : []),
    ...(frequency !== null && frequency.nowGigahertz < frequency.mostGigahertz / 2
      ? [
          `Its first core runs at ${frequency.nowGigahertz.toFixed(1)} of ${frequency.mostGigahertz.toFixed(1)} GHz${frequency.governor === null ? '' : ` (${frequency.governor})`}`,
        ]
      : []),
    ...taken.map(({ port, what }) => `127.0.0.1:${port} is taken: it matters only for ${what}`),
    ...(load > cores ? [`${load.toFixed(1)} processes on average want to run on ${plural(cores, 'core')}`] : []),
  ]
}
