import os from 'node:os'
import { version } from '#common/version.ts'
import type { Lab } from '../lab.ts'
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

/** The machine on which a lab runs that is elsewhere, as its own files tell. */
export async function machineOf(
  lab: Pick<Lab, 'run'>,
): Promise<Pick<Machine, 'kernel' | 'cores' | 'processor' | 'memoryBytes'>> {
  const { stdout } = await lab.run(['cat', '/proc/sys/kernel/osrelease', '/proc/cpuinfo', '/proc/meminfo'])
  const [kernel = 'unknown'] = stdout.split('\n', 1)
  return {
    kernel,
    cores: stdout.match(/^processor\s*:/gm)?.length ?? 0,
    processor: /^model name\s*: (.*)$/m.exec(stdout)?.[1] ?? 'unknown',
    memoryBytes: Number(/^MemTotal:\s*(\d+) kB$/m.exec(stdout)?.[1]) * 1024,
  }
}
