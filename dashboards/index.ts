/** The boards. `queues` is Grafana's home board. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { connections } from './connections.ts'
import { exporter } from './exporter.ts'
import { handshake } from './handshake.ts'
import { listeners } from './listeners.ts'
import { queues } from './queues.ts'

/** Each board by the name of its file in json/. */
export const boards: ReadonlyMap<string, Dashboard> = new Map(
  [queues, listeners, connections, handshake, exporter].map((spec) => [spec.name, board(spec)]),
)
