/** The PromQL that alerts are made of. Series of different hosts, namespaces and listeners never meet. */
import type { Pace } from './spec.ts'

export const by = {
  netns: 'job, instance, netns',
  port: 'job, instance, netns, address, port',
  listener: 'job, instance, netns, address, port, shard',
  unix: 'job, instance, netns, path, shard',
} as const

export const rate = (metric: string, { window }: Pace): string => `rate(${metric}[${window}])`

/** A counter of a namespace that the exporter reads: node_exporter has the same names, and knows no netns. */
export const netstat = (name: string): string => `node_netstat_${name}{netns!=""}`
export const netstatRate = (name: string, pace: Pace): string => rate(netstat(name), pace)

/** The value now, and while scrapes fail the last one before. What an exporter that answers does not show has ended. */
export const lately = (metric: string, { gap }: Pace): string =>
  `(${metric} or (last_over_time(${metric}[${gap}]) unless on (job, instance) up == 1))`

/** What a counter has gained, as whole as the counter is: differences of several counters are exact, those of rates are not. */
export const gained = (metric: string, pace: Pace): string =>
  `(${lately(metric, pace)} - last_over_time(${metric}[${pace.gap}] offset ${pace.window}))`

/** Share of the time in which the queue had no place. */
export const timeFull = (pace: Pace): string =>
  `sum without (fill) (${rate('tcp_listener_accept_queue_at_least_seconds_total{fill="1"}', pace)})`

export const drops = (pace: Pace): string => rate('tcp_listener_drops_total', pace)

/** Listeners that drop, were full themselves, and whose namespace counts overflows: another's reasons are not theirs. */
export const overflowing = (pace: Pace): string =>
  `(${drops(pace)} > 0 and on (${by.listener}) ${timeFull(pace)} > 0 and on (${by.netns}) ${netstatRate('TcpExt_ListenOverflows', pace)} > 0)`

/** Attempts to connect to a namespace: those that were dropped, and those that came in. */
export const attempts = (pace: Pace): string =>
  `(${netstatRate('TcpExt_ListenDrops', pace)} + ${netstatRate('Tcp_PassiveOpens', pace)} > 0)`

/** Which listener has it done, or the namespace alone where no listener can have been it alone. */
export const blame = (events: string, candidates: string): string =>
  `(${candidates} >= on (${by.netns}) group_left () 0.8 * (${events})) or on (${by.netns}) (${events})`

const info = ({ gap }: Pace): string =>
  `(tcp_listener_info or on (${by.listener}) topk by (${by.listener}) (1, last_over_time(tcp_listener_info[${gap}])))`

/** Whose a listener is, as far as the exporter can tell. */
export const whose = 'process, k8s_namespace_name, k8s_pod_name, k8s_container_name'

/** With the labels that say whose it is. */
export const withProcess = (listeners: string, pace: Pace): string =>
  `(${listeners}) * on (${by.listener}) group_left (${whose}) ${info(pace)}`

/** The same for a port: one process stands for all that listen there. */
export const withProcessOfPort = (ports: string, { gap }: Pace): string =>
  `(${ports}) * on (${by.port}) group_left (${whose}) topk by (${by.port}) (1, last_over_time(tcp_listener_info[${gap}]))`

export const filesUsedUp = (pace: Pace): string =>
  `${lately('listener_process_open_fds', pace)} / ${lately('listener_process_max_fds', pace)} > 0.9`
