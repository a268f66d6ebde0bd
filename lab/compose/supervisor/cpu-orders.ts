/**
 * The one order that the supervisor takes: the CPU quota of the server's container, which only the engine can set. Whoever can
 * open the socket can give it, and nothing else.
 */
import fs from 'node:fs'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { quotaOf } from '#kernel/cpu-quota.ts'
import type { CpuShare } from '#services/keeper/api.ts'
import { type Engine, Refused } from './engine.ts'

/** As deploy/compose/your-server.yml calls it. */
const SERVICE = 'server'
const MOST_BYTES = 1000

/** Answers `GET /cpu` and `PUT /cpu` with `{ percent }` at a UNIX socket. `projectOf` gives the compose project, once it is known. */
export function answerCpuOrders(
  socket: string,
  engine: Pick<Engine, 'running' | 'setsQuotas' | 'setQuota'>,
  projectOf: () => string | undefined,
): http.Server {
  fs.rmSync(socket, { force: true }) // of an earlier start
  return http
    .createServer(async (request, response) => {
      const share = await answer(request, engine, projectOf()).catch(
        (error: unknown): CpuShare => ({
          missing: error instanceof Refused ? error.message : 'the engine does not answer',
        }),
      )
      response.setHeader('content-type', 'application/json').end(JSON.stringify(share))
    })
    .listen(socket)
}

async function answer(
  request: http.IncomingMessage,
  engine: Pick<Engine, 'running' | 'setsQuotas' | 'setQuota'>,
  project: string | undefined,
): Promise<CpuShare> {
  if (request.url !== '/cpu') return { missing: 'the supervisor knows no such order' }
  const container = project === undefined ? undefined : await engine.running(project, SERVICE)
  if (container === undefined) return { missing: 'the container of the server does not run' }
  if (!(await engine.setsQuotas())) return { missing: 'this engine can set no CPU quota' }
  const { CpuQuota: quotaUs = 0, CpuPeriod: periodUs = 0 } = container.HostConfig
  if (request.method !== 'PUT')
    return { percent: quotaUs > 0 && periodUs > 0 ? Math.round((100 * quotaUs) / periodUs) : 0 }
  const percent = percentIn(await text(request))
  if (percent === undefined) return { missing: 'the order names no share from 0 to 100 per cent' }
  const quota = quotaOf(percent === 0 ? 100 : percent)
  await engine.setQuota(container.Id, quota.periodUs, percent === 0 ? -1 : quota.quotaUs)
  return { percent }
}

function percentIn(body: string): number | undefined {
  if (body.length > MOST_BYTES) return undefined
  try {
    const { percent } = JSON.parse(body) as { percent?: unknown }
    return Number.isInteger(percent) && Number(percent) >= 0 && Number(percent) <= 100 ? Number(percent) : undefined
  } catch {
    return undefined
  }
}
