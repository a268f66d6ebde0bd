/** `spillway check`: whether this host turns clients away, which socket, whose, why, and what to type. */
import type { HostEvidence } from '#findings/host/evidence.ts'
import { evidenceOfHost } from '#live/host/evidence.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { type CheckOptions, help, readOptions } from './options.ts'

export async function check(args: string[]): Promise<void> {
  const options = readOptions(args)
  if (options === undefined) {
    process.stdout.write(help)
    return
  }
  const stop = stopOnSignal()
  try {
    const host = await evidenceOf(options, stop.signal)
    const { say } = await sayer()
    process.exitCode = say(host, options) ? 1 : 0
  } catch (error) {
    if (!stop.signal.aborted) throw error
    process.exitCode = 130
  }
}

/** Prometheus and its client are loaded only for those who ask for them. */
async function evidenceOf({ from, namespaces }: CheckOptions, signal: AbortSignal): Promise<HostEvidence> {
  if (from === undefined) return evidenceOfHost({ namespaces, signal, meanwhile: sayer })
  const { evidenceOfPrometheus } = await import('#live/host/from-prometheus.ts')
  const { Prometheus } = await import('#planner/inputs/prometheus.ts')
  const { credentialsFrom } = await import('../plan/credentials.ts')
  return evidenceOfPrometheus(new Prometheus(from.url, credentialsFrom(undefined)), from.rangeMs)
}

const sayer = (): Promise<typeof import('./say.ts')> => import('./say.ts')
