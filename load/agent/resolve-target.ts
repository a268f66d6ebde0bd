import { lookup } from 'node:dns/promises'
import net from 'node:net'
import type { Target } from './api.ts'
import { RequestError } from './request-error.ts'

/** The target with its name looked up, once: load must not wait for name servers. Throws a RequestError. */
export async function resolveTarget(target: Target): Promise<Target> {
  if (net.isIP(target.host) !== 0) return target
  try {
    const { address } = await lookup(target.host)
    return { host: address, port: target.port }
  } catch {
    const problem = `target.host '${target.host}' is neither an IP address nor a name that can be resolved`
    throw new RequestError(400, problem, 'target.host')
  }
}
