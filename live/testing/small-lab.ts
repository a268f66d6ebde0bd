/** A lab of a real load agent and real backends on loopback, for tests of orders: no namespaces, nobody who watches. */
import { httpServer, listenOn } from '#common/http.ts'
import type { ListenTarget } from '#common/parse.ts'
import type { StartedServices } from '#lab/driver.ts'
import { Lab } from '#lab/lab.ts'
import { startAgent } from '#load/agent/agent.ts'
import { startBackend } from '#services/backend/testing/started.ts'

export interface SmallLab extends AsyncDisposable {
  /** The same lab as another process sees it. */
  attach(): Promise<Lab>
  /** The agent's own list of those that run: label and amount. */
  running(): Promise<{ label: string | undefined; amount: number | undefined }[]>
}

const nowhere = { host: '127.0.0.1', port: 0 }

export async function startSmallLab(): Promise<SmallLab> {
  await using stack = new AsyncDisposableStack()
  const backend = stack.use(await startBackend({ backlog: 64 }))
  const agent = stack.use(await startAgent({ listen: nowhere }))
  const exporter = httpServer()
  stack.defer(() => exporter.close())
  exporter.get('/health', () => ({ healthy: true }))
  const targets = { exporter: await listenOn(exporter, nowhere), backends: [backend.control], agent: agent.listen }
  const attach = (): Promise<Lab> => attachTo(targets, backend.port)
  const own = await attach()
  const started = stack.move()
  return {
    attach,
    running: async () =>
      (await own.clients.reports())
        .filter(({ state }) => state === 'running')
        .map(({ label, amount }) => ({ label, amount })),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

interface Targets {
  exporter: ListenTarget
  backends: ListenTarget[]
  agent: ListenTarget
}

function attachTo(targets: Targets, port: number): Promise<Lab> {
  const no = (): never => {
    throw new Error('This lab cannot do that')
  }
  const services: StartedServices = {
    ...targets,
    killBackend: no,
    startBackend: no,
    setSysctl: no,
    readSysctl: async () => undefined,
    run: no,
    log: () => [],
    lost: new Promise(() => {}),
    onEnded: () => {},
    stop: async () => {},
  }
  const paces = { sampleIntervalMs: 10, synIntervalMs: 100, connectionsIntervalMs: 1000, cpuShare: 0.02 }
  const backends = [{ backlog: 64, workers: 1 }]
  const plan = {
    mode: 'single',
    address: '127.0.0.1',
    port,
    backends,
    sysctls: {},
    ...paces,
    peakWindowMs: 1000,
  } as const
  return Lab.attach(plan, services, AbortSignal.timeout(10_000))
}
