/** How connections get from the SYN queue to their shard: the pipes to every tank, and what decides. */
import { steeringName } from '#live/names.ts'
import type { PictureState } from '#live/state.ts'
import { svg } from '../page/dom.ts'
import type { Layout } from './layout.ts'

export function steeringWords({ steering, mode, shards }: PictureState): string {
  if (mode !== 'sharded' || shards.length === 1 || steering === undefined) return ''
  return steeringName(steering)
}

/** From the hash table down to every tank; nothing where the tanks stand above it, or there is none. */
export function pipes({ grid, lanes, room, stacked, port }: Layout): SVGGElement {
  const group = svg('g', { class: `pipes ${room}`, 'aria-hidden': 'true' })
  if (stacked || !port) return group
  const y = grid.y + grid.h + 8
  const middles = lanes.map(({ tank }) => tank.x + tank.w / 2)
  const [first = 0, last = first] = [middles[0], middles.at(-1)]
  const busY = y + 14
  group.append(
    svg('path', { d: `M${(first + last) / 2} ${y - 4}V${busY}M${first} ${busY}H${last}` }),
    ...middles.map((x) => svg('path', { d: `M${x} ${busY}V${busY + 14}` })),
    ...(room === 'dense' ? [] : middles).map((x) =>
      svg('path', { class: 'head', d: `M${x - 5} ${busY + 11}l5 7l5 -7z` }),
    ),
  )
  return group
}
