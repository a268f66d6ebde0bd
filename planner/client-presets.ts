/** How long clients wait that one meets often, as they come. docs/planning.md#who-connects has the pages that say so. */
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
      'People leave after some 10 s (Nielsen Norman Group, Response Times: The 3 Important Limits); Firefox gives up connecting after 90 s (network.http.connection-timeout), Chrome after 4 min (kTransportConnectJobTimeoutInSeconds).',
  },
  alb: {
    connectMs: 10_000,
    answerMs: 60_000,
    source:
      'An Application Load Balancer of AWS tries to connect to a target for 10 s and waits 60 s for its answer (idle_timeout.timeout_seconds; AWS Knowledge Center, HTTP 504 errors of an Application Load Balancer).',
  },
  envoy: {
    connectMs: 5000,
    answerMs: 15_000,
    source:
      'Envoy: connect_timeout of a cluster 5 s (config.cluster.v3.Cluster), timeout of a route 15 s, from the whole request on (its FAQ, How do I configure timeouts?).',
  },
  kubelet: {
    connectMs: 1000,
    answerMs: 1000,
    source:
      'A probe of the kubelet: timeoutSeconds 1, and three failures (failureThreshold) restart the container or take it out of its Service (Kubernetes API, Probe v1).',
  },
  nginx: {
    connectMs: 60_000,
    answerMs: 60_000,
    source:
      'nginx to an upstream: proxy_connect_timeout 60 s, proxy_read_timeout 60 s between two reads, so until the first byte (ngx_http_proxy_module).',
  },
  k6: { connectMs: 60_000, answerMs: 60_000, source: 'k6: timeout of a request 60 s (k6/http, Params).' },
} as const satisfies Record<string, Patience>

export type ClientPreset = keyof typeof clientPresets

/** The same clients with the patience of these. A SYN is sent again for as long as they go on connecting. */
export function withPatience(client: ClientRules, preset: ClientPreset): ClientRules {
  const { connectMs, answerMs } = clientPresets[preset]
  const patient = { ...client, timeoutMs: answerMs }
  const retries = retriesAtMs({ ...patient, timeoutMs: Math.min(connectMs, answerMs) }).length
  return { ...patient, synRetries: Math.min(client.synRetries, retries) }
}
