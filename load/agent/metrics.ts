import { Gauge, Registry } from 'prom-client'
import type { LoadRequest } from './api.ts'
import type { Loads } from './loads.ts'

const kinds: LoadRequest['kind'][] = ['connections', 'half-open', 'hold', 'slow-read', 'slow-write', 'handshake']

/** The agent's own metrics: which loads are running, so that boards can mark when each began and ended. */
export function agentMetrics(loads: Loads): Registry {
  const registry = new Registry()
  new Gauge({
    name: 'spillway_load_active',
    help: 'Loads of this kind that are running now',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      const running = loads.runningKinds()
      for (const kind of kinds) this.set({ kind }, running.filter((one) => one === kind).length)
    },
  })
  return registry
}
