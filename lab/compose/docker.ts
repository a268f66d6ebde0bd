/** Runs the docker command, and turns what can go wrong into words. */
import { UsageError } from '#common/errors.ts'
import type { CommandResult } from '../driver.ts'
import { lastLines, tryProgram } from '../program.ts'

/** Runs `docker …` and gives its outcome; a status other than 0 is not an error here. */
export const tryDocker = (args: readonly string[]): Promise<CommandResult> =>
  tryProgram(
    'docker',
    args,
    new UsageError(
      'The docker command is not on the PATH',
      'Install Docker, or use the lab in network namespaces: npm start',
    ),
  )

/** Runs `docker …` and gives what it printed. Throws a UsageError with Docker's own words. */
export async function docker(args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await tryDocker(args)
  if (status === 0) return stdout.trim()
  throw new UsageError(`docker ${args.slice(0, 3).join(' ')} … failed: ${lastLines(stderr)}`, adviceOn(stderr))
}

function adviceOn(complaint: string): string | undefined {
  if (/Pool overlaps|invalid pool request/i.test(complaint))
    return 'Another lab runs in Docker, or a VPN uses 198.18.0.0/15: docker compose down, or set SPILLWAY_HOSTS'
  if (/port is already allocated|address already in use/i.test(complaint))
    return 'Another program uses a port of the lab: docs/containers.md lists the ports, and how to change each'
  if (/Cannot connect to the Docker daemon|permission denied.*docker\.sock/i.test(complaint))
    return 'Start the Docker engine, or join the group that is allowed to use it'
  return undefined
}
