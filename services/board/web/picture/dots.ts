/** Where dots come from, and how many: their number follows the rates of a state. Ornament for `motion.ts` to move. */
import type { PictureState } from '#live/state.ts'
import { droplet } from './drops.ts'
import type { Layout } from './layout.ts'

export interface NewDot {
  x: number
  y: number
  /** Units a second; straight down at an easy pace unless said otherwise. */
  vx?: number
  vy?: number
  /** Where it ends. */
  endY: number
  kind: 'syn' | 'odd' | 'drop'
}

interface Source {
  name: string
  /** Connections, or SYNs, a second that its dots stand for. */
  ratePerSecond: number
  dot(): NewDot
}

export function sourcesOf(state: PictureState, { clients, grid, lanes, stacked }: Layout): Source[] {
  const fromClients = (): Pick<NewDot, 'x' | 'y' | 'endY'> => ({
    x: grid.x + Math.random() * grid.w,
    y: clients.y + clients.h,
    endY: grid.y + 10,
  })
  const { startedPerSecond = 0, synRetransmitsPerSecond = 0, halfOpenPerSecond = 0 } = state.clients ?? {}
  // Where the tanks stand above the clients, nothing falls into them.
  const ways: Source[] = [
    {
      name: 'in',
      ratePerSecond: startedPerSecond + synRetransmitsPerSecond,
      dot: () => ({ ...fromClients(), kind: 'syn' }),
    },
    { name: 'odd', ratePerSecond: halfOpenPerSecond, dot: () => ({ ...fromClients(), kind: 'odd' }) },
  ]
  const sources = stacked ? [] : ways
  for (const [index, { tank }] of lanes.entries()) {
    const shard = state.shards[index]
    if (shard?.state !== 'listening') continue
    const surface = tank.y + tank.h * (1 - Math.min(1, shard.fill))
    sources.push({
      name: `to${index}`,
      ratePerSecond: shard.fill < 1 && !stacked ? (shard.acceptsPerSecond ?? 0) : 0,
      dot: () => ({
        x: tank.x + tank.w / 2,
        y: grid.y + grid.h + 36,
        endY: Math.min(surface, tank.y + 30),
        kind: 'syn',
      }),
    })
    if (shard.fill >= 0.9)
      sources.push({ name: `drop${index}`, ratePerSecond: shard.dropsPerSecond ?? 0, dot: () => droplet(tank) })
  }
  return sources
}
