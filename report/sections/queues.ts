import type { Group } from '../group.ts'
import { type Html, html } from '../html.ts'
import { acceptQueues } from './accept-queues.ts'
import { acceptWaits } from './accept-waits.ts'
import { drops } from './drops.ts'
import { laneMeasure, portMeasures, synQueue } from './port-measures.ts'

/** The kernel's queues over time. Queues that stayed empty are left out. */
export function queuesSection(group: Group): Html | undefined {
  const { lanes } = group
  const plots = [
    acceptQueues(lanes),
    acceptWaits(group),
    drops(lanes),
    ...[synQueue, ...portMeasures].map((one) => laneMeasure(lanes, one)),
  ].filter((plot) => plot !== undefined)
  if (plots.length === 0) return undefined
  return html`<section><h2>The kernel’s queues</h2><div class="measures">${plots}</div></section>`
}
