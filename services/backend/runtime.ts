import os from 'node:os'
import { UsageError } from '#common/errors.ts'

/** Refuses a system or a Node on which the shared port would silently be something else. */
export function checkRuntime(version = process.versions.node, platform = os.platform()): void {
  if (platform !== 'linux')
    throw new UsageError('The backend needs Linux: it reads its queues from the kernel', 'Use `docker compose up` here')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const oldest = major === 23 ? 1 : 12
  if (major < 22 || (major <= 23 && minor < oldest))
    throw new UsageError(
      `Node ${version} ignores reusePort, so backends cannot share a port`,
      'Use Node 22.12, 23.1 or later',
    )
}
