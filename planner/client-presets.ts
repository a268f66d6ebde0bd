/** How long clients wait that one meets often, as they come. */
import { retriesAtMs } from './closed/clients.ts'
import type { ClientRules } from './system.ts'

interface Patience {
  /** Until it gives up connecting, and until it gives up waiting for the answer; both since it began. */
  connectMs: number
  answerMs: number
  /** Where that is written, and what else belongs to it: a sentence. */
  source: string
}

export const clientPresets = {
  browser: {
    connectMs: 90_000,
    answerMs: 10_000,
    source:
      'People leave after some 10 s (nngroup.com, Response Times); Firefox gives up connecting after 90 s (network.http.connection-timeout), Chrome after 4 min.',
  },
  alb: {
    connectMs: 10_000,
    answerMs: 60_000,
    source:
      'An Application Load Balancer of AWS connects to a target for 10 s and waits 60 s for its answer (idle_timeout.timeout_seconds; AWS, Troubleshoot your Application Load Balancers, 504).',
  },
  envoy: {
    connectMs: 5000,
    answerMs: 15_000,
    source: 'Envoy: connect_timeout of a cluster 5 s, timeout of a route 15 s (its FAQ on timeouts).',
  },
  kubelet: {
    connectMs: 1000,
    answerMs: 1000,
    source:
      'A probe of the kubelet: timeoutSeconds 1, and three failures (failureThreshold) restart the container or take it out of its Service (kubernetes.io, Configure Liveness, Readiness and Startup Probes).',
  },
  nginx: {
    connectMs: 60_000,
    answerMs: 60_000,
    source: 'nginx to an upstream: proxy_connect_timeout 60 s, proxy_read_timeout 60 s (ngx_http_proxy_module).',
  },
  k6: { connectMs: 60_000, answerMs: 60_000, source: 'k6: timeout of a request 60 s (its Params).' },
} as const satisfies Record<string, Patience>

export type ClientPreset = keyof typeof clientPresets

/** The same clients with the patience of these. A SYN is sent again for as long as they go on connecting. */
export function withPatience(client: ClientRules, preset: ClientPreset): ClientRules {
  const { connectMs, answerMs } = clientPresets[preset]
  const patient = { ...client, timeoutMs: answerMs }
  const retries = retriesAtMs({ ...patient, timeoutMs: Math.min(connectMs, answerMs) }).length
  return { ...patient, synRetries: Math.min(client.synRetries, retries) }
}
