import os from 'node:os'
import { version } from '#common/version.ts'
import type { Machine } from './verdict.ts'

/** The machine that this process runs on. */
export function thisMachine(): Omit<Machine, 'driver'> {
  const [cpu] = os.cpus()
  return {
    kernel: os.release(),
    cores: os.availableParallelism(),
    processor: cpu?.model ?? 'unknown',
    memoryBytes: os.totalmem(),
    node: process.version,
    spillway: version(),
  }
}
