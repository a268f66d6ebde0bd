/** A tank of its own for the presenter's view: drawn by what draws those of the picture, without their figures. */
import type { ShardView } from '#live/state.ts'
import { svg } from '../page/dom.ts'
import { Accepts } from '../picture/accepts.ts'
import type { Age } from '../picture/ages.ts'
import { Drops, fallGradient, spills } from '../picture/drops.ts'
import { layoutOf } from '../picture/layout.ts'
import { Tank } from '../picture/tank.ts'

const layout = {
  area: { x: 0, y: 0, w: 400, h: 440 },
  tank: { x: 40, y: 40, w: 260, h: 340 },
  processes: [{ x: 100, y: 430, w: 140, h: 10 }],
}
/** Identities of gradients and clips are the page's: the picture's tank of this shard has another. */
const OTHER_THAN_IN_PICTURE = 100_000

export class LargeTank {
  readonly shard: number
  readonly elements: readonly SVGElement[]
  readonly #tank: Tank
  readonly #drops: Drops
  readonly #accepts: Accepts

  constructor(shard: number) {
    this.shard = shard
    this.#tank = new Tank(OTHER_THAN_IN_PICTURE + shard, layout.tank, 'wide', 0)
    this.#drops = new Drops(layout, layoutOf(1000, [1]))
    this.#accepts = new Accepts(layout)
    this.elements = [
      svg('defs', {}, fallGradient('large-fall')),
      svg('g', { class: 'large-lane' }, ...this.#tank.vessel, this.#drops.fall, ...this.#accepts.elements),
    ]
  }

  draw(shard: ShardView, age: Age | undefined, overflowing: boolean): void {
    this.#tank.draw(shard, age)
    this.#drops.draw(shard, spills(shard, overflowing))
    this.#accepts.draw(shard)
  }
}
