/** What more than one board shows. */
import { levels, unit } from './common.ts'
import type { PanelSpec } from './panels.ts'
import { fill, fullestListeners, fullestPorts, lately, named, peakFill, up } from './select.ts'

/** Exporters that answer, and those that do not. */
export const answering = {
  title: 'Exporters',
  means: 'Exporters whose last scrape succeeded, and those whose did not.',
  worry: 'Any that does not answer: nothing is known about that host.',
  limits: 'Those that have answered in the time shown, and all targets of a job in which only exporters answer.',
  unit: unit.count,
  levels: levels.needed,
  empty: 'none known',
  queries: [
    [`sum(${up})`, 'answer'],
    [`count(${up} == 0) or sum(${up}) * 0`, 'do not', 'missed'],
  ],
} satisfies PanelSpec

/** Half-open requests, their peak and limit. */
export const synQueueLines: PanelSpec['queries'] = [
  [fullestPorts(2, lately('tcp_port_syn_queue_length')), `length ${named.port}`],
  [fullestPorts(2, lately('tcp_port_syn_queue_peak')), `peak ${named.port}`],
  [fullestPorts(2, lately('tcp_port_syn_queue_limit')), `limit ${named.port}`, 'limit'],
]

/** How full the fullest accept queues are, and were at their peaks. */
export const fillLines: PanelSpec['queries'] = [
  [fullestListeners(6, fill), named.listener],
  [fullestListeners(6, peakFill), `${named.listener} peak`, 'peak'],
]
