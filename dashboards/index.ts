/** The boards. `fleet` is the operators' home, `queues` that of the lab's Grafana. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { connections } from './connections.ts'
import { exporter } from './exporter.ts'
import { fleet } from './fleet.ts'
import { handshake } from './handshake.ts'
import { listener } from './listener.ts'
import { queues } from './queues.ts'

/** Each board by the name of its file in json/. */
export const boards: ReadonlyMap<string, Dashboard> = new Map(
  [fleet, queues, listener, connections, handshake, exporter].map((spec) => [spec.name, board(spec)]),
)
